// Command fairlead-resource is the main container of the pods of resource templates: fairlead-resource ACTION.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/resource"
	"fairlead.dev/fairlead/pkg/executor/task"
)

const (
	// credentials is where Kubernetes programs expect their token.
	credentials = "/var/run/secrets/kubernetes.io/serviceaccount"
	// exitFailure is the exit code of our programs in pods for a failure of theirs.
	exitFailure = 64
	// exitStopped is the exit code of a program that was asked to end.
	exitStopped = 128 + int(syscall.SIGTERM)
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := run(ctx)
	switch {
	case err == nil:
		return
	case errors.Is(err, context.Canceled):
		os.Exit(exitStopped)
	}
	fmt.Fprintln(os.Stderr, err)
	// Kubernetes puts this into the status of the container, and the controller from there into the node.
	_ = os.WriteFile("/dev/termination-log", []byte(err.Error()), 0)
	os.Exit(exitFailure)
}

func run(ctx context.Context) error {
	work, err := task.Read(os.Getenv)
	if err != nil {
		return err
	}
	// What kubectl takes for the namespace of objects that name none.
	if err := os.Setenv("POD_NAMESPACE", work.Namespace); err != nil {
		return err
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	finder, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	log := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	reporter, err := report.ByMain(work, credentials, os.Getenv, log)
	if err != nil {
		return err
	}
	action := ""
	if len(os.Args) > 1 {
		action = os.Args[1]
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(finder))
	return resource.Main(ctx, resource.Options{
		Action: action, Task: work, Getenv: os.Getenv, Temp: os.TempDir(), Reporter: reporter, Stdout: os.Stdout, Log: log,
		Kubectl: &resource.Kubectl{Temp: os.TempDir(), Stderr: os.Stderr},
		Objects: resource.ObjectsOf(mapper, work.Namespace, func(m *meta.RESTMapping, namespace string) resource.Objects {
			if namespace == "" {
				return client.Resource(m.Resource)
			}
			return client.Resource(m.Resource).Namespace(namespace)
		}),
	})
}
