package wait

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

type everyReport chan *report.Result

func (e everyReport) Report(_ context.Context, r *report.Result) error {
	e <- r
	return nil
}

// EXE-12: the last valid line is told while main runs, and once more with the end; the last report is the final one.
func TestProgressIsTold(t *testing.T) {
	shared := t.TempDir()
	dir := volume.Of(shared, "main")
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	lock, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(shared, task.ProgressFile)
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sent, ended := make(everyReport, 1), make(chan error, 1)
	write("nonsense\n1/9\n 2/9 \n10/9\n")
	go func() {
		ended <- Main(context.Background(), &task.Task{Progress: true}, Options{Shared: shared, Reporter: sent, Pace: Pace{Read: time.Millisecond, Tell: time.Millisecond}})
	}()
	if r := <-sent; r.Progress != "2/9" || r.Final || r.Outputs != nil {
		t.Errorf("%+v", r)
	}
	write("3/9")
	if r := <-sent; r.Progress != "3/9" || r.Final {
		t.Errorf("%+v", r)
	}
	write("9/9")
	lock.Close()
	for r := range sent {
		if r.Progress != "9/9" {
			t.Errorf("%+v", r)
		}
		if r.Final {
			break
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPace(t *testing.T) {
	env := map[string]string{"ARGO_PROGRESS_FILE_TICK_DURATION": "1s", "ARGO_PROGRESS_PATCH_TICK_DURATION": "0"}
	if p := PaceFrom(func(n string) string { return env[n] }); p.Read != time.Second || p.Tell >= 0 {
		t.Errorf("%+v", p)
	}
	if p := PaceFrom(func(string) string { return "soon" }); p.Read != defaultReadEvery || p.Tell != defaultTellEvery {
		t.Errorf("%+v", p)
	}
}
