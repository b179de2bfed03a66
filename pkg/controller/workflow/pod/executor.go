package pod

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// ErrUnsupported is wrapped by the errors of Build for steps that this version cannot run.
var ErrUnsupported = errors.New("not supported by this version")

// Executor is what the helpers in a pod are made of.
type Executor struct {
	// Image holds fairlead-executor and fairlead-run.
	Image string
	// PullPolicy of that image; empty: Kubernetes' default.
	PullPolicy corev1.PullPolicy
}

// refuseUnsupported refuses what this version cannot do, naming the field, rather than run the step and lose what it asked
// for.
func refuseUnsupported(in Input) error {
	if field := unsupportedField(in); field != "" {
		return fmt.Errorf("%s: %s: %w", templateName(in.Template), field, ErrUnsupported)
	}
	return nil
}

func unsupportedField(in Input) string {
	t := in.Template
	switch {
	case t.HTTP != nil:
		return "http"
	case t.Plugin != nil:
		return "plugin"
	case len(t.Inputs.Artifacts) > 0:
		return "inputs.artifacts[" + t.Inputs.Artifacts[0].Name + "]"
	case len(t.Outputs.Artifacts) > 0:
		return "outputs.artifacts[" + t.Outputs.Artifacts[0].Name + "]"
	case archivesLogs(in):
		return "archiveLogs"
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
