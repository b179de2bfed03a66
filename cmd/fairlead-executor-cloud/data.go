package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/data"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// credentials is where Kubernetes programs expect their token.
const credentials = "/var/run/secrets/kubernetes.io/serviceaccount"

// transform is main of a data template. It is here because its data may come from any store, and because it brings the
// language of the expressions along.
func transform([]string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	work, err := task.Read(os.Getenv)
	if err != nil {
		return err
	}
	reporter, err := report.ByMain(work, credentials, os.Getenv, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return err
	}
	return data.Main(ctx, data.Options{
		Task: work, Getenv: os.Getenv, Reporter: reporter,
		List: func(ctx context.Context, a *wfv1.Artifact) ([]artifact.Object, error) {
			s := store.InPod()
			driver, err := s.Open(ctx, &a.ArtifactLocation)
			if err != nil {
				return nil, err
			}
			return artifact.Retry(driver, s.Backoff, s.Clock, func(err error) { s.Log("%v", err) }).List(ctx, a, 0)
		},
	})
}
