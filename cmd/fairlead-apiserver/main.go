// Command fairlead-apiserver serves the workflow API as an aggregated API server of Kubernetes.
package main

import (
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewCommand(genericapiserver.SetupSignalContext())))
}
