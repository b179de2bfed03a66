// Command fairlead-executor is what the containers `init` and `wait` of a pod run: fairlead-executor init, and
// fairlead-executor wait. It has drivers for the stores of artifacts that need little code.
package main

import (
	_ "fairlead.dev/fairlead/pkg/artifact/basic"
	"fairlead.dev/fairlead/pkg/executor/app"
)

func main() { app.Main() }
