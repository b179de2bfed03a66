// Package data makes data of the objects in a store of artifacts: it lists their keys and passes the list through the
// expressions of a data template (TPL-11). It runs as the main container of the step's pod.
package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/executor/packed"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// Options are what a step is done with.
type Options struct {
	// Task says which node this is.
	Task *task.Task
	// Getenv reads the environment.
	Getenv func(string) string
	// List returns the objects of a store.
	List func(ctx context.Context, a *wfv1.Artifact) ([]artifact.Object, error)
	// Reporter sends the result.
	Reporter report.Reporter
}

// Main does the step. The error is meant for the message of the node.
func Main(ctx context.Context, o Options) error {
	text, err := packed.Text("ARGO_TEMPLATE", o.Getenv)
	if err != nil {
		return err
	}
	t := &wfv1.Template{}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return fmt.Errorf("ARGO_TEMPLATE: %w", err)
	}
	if t.Data == nil || t.Data.Source.ArtifactPaths == nil {
		return errors.New("data.source names nothing that data could come from; artifactPaths does")
	}
	objects, err := o.List(ctx, &t.Data.Source.ArtifactPaths.Artifact)
	if err != nil {
		return err
	}
	keys := make([]any, 0, len(objects))
	for _, object := range objects {
		keys = append(keys, object.Key)
	}
	text, err = transform(keys, t.Data.Transformation)
	if err != nil {
		return err
	}
	if len(text) > task.MaxOutputBytes {
		return fmt.Errorf("the data have %d bytes, the outputs of a step may have %d: let the transformation leave less", len(text), task.MaxOutputBytes)
	}
	fmt.Println(text)
	result := &report.Result{
		APIGroup: o.Task.APIGroup, Namespace: o.Task.Namespace, Name: o.Task.NodeID, Workflow: o.Task.Workflow, Ordinal: o.Task.Ordinal,
		Outputs: &report.Outputs{Result: &text}, Final: true,
	}
	if err := o.Reporter.Report(ctx, result); err != nil {
		return fmt.Errorf("the data cannot be reported: %w", err)
	}
	return nil
}

// transform passes data through the steps and returns what comes out, as JSON.
func transform(data any, steps wfv1.Transformation) (string, error) {
	for i, step := range steps {
		var err error
		if data, err = expr.Transform(step.Expression, data); err != nil {
			return "", fmt.Errorf("data.transformation[%d].expression: %w", i, err)
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("the data are nothing that JSON can hold: %w", err)
	}
	return string(text), nil
}
