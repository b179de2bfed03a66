// Package ended keeps an eye on workflows that are over, for the loops that clean up after them. Of each it keeps only what
// they need, so that thousands of them cost little.
package ended

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Selector is the label selector of workflows that are over.
const Selector = wfv1.LabelKeyCompleted + "=true"

// PhaseIndex indexes them by phase.
const PhaseIndex = "phase"

// IndexByPhase is the function of PhaseIndex.
func IndexByPhase(obj any) ([]string, error) {
	if wf, ok := obj.(*wfv1.Workflow); ok {
		return []string{string(wf.Status.Phase)}, nil
	}
	return nil, nil
}

// Keep is the transform of their informer. NOTE: workflows from it have of their spec only ttlStrategy and artifactGC, those
// of the spec that counted, and of their status only phase, time of the end and how far artifact GC is.
func Keep(obj any) (any, error) {
	wf, ok := obj.(*wfv1.Workflow)
	if !ok {
		return obj, nil
	}
	spec := &wf.Spec
	if wf.Status.StoredWorkflowSpec != nil {
		spec = wf.Status.StoredWorkflowSpec
	}
	ttl := wf.Spec.TTLStrategy // a user may change it at any time
	if ttl == nil {
		ttl = spec.TTLStrategy
	}
	return &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: wf.Namespace, Name: wf.Name, UID: wf.UID, ResourceVersion: wf.ResourceVersion,
			CreationTimestamp: wf.CreationTimestamp, DeletionTimestamp: wf.DeletionTimestamp, Finalizers: wf.Finalizers,
			Labels: keepLabels(wf.Labels),
		},
		Spec: wfv1.WorkflowSpec{TTLStrategy: ttl.DeepCopy(), ArtifactGC: spec.ArtifactGC.DeepCopy()},
		Status: wfv1.WorkflowStatus{
			Phase: wf.Status.Phase, FinishedAt: wf.Status.FinishedAt, ArtifactGCStatus: wf.Status.ArtifactGCStatus.DeepCopy(),
		},
	}, nil
}

func keepLabels(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for _, key := range []string{wfv1.LabelKeyCompleted, wfv1.LabelKeyWorkflowArchivingStatus, wfv1.LabelKeyControllerInstanceID} {
		if value, ok := labels[key]; ok {
			kept[key] = value
		}
	}
	return kept
}

// Reference names a workflow in Events.
func Reference(wf *wfv1.Workflow) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "Workflow", Namespace: wf.Namespace, Name: wf.Name, UID: wf.UID,
		ResourceVersion: wf.ResourceVersion,
	}
}
