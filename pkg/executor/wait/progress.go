package wait

import (
	"context"
	"strings"
	"time"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

const (
	// maxProgressBytes is how much is read of the file in which main says how far it is.
	maxProgressBytes = 1 << 20
	defaultReadEvery = 3 * time.Second
	defaultTellEvery = time.Minute
)

// Pace is how often the progress of main is read from its file and told to the server; zero: every 3 seconds, and at most
// once a minute (EXE-12).
type Pace struct{ Read, Tell time.Duration }

// PaceFrom reads the environment. A duration of 0 there means never.
func PaceFrom(getenv func(string) string) Pace {
	p := Pace{Read: defaultReadEvery, Tell: defaultTellEvery}
	for variable, into := range map[string]*time.Duration{"ARGO_PROGRESS_FILE_TICK_DURATION": &p.Read, "ARGO_PROGRESS_PATCH_TICK_DURATION": &p.Tell} {
		if d, err := time.ParseDuration(getenv(variable)); err == nil && d >= 0 {
			if *into = d; d == 0 {
				*into = -1
			}
		}
	}
	return p
}

// tellProgress reports the progress of main until the returned function is called, which gives the last progress there was.
// The first is told at once, later ones not too often.
func (o Options) tellProgress(ctx context.Context, t *task.Task) func() wfv1.Progress {
	if !t.Progress || o.Pace.Read < 0 || o.Pace.Tell < 0 {
		return func() wfv1.Progress { return "" }
	}
	read, tell := o.Pace.Read, o.Pace.Tell
	if read == 0 {
		read = defaultReadEvery
	}
	if tell == 0 {
		tell = defaultTellEvery
	}
	ctx, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(read)
		defer ticker.Stop()
		var told wfv1.Progress
		var next time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticker.C:
				p := readProgress(o.Shared)
				if p == "" || p == told || now.Before(next) {
					continue
				}
				result := &report.Result{
					APIGroup: t.APIGroup, Namespace: t.Namespace, Name: t.NodeID, Workflow: t.Workflow, Ordinal: t.Ordinal, Progress: string(p),
				}
				if o.Reporter.Report(ctx, result) == nil {
					told = p
				}
				next = now.Add(tell)
			}
		}
	}()
	return func() wfv1.Progress {
		stop()
		<-over
		return readProgress(o.Shared)
	}
}

// readProgress is the last line of main's file that is a progress; empty when there is none.
func readProgress(shared string) wfv1.Progress {
	text := volume.Read(volume.In(shared), task.ProgressFile, maxProgressBytes).Content
	var last wfv1.Progress
	for line := range strings.Lines(text) {
		if p, ok := wfv1.ParseProgress(strings.TrimSpace(line)); ok {
			last = p
		}
	}
	return last
}
