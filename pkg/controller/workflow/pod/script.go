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
func mountScript(pod *corev1.Pod, source string) {
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
	addScriptMount(&pod.Spec.Containers[0])
}

func addScriptMount(main *corev1.Container) {
	main.VolumeMounts = append(slices.Clone(main.VolumeMounts), corev1.VolumeMount{Name: scriptVolumeName, MountPath: scriptMountPath})
	main.Args = append(slices.Clone(main.Args), scriptMountPath+"/"+scriptFile)
}

// fitsAnnotations tells whether a script can travel in an annotation beside the others.
func fitsAnnotations(annotations map[string]string, source string) bool {
	return source == "" || annotationBytes(annotations)+len(scriptAnnotation)+len(source) <= annotationLimit
}

func annotationBytes(annotations map[string]string) int {
	total := 0
	for k, v := range annotations {
		total += len(k) + len(v)
	}
	return total
}

// checkAnnotationSize gives a message about the annotations that a user wrote where Kubernetes would only count bytes.
func checkAnnotationSize(pod *corev1.Pod, t *wfv1.Template) error {
	if total := annotationBytes(pod.Annotations); total > annotationLimit {
		return fmt.Errorf("%s: the pod's annotations have %d bytes; Kubernetes allows %d: shorten metadata.annotations of the template or podMetadata of the workflow",
			templateName(t), total, annotationLimit)
	}
	return nil
}
