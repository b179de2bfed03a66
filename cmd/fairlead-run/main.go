// Command fairlead-run runs the user's command in a container whose outputs are collected:
// fairlead-run CONTAINER -- COMMAND [ARGUMENT...].
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"fairlead.dev/fairlead/pkg/executor/run"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

func main() {
	runtime.LockOSThread()
	if len(os.Args) < 3 || os.Args[2] != "--" {
		fmt.Fprintln(os.Stderr, "usage: fairlead-run CONTAINER -- COMMAND [ARGUMENT...]")
		os.Exit(run.ExitBeforeMain)
	}
	os.Exit(run.Main(os.Args[3:], run.Options{
		Shared:         task.SharedDir,
		Container:      os.Args[1],
		Ended:          volume.Announced(filepath.Join(task.EndedDir, task.EndedFile)),
		TerminationLog: "/dev/termination-log",
	}))
}
