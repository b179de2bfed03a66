// Package ended tells workflows that are over from the others, which come by the same watch, and makes what is kept of them
// small: the loops that clean up after them need little, and there may be thousands.
package ended

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// PhaseIndex indexes workflows that are over by phase.
	PhaseIndex = "ended-phase"
	// OriginIndex indexes those that succeeded by where they come from; Origin makes its keys.
	OriginIndex = "ended-origin"
)

// origins are the labels that name what a workflow was made from.
var origins = []string{wfv1.LabelKeyWorkflowTemplate, wfv1.LabelKeyClusterWorkflowTemplate, wfv1.LabelKeyCronWorkflow}

// Is tells whether a workflow is over and its end dealt with, so that nobody runs it any more (CTL-12).
func Is(wf *wfv1.Workflow) bool { return wf.Labels[wfv1.LabelKeyCompleted] == "true" }

// Only hands on what is about workflows that are over. One that gets there is an addition, one that is run again a deletion.
func Only(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.FilteringResourceEventHandler{FilterFunc: func(obj any) bool { wf := workflowOf(obj); return wf != nil && Is(wf) }, Handler: handler}
}

// Except hands on what is about all other workflows. One that ends is a deletion, one that is run again an addition.
func Except(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.FilteringResourceEventHandler{FilterFunc: func(obj any) bool { wf := workflowOf(obj); return wf == nil || !Is(wf) }, Handler: handler}
}

// workflowOf is the workflow that a handler is told of; nil: it is none, or not known.
func workflowOf(obj any) *wfv1.Workflow {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	wf, _ := obj.(*wfv1.Workflow)
	return wf
}

// Origin is a key of OriginIndex: workflows of a namespace that were made from something, which a label names.
func Origin(namespace, label, name string) string { return namespace + " " + label + "=" + name }

// Indexers are the indexers that the informer of workflows needs.
func Indexers() cache.Indexers {
	return cache.Indexers{
		PhaseIndex: func(obj any) ([]string, error) {
			if wf := workflowOf(obj); wf != nil && Is(wf) {
				return []string{string(wf.Status.Phase)}, nil
			}
			return nil, nil
		},
		OriginIndex: func(obj any) ([]string, error) {
			wf := workflowOf(obj)
			if wf == nil || !Is(wf) || wf.Status.Phase != wfv1.WorkflowSucceeded {
				return nil, nil
			}
			var keys []string
			for _, label := range origins {
				if name := wf.Labels[label]; name != "" {
					keys = append(keys, Origin(wf.Namespace, label, name))
				}
			}
			return keys, nil
		},
	}
}

// Keep is what is kept of a workflow that is over. NOTE: of its spec it has only ttlStrategy and artifactGC, those of the
// spec that counted, and of its status only phase, times, where the nodes are and how far artifact GC is.
func Keep(wf *wfv1.Workflow) *wfv1.Workflow {
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
			Phase: wf.Status.Phase, StartedAt: wf.Status.StartedAt, FinishedAt: wf.Status.FinishedAt,
			NodeStorage: wf.Status.NodeStorage.DeepCopy(), ArtifactGCStatus: wf.Status.ArtifactGCStatus.DeepCopy(),
		},
	}
}

func keepLabels(labels map[string]string) map[string]string {
	kept := map[string]string{}
	keep := func(keys ...string) {
		for _, key := range keys {
			if value, ok := labels[key]; ok {
				kept[key] = value
			}
		}
	}
	keep(wfv1.LabelKeyCompleted, wfv1.LabelKeyWorkflowArchivingStatus, wfv1.LabelKeyControllerInstanceID)
	keep(origins...)
	return kept
}

// Reference names a workflow in Events.
func Reference(wf *wfv1.Workflow) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: wfv1.SchemeGroupVersion.String(), Kind: "Workflow", Namespace: wf.Namespace, Name: wf.Name, UID: wf.UID,
		ResourceVersion: wf.ResourceVersion,
	}
}
