package pod

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// credentials are the Secrets and ConfigMaps that the artifacts of a pod need, as volumes.
type credentials struct {
	// volumes by the directory that they are mounted at.
	volumes map[string]corev1.Volume
}

// secretsOf gives each Secret and ConfigMap that locations refer to a volume with the keys that are needed.
func secretsOf(locations []*wfv1.ArtifactLocation) credentials {
	c := credentials{volumes: map[string]corev1.Volume{}}
	refs := location.ReferencesOf(locations...)
	for i, name := range slices.Sorted(maps.Keys(refs.Secrets)) {
		c.volumes[artifact.SecretDir+"/"+name] = corev1.Volume{
			Name:         fmt.Sprintf("artifact-secret-%d", i),
			VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, Items: items(refs.Secrets[name])}},
		}
	}
	for i, name := range slices.Sorted(maps.Keys(refs.ConfigMaps)) {
		c.volumes[artifact.ConfigMapDir+"/"+name] = corev1.Volume{
			Name: fmt.Sprintf("artifact-configmap-%d", i),
			VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items(refs.ConfigMaps[name]),
			}},
		}
	}
	return c
}

func items(keys []string) []corev1.KeyToPath {
	list := make([]corev1.KeyToPath, 0, len(keys))
	for _, key := range slices.Sorted(slices.Values(keys)) {
		list = append(list, corev1.KeyToPath{Key: key, Path: key})
	}
	return list
}

// mount gives a container of ours what these locations need (ART-11).
func (c credentials) mount(spec *corev1.PodSpec, to *corev1.Container, locations []*wfv1.ArtifactLocation) {
	refs := location.ReferencesOf(locations...)
	var dirs []string
	for _, name := range slices.Sorted(maps.Keys(refs.Secrets)) {
		dirs = append(dirs, artifact.SecretDir+"/"+name)
	}
	for _, name := range slices.Sorted(maps.Keys(refs.ConfigMaps)) {
		dirs = append(dirs, artifact.ConfigMapDir+"/"+name)
	}
	for _, dir := range dirs {
		v := c.volumes[dir]
		addMount(to, corev1.VolumeMount{Name: v.Name, MountPath: dir, ReadOnly: true})
		addVolume(spec, v)
	}
}

// mountCredentials gives a container of ours what locations refer to.
func mountCredentials(spec *corev1.PodSpec, to *corev1.Container, locations ...*wfv1.ArtifactLocation) {
	secretsOf(locations).mount(spec, to, locations)
}

// addVolume adds a volume unless there is one of that name.
func addVolume(spec *corev1.PodSpec, v corev1.Volume) {
	if !slices.ContainsFunc(spec.Volumes, func(known corev1.Volume) bool { return known.Name == v.Name }) {
		spec.Volumes = append(spec.Volumes, v)
	}
}

// runAs lets a helper that moves artifacts run as the user that main is said to run as, so that files belong to the same one
// on both sides. It returns the user, nil when only the image of main knows.
func runAs(helper *corev1.Container, main *corev1.Container, pod *corev1.PodSecurityContext) *int64 {
	own := main.SecurityContext
	if own != nil && own.RunAsUser != nil && helper.SecurityContext != nil && helper.SecurityContext.RunAsUser == nil {
		s := *helper.SecurityContext
		s.RunAsUser, s.RunAsGroup = own.RunAsUser, own.RunAsGroup
		helper.SecurityContext = &s
	}
	if s := helper.SecurityContext; s != nil && s.RunAsUser != nil {
		return s.RunAsUser
	}
	if pod != nil {
		return pod.RunAsUser
	}
	return nil
}
