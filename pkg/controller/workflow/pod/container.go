package pod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// mainContainer returns the one container of the pod and, for a script template, the source it runs.
func mainContainer(t *wfv1.Template) (corev1.Container, string, error) {
	switch {
	case t.Container != nil:
		c := *t.Container
		c.Name = MainContainerName
		return c, "", nil
	case t.Script != nil:
		c := t.Script.Container
		c.Name = MainContainerName
		return c, t.Script.Source, nil
	default:
		return corev1.Container{}, "", fmt.Errorf("%s: no pod can be made from it: it has neither container nor script", templateName(t))
	}
}

// addInitContainers adds the user's init containers in order. mirrorVolumeMounts gives one the mounts of main as well
// (TPL-16); its own mount of the same path wins.
func addInitContainers(spec *corev1.PodSpec, t *wfv1.Template) {
	main := spec.Containers[0]
	for _, user := range t.InitContainers {
		c := user.Container
		if user.MirrorVolumeMounts != nil && *user.MirrorVolumeMounts {
			mounts := slices.Clone(c.VolumeMounts)
			for _, m := range main.VolumeMounts {
				if !slices.ContainsFunc(mounts, func(own corev1.VolumeMount) bool { return own.MountPath == m.MountPath }) {
					mounts = append(mounts, m)
				}
			}
			c.VolumeMounts = mounts
		}
		spec.InitContainers = append(spec.InitContainers, c)
	}
}
