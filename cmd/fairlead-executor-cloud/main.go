// Command fairlead-executor-cloud is fairlead-executor for pods whose artifacts are in stores with large client libraries:
// Google Cloud Storage, Azure, Alibaba Cloud OSS, HDFS. It has drivers for all stores.
package main

import (
	_ "fairlead.dev/fairlead/pkg/artifact/all"
	"fairlead.dev/fairlead/pkg/executor/app"
)

func main() {
	app.Add("data", transform)
	app.Main()
}
