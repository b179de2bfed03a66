package report

import (
	"context"
	"encoding/json"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// Reporter sends a result to the API server; it returns when the result is stored or will never be.
type Reporter interface {
	Report(ctx context.Context, r *Result) error
}

// ByMain is how a main container that is a program of ours tells the outputs of its step: to the API server, or to `wait`, which
// has more to report.
func ByMain(work *task.Task, credentials string, getenv func(string) string, log func(format string, args ...any)) (Reporter, error) {
	if work.HandsOver {
		return HandOver{volume.Of(task.SharedDir, task.Main)}, nil
	}
	client, err := NewInClusterClient(credentials, getenv)
	if err != nil {
		return nil, err
	}
	client.Log = log
	return client, nil
}

// HandOver leaves outputs in the directory of main.
type HandOver struct{ Main volume.Container }

// Report implements Reporter.
func (h HandOver) Report(_ context.Context, r *Result) error {
	text, err := json.Marshal(r.Outputs)
	if err != nil {
		return err
	}
	return h.Main.WriteReport(text)
}

// HandedOver are the outputs that main has left; none, when it has not.
func HandedOver(main volume.Container) (*Outputs, error) {
	text, err := main.ReadReport()
	if err != nil || text == nil {
		return &Outputs{}, err
	}
	outputs := &Outputs{}
	return outputs, json.Unmarshal(text, outputs)
}
