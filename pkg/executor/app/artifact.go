package app

import (
	"context"
	"errors"
	"os/signal"
	"slices"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/remove"
)

// deleteArtifacts deletes the artifacts that the pod was given a list of.
func deleteArtifacts(arguments []string) error {
	if !slices.Equal(arguments, []string{"delete"}) {
		return errors.New("usage: artifact delete")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return remove.Main(ctx, remove.InPod())
}
