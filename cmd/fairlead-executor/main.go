// Command fairlead-executor is what the containers `init` and `wait` of a pod run: fairlead-executor init, and
// fairlead-executor wait.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/stage"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/wait"
)

// credentials is where Kubernetes programs expect their token.
const credentials = "/var/run/secrets/kubernetes.io/serviceaccount"

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "init":
		err = prepare()
	case len(os.Args) == 2 && os.Args[1] == "wait":
		err = collect()
	default:
		err = fmt.Errorf("usage: fairlead-executor init | wait")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		// Kubernetes puts this into the status of the container, and the controller from there into the node.
		_ = os.WriteFile("/dev/termination-log", []byte(err.Error()), 0)
		os.Exit(1)
	}
}

func prepare() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return stage.Main(stage.Options{
		Shared:  task.SharedDir,
		Wrapper: filepath.Join(filepath.Dir(self), task.Wrapper),
		Script:  task.ScriptFile,
		Getenv:  os.Getenv,
	})
}

func collect() error {
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	work, err := task.Decode(os.Getenv(task.Env))
	if err != nil {
		return err
	}
	client, err := report.NewInClusterClient(credentials, os.Getenv)
	if err != nil {
		return err
	}
	client.Log = func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	return wait.Main(context.Background(), work, wait.Options{
		Shared: task.SharedDir, Mirror: task.MirrorDir, Terminated: terminated.Done(), Reporter: client,
	})
}
