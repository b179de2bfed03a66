// Package wait is the container `wait`: it sees main end, collects the outputs of the step and reports them.
package wait

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// Options are where things are.
type Options struct {
	// Shared is the shared volume, Mirror the volumes of main.
	Shared, Mirror string
	// Terminated is closed when Kubernetes asks this container to end. Main may need its time to end as well and then has
	// outputs: only a main that never started is not waited for.
	Terminated <-chan struct{}
	// Ended names containers whose end cannot be seen by their locks.
	Ended volume.Announced
	// Reporter sends the result.
	Reporter report.Reporter
	// Pace is how often progress is read and told.
	Pace Pace
	// Artifacts stores output artifacts and logs.
	Artifacts store.Store
}

// Main waits for main and reports. The error is meant for the message of the node.
func Main(ctx context.Context, t *task.Task, o Options) error {
	lastProgress := o.tellProgress(ctx, t)
	for _, name := range t.Mains() {
		c := volume.Of(o.Shared, name)
		// Mostly somebody has made it. Where this container's own hook is about to, there is then something to watch.
		_ = c.Create()
		switch err := c.AwaitEnd(o.Terminated, o.Ended); {
		case errors.Is(err, volume.ErrStopped):
			return fmt.Errorf("the pod was stopped before %s started", name)
		case err != nil:
			return fmt.Errorf("the end of %s cannot be seen: %w", name, err)
		}
	}
	dir := volume.Of(o.Shared, task.Main)
	left, err := dir.ReadOutputs()
	outputs, problems := o.outputs(t, dir, left)
	if err != nil {
		problems = append(problems, fmt.Errorf("what main left cannot be read: %w", err))
	}
	artifacts, failed := o.saveArtifacts(ctx, t, dir, left)
	problems = append(problems, failed...)
	outputs.Artifacts = artifacts
	if data, err := json.Marshal(outputs); err == nil && len(data) > task.MaxOutputBytes {
		outputs = &report.Outputs{Artifacts: artifacts}
		problems = append(problems, fmt.Errorf("the outputs have %d bytes, a step may have %d: use artifacts", len(data), task.MaxOutputBytes))
	}
	result := &report.Result{
		APIGroup: t.APIGroup, Namespace: t.Namespace, Name: t.NodeID, Workflow: t.Workflow, Ordinal: t.Ordinal, Outputs: outputs, Final: true,
		Progress: string(lastProgress()),
	}
	if err := o.Reporter.Report(ctx, result); err != nil {
		return fmt.Errorf("the outputs cannot be reported: %w", err)
	}
	return joined(problems)
}

// outputs are those that main has collected itself, or what it left to be collected.
func (o Options) outputs(t *task.Task, dir volume.Container, left *volume.Outputs) (*report.Outputs, []error) {
	if !t.HandsOver {
		return collect(t, dir, o.Mirror, left)
	}
	outputs, err := report.HandedOver(dir)
	if err != nil {
		return &report.Outputs{}, []error{fmt.Errorf("the outputs cannot be read: %w", err)}
	}
	return outputs, nil
}

// collect gathers result and parameters. What could be gathered is returned with the errors about what could not.
func collect(t *task.Task, dir volume.Container, mirror string, left *volume.Outputs) (outputs *report.Outputs, problems []error) {
	outputs = &report.Outputs{}
	if t.Result {
		result, err := dir.ReadResult()
		if err != nil {
			problems = append(problems, fmt.Errorf("the result cannot be read: %w", err))
		}
		outputs.Result = result
	}
	succeeded := left != nil && left.ExitCode == 0
	for i := range t.Parameters {
		p := &t.Parameters[i]
		f := volume.File{Missing: true}
		switch {
		case left != nil && i < len(left.Files):
			f = left.Files[i]
		case p.Mount != "":
			f = readMirrored(mirror, p)
		}
		value, err := valueOf(p, f)
		if err == nil {
			outputs.Parameters = append(outputs.Parameters, value)
		} else if succeeded { // what a failed main did not write explains nothing
			problems = append(problems, err)
		}
	}
	return outputs, problems
}

// readMirrored reads a file on a volume that this container has as well. Links out of the volume are not followed: they
// would lead into this container's own files.
func readMirrored(mirror string, p *task.Parameter) volume.File {
	root, err := os.OpenRoot(filepath.Join(mirror, p.Mount))
	if err != nil {
		return volume.File{Problem: err.Error()}
	}
	defer func() { _ = root.Close() }()
	return volume.Read(root.OpenFile, below(p.Path, p.Mount), task.MaxOutputBytes)
}

// valueOf is the declared parameter with its value, as JSON.
func valueOf(p *task.Parameter, f volume.File) (json.RawMessage, error) {
	value := f.Content
	switch {
	case f.Problem != "":
		return nil, fmt.Errorf("output parameter '%s': %s: %s", p.Name, p.Path, f.Problem)
	case f.Missing && p.Default == nil:
		return nil, fmt.Errorf("output parameter '%s': there is no file %s in main, and valueFrom has no default", p.Name, p.Path)
	case f.Missing:
		value = *p.Default
	}
	declared := map[string]any{}
	if err := json.Unmarshal(p.Declared, &declared); err != nil {
		return nil, fmt.Errorf("output parameter '%s': %w", p.Name, err)
	}
	declared["name"], declared["value"] = p.Name, value
	return json.Marshal(declared)
}
