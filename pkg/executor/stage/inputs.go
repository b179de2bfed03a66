package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// loadInput brings one artifact to its place. One that is optional may be missing (ART-01).
func (o Options) loadInput(ctx context.Context, in *task.Input) error {
	a := &wfv1.Artifact{}
	if err := json.Unmarshal(in.Artifact, a); err != nil {
		return fmt.Errorf("its declaration cannot be read: %w", err)
	}
	err := o.Artifacts.Load(ctx, a, in.Volume, in.Path)
	if errors.Is(err, artifact.ErrNotFound) && a.Optional {
		return nil
	}
	return err
}
