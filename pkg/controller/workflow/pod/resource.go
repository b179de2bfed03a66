package pod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/task"
)

const resourcePath = "/usr/local/bin/fairlead-resource"

// resourceContainer is main of a resource template (TPL-03): a program of ours that does with the object what the template
// says, with the rights of the pod's service account.
func resourceContainer(in Input) (corev1.Container, error) {
	r := in.Template.Resource
	if from := r.ManifestFrom; from != nil && from.Artifact != nil && manifestArtifact(in.Template) == nil {
		return corev1.Container{}, fmt.Errorf("%s: resource.manifestFrom.artifact: there is no input artifact %q", templateName(in.Template), from.Artifact.Name)
	}
	c, err := ownMain(in, in.Template)
	c.Command = []string{resourcePath, r.Action}
	return c, err
}

// manifestArtifact is the input artifact that the manifest comes from; nil when there is none.
func manifestArtifact(t *wfv1.Template) *wfv1.Artifact {
	if t.Resource == nil || t.Resource.ManifestFrom == nil || t.Resource.ManifestFrom.Artifact == nil {
		return nil
	}
	name := t.Resource.ManifestFrom.Artifact.Name
	if i := slices.IndexFunc(t.Inputs.Artifacts, func(a wfv1.Artifact) bool { return a.Name == name }); i >= 0 {
		return &t.Inputs.Artifacts[i]
	}
	return nil
}

// ownMain is a main container that is a program of ours and does what a template says.
func ownMain(in Input, t *wfv1.Template) (corev1.Container, error) {
	c := helper(in, MainContainerName)
	env, err := templateEnv(in, t)
	if err != nil {
		return c, err
	}
	c.Env = slices.Concat([]corev1.EnvVar{{Name: task.Env}}, executorEnv(in), env)
	c.VolumeMounts = []corev1.VolumeMount{tmpMount(), tokenMount()}
	return c, nil
}

// addReporting gives a main that reports by itself what it needs for that, and for its work.
func addReporting(spec *corev1.PodSpec, in Input, n needs) error {
	if !n.wait { // which brings the same volumes
		addVolume(spec, emptyDir(tmpVolumeName)) // which inputs may have brought
		addVolume(spec, tokenVolume())
	}
	if in.Template.Data == nil {
		return nil
	}
	source, err := dataSource(in)
	if err != nil {
		return err
	}
	mountCredentials(spec, mainOf(spec.Containers), &source.ArtifactLocation)
	addDrivers(spec, in, use{MainContainerName, []*wfv1.ArtifactLocation{&source.ArtifactLocation}})
	return nil
}

// handAlone gives main its task in a pod without helpers.
func handAlone(spec *corev1.PodSpec, in Input) error {
	work, _, err := taskOf(in, &corev1.Container{})
	if err != nil {
		return fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	return hand(spec, in, work, nil, needs{})
}
