package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TTLStrategy says how long a finished workflow is kept. The setting that fits the result more closely wins over
// `secondsAfterCompletion`.
type TTLStrategy struct {
	// Seconds to keep the workflow after its end, whatever the result.
	// +optional
	SecondsAfterCompletion *int32 `json:"secondsAfterCompletion,omitempty"`
	// Seconds to keep the workflow after it has succeeded.
	// +optional
	SecondsAfterSuccess *int32 `json:"secondsAfterSuccess,omitempty"`
	// Seconds to keep the workflow after it has failed or ended in an error.
	// +optional
	SecondsAfterFailure *int32 `json:"secondsAfterFailure,omitempty"`
}

// PodGCStrategy says when finished pods are deleted.
type PodGCStrategy string

const (
	// PodGCOnPodNone keeps pods as long as the workflow.
	PodGCOnPodNone PodGCStrategy = ""
	// PodGCOnPodCompletion deletes a pod when it has ended.
	PodGCOnPodCompletion PodGCStrategy = "OnPodCompletion"
	// PodGCOnPodSuccess deletes a pod when it has succeeded.
	PodGCOnPodSuccess PodGCStrategy = "OnPodSuccess"
	// PodGCOnWorkflowCompletion deletes all pods when the workflow is over.
	PodGCOnWorkflowCompletion PodGCStrategy = "OnWorkflowCompletion"
	// PodGCOnWorkflowSuccess deletes all pods when the workflow has succeeded.
	PodGCOnWorkflowSuccess PodGCStrategy = "OnWorkflowSuccess"
)

// PodGC says which finished pods are deleted, and when.
type PodGC struct {
	// OnPodCompletion, OnPodSuccess, OnWorkflowCompletion or OnWorkflowSuccess. Empty keeps pods as long as the workflow.
	// +optional
	Strategy PodGCStrategy `json:"strategy,omitempty"`
	// Only pods with these labels are deleted. Default: all.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
	// How long to wait before deleting, as seconds (`30`) or a duration (`1m30s`). Default: the controller's setting, 5s.
	// +optional
	DeleteDelayDuration string `json:"deleteDelayDuration,omitempty"`
}

// GetStrategy returns the strategy, also of a PodGC that is absent.
func (p *PodGC) GetStrategy() PodGCStrategy {
	if p == nil {
		return PodGCOnPodNone
	}
	return p.Strategy
}

// Selector returns the selector of the pods to delete; it matches everything when none is set.
func (p *PodGC) Selector() (labels.Selector, error) {
	if p == nil || p.LabelSelector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(p.LabelSelector)
}

// VolumeClaimGCStrategy says when claims made from volumeClaimTemplates are deleted.
type VolumeClaimGCStrategy string

const (
	// VolumeClaimGCOnCompletion deletes the claims when the workflow is over.
	VolumeClaimGCOnCompletion VolumeClaimGCStrategy = "OnWorkflowCompletion"
	// VolumeClaimGCOnSuccess deletes the claims when the workflow has succeeded.
	VolumeClaimGCOnSuccess VolumeClaimGCStrategy = "OnWorkflowSuccess"
)

// VolumeClaimGC says when the claims of a workflow are deleted.
type VolumeClaimGC struct {
	// OnWorkflowCompletion or OnWorkflowSuccess. Default: OnWorkflowSuccess, so that the data of a failed run stays.
	// +optional
	Strategy VolumeClaimGCStrategy `json:"strategy,omitempty"`
}

// GetStrategy returns the strategy with its default, also of a VolumeClaimGC that is absent.
func (v *VolumeClaimGC) GetStrategy() VolumeClaimGCStrategy {
	if v == nil || v.Strategy == "" {
		return VolumeClaimGCOnSuccess
	}
	return v.Strategy
}

// WorkflowMetadata is put on the Workflow object when it starts.
type WorkflowMetadata struct {
	// Labels to set.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations to set.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// Labels whose value is computed from the arguments of the workflow.
	// +optional
	// +patchStrategy=replace
	LabelsFrom map[string]LabelValueFrom `json:"labelsFrom,omitempty" patchStrategy:"replace"`
}

// LabelValueFrom computes the value of a label.
type LabelValueFrom struct {
	// Expression whose result is the value, e.g. `workflow.parameters.team`.
	Expression string `json:"expression"`
}

// EstimatedDuration is an expected duration in whole seconds.
type EstimatedDuration int

// ToDuration converts the estimate to a Go duration.
func (d EstimatedDuration) ToDuration() time.Duration { return time.Duration(d) * time.Second }
