package workflow

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// EventRecorder emits Kubernetes Events about workflows.
type EventRecorder interface {
	// Event tells about a workflow; type is Normal or Warning. It never waits.
	Event(wf *wfv1.Workflow, eventType, reason, message string)
}

// podEventRecorder emits Events about pods; a recorder that does not leaves those to the workflow.
type podEventRecorder interface {
	PodEvent(namespace, name string, uid types.UID, eventType, reason, message string)
}

type clientRecorder struct{ recorder record.EventRecorder }

// NewEventRecorder emits Events through client-go's recorder, which merges repeats.
func NewEventRecorder(recorder record.EventRecorder) EventRecorder { return clientRecorder{recorder} }

// Event emits a Kubernetes Event about the workflow.
func (c clientRecorder) Event(wf *wfv1.Workflow, eventType, reason, message string) {
	// Objects from an informer do not carry their kind, so the reference is spelt out.
	ref := &corev1.ObjectReference{
		APIVersion:      wfv1.SchemeGroupVersion.String(),
		Kind:            "Workflow",
		Namespace:       wf.Namespace,
		Name:            wf.Name,
		UID:             wf.UID,
		ResourceVersion: wf.ResourceVersion,
	}
	c.recorder.Event(ref, eventType, reason, message)
}

// PodEvent emits a Kubernetes Event about a pod.
func (c clientRecorder) PodEvent(namespace, name string, uid types.UID, eventType, reason, message string) {
	c.recorder.Event(&corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: name, UID: uid}, eventType, reason, message)
}
