package pod

import (
	"errors"
	"fmt"
)

// ErrNeedsExecutor is wrapped by the errors of Build for steps that only a helper process in the pod could run.
var ErrNeedsExecutor = errors.New("needs the executor, which is not in this version")

// requireNoExecutor refuses what a plain pod cannot do, naming the field, rather than run the step and lose what it asked for.
func requireNoExecutor(in Input) error {
	field := executorField(in)
	if field == "" {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", templateName(in.Template), field, ErrNeedsExecutor)
}

// executorField names the first field that brings the executor in; empty when the step is a plain pod.
func executorField(in Input) string {
	t := in.Template
	switch {
	case t.ContainerSet != nil:
		return "containerSet"
	case t.Resource != nil:
		return "resource"
	case t.Data != nil:
		return "data"
	case t.HTTP != nil:
		return "http"
	case t.Plugin != nil:
		return "plugin"
	case len(t.Inputs.Artifacts) > 0:
		return "inputs.artifacts[" + t.Inputs.Artifacts[0].Name + "]"
	case len(t.Outputs.Artifacts) > 0:
		return "outputs.artifacts[" + t.Outputs.Artifacts[0].Name + "]"
	case len(t.Sidecars) > 0:
		return "sidecars[" + t.Sidecars[0].Name + "]"
	case in.IncludeResult:
		return "outputs.result (another step reads it)"
	case archivesLogs(in):
		return "archiveLogs"
	}
	for _, p := range t.Outputs.Parameters {
		if p.ValueFrom != nil && p.ValueFrom.Path != "" {
			return "outputs.parameters[" + p.Name + "].valueFrom.path"
		}
	}
	return ""
}

// archivesLogs tells whether the logs of the step are to be stored: the template's word counts before the workflow's.
func archivesLogs(in Input) bool {
	if l := in.Template.ArchiveLocation; l != nil && l.ArchiveLogs != nil {
		return *l.ArchiveLogs
	}
	return in.Spec.ArchiveLogs != nil && *in.Spec.ArchiveLogs
}
