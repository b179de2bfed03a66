package wait

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

type recorder struct {
	got *report.Result
	err error
}

func (r *recorder) Report(_ context.Context, result *report.Result) error {
	r.got = result
	return r.err
}

func text(s string) *string { return &s }

// PRM-05, PRM-11, PRM-14, EXE-02: what main left becomes the outputs; what is missing is an error only if main succeeded.
func TestCollect(t *testing.T) {
	declared := json.RawMessage(`{"name":"sum","valueFrom":{"path":"/tmp/sum"},"globalName":"total"}`)
	one := []task.Parameter{{Name: "sum", Path: "/tmp/sum", Declared: declared}}
	defaulted := []task.Parameter{{Name: "sum", Path: "/tmp/sum", Declared: declared, Default: text("")}}
	cases := map[string]struct {
		work    task.Task
		left    *volume.Outputs
		printed string
		outputs string
		problem string
	}{
		"parameter":         {work: task.Task{Parameters: one}, left: &volume.Outputs{Files: []volume.File{{Content: "42"}}}, outputs: `{"parameters":[{"globalName":"total","name":"sum","value":"42","valueFrom":{"path":"/tmp/sum"}}]}`},
		"default":           {work: task.Task{Parameters: defaulted}, left: &volume.Outputs{Files: []volume.File{{Missing: true}}}, outputs: `{"parameters":[{"globalName":"total","name":"sum","value":"","valueFrom":{"path":"/tmp/sum"}}]}`},
		"missing":           {work: task.Task{Parameters: one}, left: &volume.Outputs{Files: []volume.File{{Missing: true}}}, outputs: `{}`, problem: "output parameter 'sum': there is no file /tmp/sum"},
		"missing, failed":   {work: task.Task{Parameters: one}, left: &volume.Outputs{ExitCode: 1, Files: []volume.File{{Missing: true}}}, outputs: `{}`},
		"problem":           {work: task.Task{Parameters: one}, left: &volume.Outputs{Files: []volume.File{{Problem: "is a directory"}}}, outputs: `{}`, problem: "/tmp/sum: is a directory"},
		"killed":            {work: task.Task{Parameters: defaulted, Result: true}, printed: "half\n", outputs: `{"parameters":[{"globalName":"total","name":"sum","value":"","valueFrom":{"path":"/tmp/sum"}}],"result":"half"}`},
		"result":            {work: task.Task{Result: true}, left: &volume.Outputs{}, printed: "7\n", outputs: `{"result":"7"}`},
		"too much together": {work: task.Task{Parameters: one}, left: &volume.Outputs{Files: []volume.File{{Content: strings.Repeat("\x01", 300000)}}}, outputs: `{}`, problem: "a step may have 1048576"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			shared := t.TempDir()
			dir := volume.Of(shared, "main")
			if err := dir.Create(); err != nil {
				t.Fatal(err)
			}
			lock, err := dir.Hold()
			if err != nil {
				t.Fatal(err)
			}
			if c.work.Result {
				tail, err := dir.NewTail()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tail.Write([]byte(c.printed)); err != nil {
					t.Fatal(err)
				}
			}
			if c.left != nil {
				if err := dir.WriteOutputs(c.left); err != nil {
					t.Fatal(err)
				}
			}
			lock.Close() // as the kernel does when the wrapper is gone
			c.work.APIGroup, c.work.Namespace, c.work.Workflow, c.work.NodeID, c.work.Ordinal = "argoproj.io", "work", "demo", "demo-1", 70
			r := &recorder{}
			err = Main(t.Context(), &c.work, Options{Shared: shared, Reporter: r})
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("error %v, want %q", err, c.problem)
			}
			if r.got == nil || !r.got.Final || r.got.Name != "demo-1" || r.got.Workflow != "demo" || r.got.Ordinal != 70 {
				t.Fatalf("reported %+v", r.got)
			}
			outputs, err := json.Marshal(r.got.Outputs)
			if err != nil || string(outputs) != c.outputs {
				t.Errorf("outputs %s, %v; want %s", outputs, err, c.outputs)
			}
		})
	}
}

// POD-04: of a main that was killed, files on volumes are read where wait has the volume.
func TestMirroredVolume(t *testing.T) {
	shared, mirror := t.TempDir(), t.TempDir()
	dir := volume.Of(shared, "main")
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	lock, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
	if err := os.MkdirAll(filepath.Join(mirror, "data", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mirror, "data", "sub", "sum"), []byte("42\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	work := &task.Task{Parameters: []task.Parameter{{Name: "sum", Path: "/data/sub/sum", Mount: "/data", Declared: json.RawMessage(`{}`)}}}
	if err := Main(t.Context(), work, Options{Shared: shared, Mirror: mirror, Reporter: r}); err != nil {
		t.Fatal(err)
	}
	if len(r.got.Outputs.Parameters) != 1 || string(r.got.Outputs.Parameters[0]) != `{"name":"sum","value":"42"}` {
		t.Errorf("%s", r.got.Outputs.Parameters)
	}
}

// Main may start at any time, in another container: wait sees it, and its end.
func TestMainStartsLater(t *testing.T) {
	shared := t.TempDir()
	dir := volume.Of(shared, "main")
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		ended <- Main(context.Background(), &task.Task{}, Options{Shared: shared, Reporter: &recorder{err: errors.New("no")}})
	}()
	lock, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended while main runs: %v", err)
	default:
	}
	lock.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "cannot be reported: no") {
		t.Errorf("%v", err)
	}
}

// EXE-06: a pod that is stopped before main started does not wait for it.
func TestStoppedBeforeMain(t *testing.T) {
	shared := t.TempDir()
	if err := volume.Of(shared, "main").Create(); err != nil {
		t.Fatal(err)
	}
	terminated := make(chan struct{})
	close(terminated)
	err := Main(t.Context(), &task.Task{}, Options{Shared: shared, Terminated: terminated, Reporter: &recorder{}})
	if err == nil || !strings.Contains(err.Error(), "stopped before main started") {
		t.Errorf("%v", err)
	}
}

// EXE-01, DESIGN 7: a main that was killed before it took its lock is reported as well, once the kubelet's word is passed on.
func TestMainKilledBeforeItsLock(t *testing.T) {
	shared := t.TempDir()
	ended := volume.Announced(filepath.Join(shared, "ended"))
	over := make(chan error)
	r := &recorder{}
	parameter := task.Parameter{Name: "sum", Path: "/tmp/sum", Declared: json.RawMessage(`{}`)}
	go func() {
		over <- Main(context.Background(), &task.Task{Result: true, NodeID: "demo-1", Parameters: []task.Parameter{parameter}}, Options{Shared: shared, Ended: ended, Reporter: r})
	}()
	for _, text := range []string{"", "side", "side,main"} {
		if err := os.WriteFile(string(ended), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
	if r.got == nil || !r.got.Final || r.got.Outputs == nil || r.got.Outputs.Result != nil || len(r.got.Outputs.Parameters) != 0 {
		t.Errorf("reported %+v", r.got)
	}
}

// TPL-03, ART-13: the outputs of a main that knows them itself are reported with its log, or none if it failed before.
func TestHandedOverOutputs(t *testing.T) {
	for name, said := range map[string]*report.Outputs{"done": {Parameters: []json.RawMessage{json.RawMessage(`{"name":"uid","value":"7"}`)}}, "failed": nil} {
		t.Run(name, func(t *testing.T) {
			shared := t.TempDir()
			dir := volume.Of(shared, "main")
			if err := dir.Create(); err != nil {
				t.Fatal(err)
			}
			lock, err := dir.Hold()
			if err != nil {
				t.Fatal(err)
			}
			want := `{}`
			if said != nil {
				want = `{"parameters":[{"name":"uid","value":"7"}]}`
				if err := (report.HandOver{Main: dir}).Report(t.Context(), &report.Result{Outputs: said}); err != nil {
					t.Fatal(err)
				}
			}
			lock.Close()
			r := &recorder{}
			if err := Main(t.Context(), &task.Task{HandsOver: true, Result: true}, Options{Shared: shared, Reporter: r}); err != nil {
				t.Error(err)
			}
			if got, err := json.Marshal(r.got.Outputs); err != nil || string(got) != want || !r.got.Final {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}
