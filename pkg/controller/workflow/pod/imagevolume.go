package pod

import (
	"encoding/json"
	"errors"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/executor/task"
)

const (
	executorVolumeName = "argo-bin"
	// executorVolumePath is where wrapped containers have the file system of the executor's image (POD-23).
	executorVolumePath = "/argo-bin"
)

// errTooLong says that what the wrappers have to know does not fit into their environment: it has to be staged.
var errTooLong = errors.New("too long for the environment of a container")

// executorVolume shows the executor's image, read-only. The pod's own pull secrets count for it.
func executorVolume(in Input) corev1.Volume {
	image, policy := imageOf(in)
	return corev1.Volume{Name: executorVolumeName, VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image, PullPolicy: policy}}}
}

func executorMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: executorVolumeName, MountPath: executorVolumePath, ReadOnly: true}
}

// wrapperPath is where the containers of a pod have the wrapper: in the image that is mounted, else where it was copied to.
func (n needs) wrapperPath() string {
	if n.image {
		return executorVolumePath + path.Dir(executorPath) + "/" + task.Wrapper
	}
	return task.SharedDir + "/" + task.Wrapper
}

// tellWrappers puts what they have to know into the environment of all wrapped containers, and nothing about where outputs go.
func tellWrappers(spec *corev1.PodSpec, work *task.Task) error {
	text, err := json.Marshal(work.ForWrapper())
	if err != nil {
		return err
	}
	value := strings.ReplaceAll(string(text), "$", "$$")
	if len(value) > task.EnvLimit {
		return errTooLong
	}
	for i := range spec.Containers {
		if c := &spec.Containers[i]; c.Name != WaitContainerName {
			setEnv(c, corev1.EnvVar{Name: task.WrapperEnv, Value: value})
		}
	}
	return nil
}
