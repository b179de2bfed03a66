package pod

import (
	"maps"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DefaultDeleteDelay is how long a finished pod that is to be deleted is left alone when the workflow names no delay.
const DefaultDeleteDelay = 5 * time.Second

// objectMeta gives the pod the workflow's podMetadata, the template's metadata over it, and the reserved labels and
// annotations over both.
func objectMeta(in Input) metav1.ObjectMeta {
	labels := map[string]string{}
	annotations := map[string]string{}
	if m := in.Spec.PodMetadata; m != nil {
		maps.Copy(labels, m.Labels)
		maps.Copy(annotations, m.Annotations)
	}
	maps.Copy(labels, in.Template.Metadata.Labels)
	maps.Copy(annotations, in.Template.Metadata.Annotations)

	labels[wfv1.LabelKeyWorkflow] = in.Workflow.Name
	labels[wfv1.LabelKeyCompleted] = "false"
	if in.Settings.InstanceID != "" {
		labels[wfv1.LabelKeyControllerInstanceID] = in.Settings.InstanceID
	}
	if in.OnExit {
		labels[wfv1.LabelKeyOnExit] = "true"
	}
	annotations[wfv1.AnnotationKeyNodeID] = in.NodeID
	annotations[wfv1.AnnotationKeyNodeName] = in.NodeName
	delete(annotations, wfv1.AnnotationKeyRetries)
	if retries := in.Workflow.Status.Retries; retries > 0 {
		annotations[wfv1.AnnotationKeyRetries] = strconv.Itoa(int(retries))
	}
	if _, set := annotations[wfv1.AnnotationKeyDefaultContainer]; !set {
		annotations[wfv1.AnnotationKeyDefaultContainer] = defaultContainer(in.Template)
	}
	if gc := in.Spec.PodGC; gc != nil && gc.Strategy != "" {
		annotations[wfv1.AnnotationKeyPodGCStrategy] = string(gc.Strategy) + "/" + DeleteDelay(gc, in.Settings.PodGCDeleteDelay).String()
	}

	var finalizers []string
	if in.Settings.StatusFinalizer {
		finalizers = []string{wfv1.FinalizerPodStatus}
	}
	return metav1.ObjectMeta{
		Finalizers:      finalizers,
		Name:            in.PodName,
		Namespace:       in.Workflow.Namespace,
		Labels:          labels,
		Annotations:     annotations,
		OwnerReferences: []metav1.OwnerReference{OwnerReference(in.Workflow)},
	}
}

// OwnerReference makes the workflow the controlling owner, so that deleting it deletes what it owns.
func OwnerReference(wf *wfv1.Workflow) metav1.OwnerReference {
	return *metav1.NewControllerRef(wf, wfv1.SchemeGroupVersion.WithKind("Workflow"))
}

// DeleteDelay is how long a finished pod is kept before a podGC strategy deletes it; configured is for a workflow that does
// not say it readably, nil: 5 seconds.
func DeleteDelay(gc *wfv1.PodGC, configured *time.Duration) time.Duration {
	otherwise := DefaultDeleteDelay
	if configured != nil {
		otherwise = *configured
	}
	if gc == nil || gc.DeleteDelayDuration == "" {
		return otherwise
	}
	if d, err := wfv1.ParseDuration(gc.DeleteDelayDuration); err == nil && d >= 0 {
		return d
	}
	return otherwise
}
