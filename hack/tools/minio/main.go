// Command minio is MinIO's server, built from its Go module for tests. It is a program of its own and in a module of its
// own: nothing of Fairlead links it (its licence is the AGPL 3.0).
package main

import (
	"os"

	minio "github.com/minio/minio/cmd"
)

func main() {
	minio.Main(os.Args)
}
