package pod

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/remove"
)

// ComponentArtifactGC is the value of the label component on pods that delete artifacts.
const ComponentArtifactGC = "artifact-gc"

// artifactGCDeadline is how long such a pod may take, in seconds. What it has not done by then, the next one does.
const artifactGCDeadline = 1800

// ArtifactGC is everything a pod that deletes artifacts is made of (AGC-02).
type ArtifactGC struct {
	// Task is the object that the pod works for and belongs to; the pod has its name and its labels.
	Task *wfv1.WorkflowArtifactGCTask
	// Artifacts to delete, with their whole locations.
	Artifacts []wfv1.Artifact
	// ServiceAccountName of the pod; empty: the namespace's default.
	ServiceAccountName string
	// Metadata are labels and annotations of the user's.
	Metadata *wfv1.Metadata
	// PodSpecPatch is laid over the spec; empty: nothing is.
	PodSpecPatch string
	// Executor and Settings are those of all pods.
	Executor Executor
	Settings Settings
}

// Build returns the pod. It needs no right in the cluster: what to delete is in an annotation of it, and what became of that
// will be in its termination message.
func (gc ArtifactGC) Build() (*corev1.Pod, error) {
	doomed := slices.Clone(gc.Artifacts)
	locations := make([]*wfv1.ArtifactLocation, len(doomed))
	for i := range doomed {
		doomed[i] = *doomed[i].DeepCopy()
		locations[i] = &doomed[i].ArtifactLocation
	}
	if err := gc.Settings.configureDrivers(locations); err != nil {
		return nil, err
	}
	list, err := json.Marshal(doomed)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: gc.Task.Namespace, Name: gc.Task.Name, Labels: map[string]string{}, Annotations: map[string]string{},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "WorkflowArtifactGCTask", Name: gc.Task.Name, UID: gc.Task.UID, Controller: new(true),
			}},
		},
	}
	if m := gc.Metadata; m != nil {
		for k, v := range m.Labels {
			pod.Labels[k] = v
		}
		for k, v := range m.Annotations {
			pod.Annotations[k] = v
		}
	}
	for k, v := range gc.Task.Labels {
		pod.Labels[k] = v
	}
	pod.Labels[wfv1.LabelKeyComponent] = ComponentArtifactGC
	pod.Labels[wfv1.LabelKeyCompleted] = "false"
	pod.Annotations[wfv1.AnnotationKeyArtifactGCStrategy] = gc.Task.Annotations[wfv1.AnnotationKeyArtifactGCStrategy]
	pod.Annotations[wfv1.AnnotationKeyDefaultContainer] = MainContainerName
	pod.Annotations[remove.Annotation] = string(list)

	in := Input{Executor: gc.Executor, Settings: gc.Settings}
	main := helper(in, MainContainerName, "artifact", "delete")
	if main.Image == "" {
		return nil, fmt.Errorf("the controller does not know the image of the executor: set --executor-image")
	}
	main.VolumeMounts = []corev1.VolumeMount{{Name: "artifacts", MountPath: remove.Dir, ReadOnly: true}, tmpMount()}
	spec := corev1.PodSpec{
		RestartPolicy:         corev1.RestartPolicyNever,
		ServiceAccountName:    gc.ServiceAccountName,
		ActiveDeadlineSeconds: new(int64(artifactGCDeadline)),
		Volumes: []corev1.Volume{
			{Name: "artifacts", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{{
				Path: remove.File, FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + remove.Annotation + "']"},
			}}}}},
			emptyDir(tmpVolumeName),
		},
	}
	mountCredentials(&spec, &main, locations...)
	for i := range spec.Volumes {
		// A Secret that is gone is a message of the program, not a pod that never starts.
		if s := spec.Volumes[i].Secret; s != nil {
			s.Optional = new(true)
		}
		if c := spec.Volumes[i].ConfigMap; c != nil {
			c.Optional = new(true)
		}
	}
	useExecutorFor(&main, locations)
	spec.Containers = []corev1.Container{main}
	addDrivers(&spec, in, use{MainContainerName, locations})
	if pod.Spec, err = patched(spec, gc.PodSpecPatch); err != nil {
		return nil, fmt.Errorf("artifactGC.podSpecPatch: %w", err)
	}
	denyRoot(&pod.Spec, in, func(c *corev1.Container) bool { return c.Name == MainContainerName })
	return pod, nil
}

// patched lays a patch, YAML or JSON, over a pod spec.
func patched(spec corev1.PodSpec, text string) (corev1.PodSpec, error) {
	if text == "" {
		return spec, nil
	}
	patch, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return spec, err
	}
	doc, err := json.Marshal(&spec)
	if err != nil {
		return spec, err
	}
	if doc, err = strategicpatch.StrategicMergePatch(doc, patch, corev1.PodSpec{}); err != nil {
		return spec, err
	}
	result := corev1.PodSpec{}
	return result, json.Unmarshal(doc, &result)
}
