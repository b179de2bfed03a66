package pod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// scriptAnnotation carries the source of a script template to the pod.
	scriptAnnotation = "fairlead.dev/script"
	// scriptVolumeName, scriptMountPath and scriptFile place it where scripts always were.
	scriptVolumeName = "argo-staging"
	scriptMountPath  = "/argo/staging"
	scriptFile       = "script"

	scriptMode = int32(0o755)

	// annotationLimit is how many bytes of keys and values Kubernetes allows in all annotations of an object.
	annotationLimit = 256 * 1024
)

// mountScript brings the source into the pod without a helper: an annotation holds it, a downwardAPI volume shows it as a
// file, and the file's path becomes the last argument of the interpreter (TPL-02).
func mountScript(pod *corev1.Pod, t *wfv1.Template, source string) error {
	if len(source) > annotationLimit {
		return fmt.Errorf("%s: script.source has %d bytes; without the executor, which is not in this version, a script may have at most %d bytes",
			templateName(t), len(source), annotationLimit)
	}
	pod.Annotations[scriptAnnotation] = source
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
		Name: scriptVolumeName,
		VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
			Items: []corev1.DownwardAPIVolumeFile{{
				Path:     scriptFile,
				FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + scriptAnnotation + "']"},
				Mode:     new(scriptMode),
			}},
		}},
	})
	main := &pod.Spec.Containers[0]
	main.VolumeMounts = append(slices.Clone(main.VolumeMounts), corev1.VolumeMount{Name: scriptVolumeName, MountPath: scriptMountPath})
	main.Args = append(slices.Clone(main.Args), scriptMountPath+"/"+scriptFile)
	return nil
}

// checkAnnotationSize gives a message about the script where Kubernetes would only count bytes.
func checkAnnotationSize(pod *corev1.Pod, t *wfv1.Template) error {
	total := 0
	for k, v := range pod.Annotations {
		total += len(k) + len(v)
	}
	if total <= annotationLimit {
		return nil
	}
	if source, ok := pod.Annotations[scriptAnnotation]; ok {
		return fmt.Errorf("%s: script.source (%d bytes) and the pod's annotations together have %d bytes; Kubernetes allows %d, and longer scripts need the executor, which is not in this version",
			templateName(t), len(source), total, annotationLimit)
	}
	return fmt.Errorf("%s: the pod's annotations have %d bytes; Kubernetes allows %d: shorten metadata.annotations of the template or podMetadata of the workflow",
		templateName(t), total, annotationLimit)
}
