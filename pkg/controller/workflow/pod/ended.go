package pod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/executor/task"
)

const endedVolumeName = "ended-argo"

// mountEnds gives the containers that wait for the end of others a file with the ends that they cannot see: `wait`, sidecars,
// and members of a set that come after others.
func mountEnds(spec *corev1.PodSpec, work *task.Task) {
	found := false
	for i := range spec.Containers {
		c := &spec.Containers[i]
		about := work.Container(c.Name)
		if c.Name != WaitContainerName && !about.Sidecar && len(about.After) == 0 {
			continue
		}
		found = true
		c.VolumeMounts = append(slices.Clone(c.VolumeMounts), corev1.VolumeMount{Name: endedVolumeName, MountPath: task.EndedDir, ReadOnly: true})
	}
	if !found {
		return
	}
	field := &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + task.EndedAnnotation + "']"}
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: endedVolumeName, VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
		DefaultMode: new(projectedFileMode),
		Items:       []corev1.DownwardAPIVolumeFile{{Path: task.EndedFile, FieldRef: field}},
	}}})
}
