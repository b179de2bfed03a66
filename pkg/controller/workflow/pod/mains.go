package pod

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// MainContainerName is the name that the container of a container or script template always gets.
const MainContainerName = "main"

// mainContainers returns the containers whose end is the step's and, for a script template, the source that main runs.
func mainContainers(in Input) ([]corev1.Container, string, error) {
	t := in.Template
	var mains []corev1.Container
	script := ""
	switch {
	case t.Container != nil:
		c := *t.Container
		c.Name = MainContainerName
		mains = append(mains, c)
	case t.Script != nil:
		c := t.Script.Container
		c.Name = MainContainerName
		mains, script = append(mains, c), t.Script.Source
	case t.ContainerSet != nil:
		mains = setContainers(t.ContainerSet)
	case t.Resource != nil:
		c, err := resourceContainer(in)
		return []corev1.Container{c}, "", err
	case t.Data != nil:
		c, err := dataContainer(in)
		return []corev1.Container{c}, "", err
	default:
		return nil, "", fmt.Errorf("%s: no pod can be made from it: it has no container, script, containerSet, resource or data", templateName(t))
	}
	for i := range mains {
		var err error
		if mains[i], err = withDefaults(mains[i], in.Settings.MainContainer); err != nil {
			return nil, "", fmt.Errorf("%s: %w", templateName(t), err)
		}
	}
	return mains, script, nil
}

// setContainers are the containers of a set, each with the mounts of the set; a mount of its own at the same path wins
// (TPL-12).
func setContainers(set *wfv1.ContainerSetTemplate) []corev1.Container {
	containers := make([]corev1.Container, 0, len(set.Containers))
	for i := range set.Containers {
		c := set.Containers[i].Container
		c.VolumeMounts = withMounts(c.VolumeMounts, set.VolumeMounts)
		containers = append(containers, c)
	}
	return containers
}

// sidecars are the user's sidecars in order (TPL-15).
func sidecars(t *wfv1.Template, mains []corev1.Container) []corev1.Container {
	containers := make([]corev1.Container, 0, len(t.Sidecars))
	for _, user := range t.Sidecars {
		containers = append(containers, userContainer(user, mains))
	}
	return containers
}

// addInitContainers adds the user's init containers in order (TPL-16).
func addInitContainers(spec *corev1.PodSpec, t *wfv1.Template) {
	mains := slices.Clone(spec.Containers)
	for _, user := range t.InitContainers {
		spec.InitContainers = append(spec.InitContainers, userContainer(user, mains))
	}
}

// userContainer is a container as the user wrote it; mirrorVolumeMounts gives it the mounts of the main containers as well.
func userContainer(user wfv1.UserContainer, mains []corev1.Container) corev1.Container {
	c := user.Container
	if user.MirrorVolumeMounts != nil && *user.MirrorVolumeMounts {
		for _, main := range mains {
			c.Env = withPathVariables(c.Env, main)
			c.VolumeMounts = withMounts(c.VolumeMounts, main.VolumeMounts)
		}
	}
	return c
}

// withPathVariables adds to a container's own variables those by which main says where in a volume its mounts begin (subPathExpr):
// the same mounts elsewhere begin there as well.
func withPathVariables(own []corev1.EnvVar, main corev1.Container) []corev1.EnvVar {
	env := slices.Clone(own)
	for _, m := range main.VolumeMounts {
		for _, v := range main.Env {
			known := slices.ContainsFunc(env, func(e corev1.EnvVar) bool { return e.Name == v.Name })
			if !known && strings.Contains(m.SubPathExpr, "$("+v.Name+")") {
				env = append(env, v)
			}
		}
	}
	return env
}

// withMounts adds mounts to a container's own, which win where the paths are the same.
func withMounts(own, more []corev1.VolumeMount) []corev1.VolumeMount {
	mounts := slices.Clone(own)
	for _, m := range more {
		if !slices.ContainsFunc(mounts, func(o corev1.VolumeMount) bool { return o.MountPath == m.MountPath }) {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

// defaultContainer is the container whose log kubectl shows first.
func defaultContainer(t *wfv1.Template) string {
	if t.ContainerSet == nil {
		return MainContainerName
	}
	last := MainContainerName
	for _, c := range t.ContainerSet.Containers {
		if last = c.Name; last == MainContainerName {
			break
		}
	}
	return last
}

// mentions tells whether a container's command, arguments or environment name something.
func mentions(c *corev1.Container, what string) bool {
	for _, text := range slices.Concat(c.Command, c.Args) {
		if strings.Contains(text, what) {
			return true
		}
	}
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return strings.Contains(e.Value, what) })
}

// envIsTrue tells whether a container sets a variable to true.
func envIsTrue(c *corev1.Container, names ...string) bool {
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return slices.Contains(names, e.Name) && e.Value == "true" })
}
