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
	// StageByInit has a container `init` bring the wrapper into every pod that needs it, also where `wait` could do that at its
	// start. It is for kubelets that would start main before the hook of `wait` has ended.
	StageByInit bool
}

// imageOf is the image of the executor and its pull policy: the configured one, else that of the installation.
func imageOf(in Input) (string, corev1.PullPolicy) {
	image, policy := in.Executor.Image, in.Executor.PullPolicy
	if s := in.Settings.Executor; s != nil {
		image = firstSet(s.Image, image)
		policy = corev1.PullPolicy(firstSet(string(s.ImagePullPolicy), string(policy)))
	}
	return image, policy
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
	}
	return ""
}
