package workflow

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/ended"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// PodSelector is the label selector of the pod informer: pods of steps whose end is not yet recorded and cleaned up.
const PodSelector = wfv1.LabelKeyWorkflow + "," + wfv1.LabelKeyCompleted + "!=true," + wfv1.LabelKeyComponent + "!=" + podbuilder.ComponentArtifactGC

// KeepWorkflowHeader is the transform of the workflow informer. NOTE: workflows from the informer have no nodes and no
// managed fields; a run loads its nodes by themselves. Where there were some, the map is empty rather than nil. Of those that
// are over, less is kept (ended.Keep).
func KeepWorkflowHeader(obj any) (any, error) {
	wf, ok := obj.(*wfv1.Workflow)
	if !ok {
		return obj, nil
	}
	if ended.Is(wf) {
		return ended.Keep(wf), nil
	}
	wf.ManagedFields = nil
	if wf.Status.Nodes != nil {
		wf.Status.Nodes = wfv1.Nodes{}
	}
	return wf, nil
}

// KeepPodState is the transform of the pod informer. NOTE: pods from the informer have of their spec only the host, the
// deadline, and name, resources and restart policy of the containers.
func KeepPodState(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	kept := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:              pod.Name,
			Namespace:         pod.Namespace,
			UID:               pod.UID,
			ResourceVersion:   pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp,
			DeletionTimestamp: pod.DeletionTimestamp,
			Labels:            pod.Labels,
			OwnerReferences:   pod.OwnerReferences,
			Annotations:       map[string]string{},

			DeletionGracePeriodSeconds: pod.DeletionGracePeriodSeconds,
		},
		Spec: corev1.PodSpec{
			NodeName:              pod.Spec.NodeName,
			ActiveDeadlineSeconds: pod.Spec.ActiveDeadlineSeconds,
			InitContainers:        keepResources(pod.Spec.InitContainers),
			Containers:            keepResources(pod.Spec.Containers),
		},
		Status: pod.Status,
	}
	if holds(pod) {
		kept.Finalizers = []string{wfv1.FinalizerPodStatus}
	}
	for key, v := range pod.Annotations {
		if strings.HasPrefix(key, wfv1.AnnotationKeyKillCmdPrefix) {
			kept.Annotations[key] = v
		}
	}
	for _, key := range []string{
		wfv1.AnnotationKeyNodeID, wfv1.AnnotationKeyNodeName, wfv1.AnnotationKeyRetries, wfv1.AnnotationKeyProgress, wfv1.AnnotationKeySidecars,
		wfv1.AnnotationKeyPodGCStrategy,
	} {
		if v, ok := pod.Annotations[key]; ok {
			kept.Annotations[key] = v
		}
	}
	return kept, nil
}

func keepResources(containers []corev1.Container) []corev1.Container {
	kept := make([]corev1.Container, len(containers))
	for i := range containers {
		kept[i] = corev1.Container{Name: containers[i].Name, Resources: containers[i].Resources, RestartPolicy: containers[i].RestartPolicy}
	}
	return kept
}

// PodIndexers are the indexers that the pod informer needs beside its own.
func PodIndexers() cache.Indexers {
	return cache.Indexers{
		OwnerIndex: func(obj any) ([]string, error) {
			pod, ok := obj.(*corev1.Pod)
			if !ok {
				return nil, nil
			}
			if owner := metav1.GetControllerOfNoCopy(pod); owner != nil {
				return []string{string(owner.UID)}, nil
			}
			return nil, nil
		},
	}
}
