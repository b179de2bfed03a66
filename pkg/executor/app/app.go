// Package app is what fairlead-executor and fairlead-executor-cloud have in common, which is everything but the drivers for
// stores of artifacts that are linked into them.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/stage"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
	"fairlead.dev/fairlead/pkg/executor/wait"
)

// credentials is where Kubernetes programs expect their token.
const credentials = "/var/run/secrets/kubernetes.io/serviceaccount"

// memoryTarget is what the garbage collector tries to stay below, in bytes. Content of any size flows through with less.
const memoryTarget = 40 << 20

// commands are what the program can be asked to do, by its arguments.
var commands = map[string]func(arguments []string) error{
	"init":     func([]string) error { return prepare() },
	"wait":     func([]string) error { return collect() },
	"artifact": deleteArtifacts,
}

// Add gives the program one more thing that it can be asked to do. It is for what only one of the programs has.
func Add(name string, command func(arguments []string) error) { commands[name] = command }

// Main is the whole program; it does not return.
func Main() {
	debug.SetMemoryLimit(memoryTarget)
	err := errors.New("usage: " + filepath.Base(os.Args[0]) + " init | wait")
	if len(os.Args) > 1 {
		if command, ok := commands[os.Args[1]]; ok {
			err = command(os.Args[2:])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		// Kubernetes puts this into the status of the container, and the controller from there into the node.
		_ = os.WriteFile("/dev/termination-log", []byte(err.Error()), 0)
		os.Exit(1)
	}
	os.Exit(0)
}

func prepare() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return stage.Main(ctx, stage.Options{
		Shared:    task.SharedDir,
		Wrapper:   filepath.Join(filepath.Dir(self), task.Wrapper),
		Script:    task.ScriptFile,
		Getenv:    os.Getenv,
		Artifacts: store.InPod(),
	})
}

func collect() error {
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	work, err := task.Read(os.Getenv)
	if err != nil {
		return err
	}
	client, err := report.NewInClusterClient(credentials, os.Getenv)
	if err != nil {
		return err
	}
	client.Log = func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	return wait.Main(context.Background(), work, wait.Options{
		Shared: task.SharedDir, Mirror: task.MirrorDir, Terminated: terminated.Done(), Reporter: client, Artifacts: store.InPod(),
		Ended: volume.Announced(filepath.Join(task.EndedDir, task.EndedFile)), Pace: wait.PaceFrom(os.Getenv),
	})
}
