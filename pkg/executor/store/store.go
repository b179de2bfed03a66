// Package store moves artifacts between the stores that keep them and the files of a pod: it knows how they are archived,
// and tries again what may succeed later. Content flows through it in constant memory.
package store

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// Store is the way to the stores of artifacts.
type Store struct {
	// Open returns the driver for a location.
	Open func(ctx context.Context, l *wfv1.ArtifactLocation) (artifact.Driver, error)
	// Backoff is how often and after which pauses to try again.
	Backoff wait.Backoff
	// Clock measures the pauses.
	Clock clock.Clock
	// Temporary is a directory for what cannot be streamed.
	Temporary string
	// Log notes what is tried again.
	Log func(format string, args ...any)
}

// InPod is the way for a process in a pod: the Secrets that locations refer to are mounted as files.
func InPod() Store {
	return Store{
		Open: func(ctx context.Context, l *wfv1.ArtifactLocation) (artifact.Driver, error) {
			return artifact.New(ctx, l, artifact.Files{})
		},
		Backoff:   backoffFrom(os.Getenv),
		Clock:     clock.RealClock{},
		Temporary: os.TempDir(),
		Log:       func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
}

// backoffFrom is the usual backoff, or what the environment says (EXE-10).
func backoffFrom(getenv func(string) string) wait.Backoff {
	backoff := artifact.Backoff
	if d, err := time.ParseDuration(getenv("EXECUTOR_RETRY_BACKOFF_DURATION")); err == nil && d > 0 {
		backoff.Duration = d
	}
	scan(getenv("EXECUTOR_RETRY_BACKOFF_FACTOR"), &backoff.Factor)
	scan(getenv("EXECUTOR_RETRY_BACKOFF_JITTER"), &backoff.Jitter)
	steps := float64(backoff.Steps)
	scan(getenv("EXECUTOR_RETRY_BACKOFF_STEPS"), &steps)
	backoff.Steps = int(steps)
	return backoff
}

func scan(text string, into *float64) {
	var v float64
	if _, err := fmt.Sscan(text, &v); err == nil && v >= 0 {
		*into = v
	}
}

// try calls f until it succeeds, fails for good or has been called often enough.
func (s Store) try(ctx context.Context, f func() error) error {
	backoff := s.Backoff
	for {
		err := f()
		if err == nil || !artifact.Transient(err) || ctx.Err() != nil || backoff.Steps <= 1 {
			return err
		}
		pause := backoff.Step()
		if s.Log != nil {
			s.Log("will try again in %v: %v", pause, err)
		}
		timer := s.Clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C():
		}
	}
}
