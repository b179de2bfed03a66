package pod

import (
	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// setScheduling decides where the pod runs: node selector, affinity and tolerations come whole from the template, else from
// the enclosing template, else from the workflow; scheduler and priority class from the template, else the workflow
// (POD-07).
func setScheduling(spec *corev1.PodSpec, in Input) {
	t, wf := in.Template, in.Spec
	boundary := in.Boundary
	if boundary == nil {
		boundary = &wfv1.Template{}
	}

	switch {
	case len(t.NodeSelector) > 0:
		spec.NodeSelector = t.NodeSelector
	case len(boundary.NodeSelector) > 0:
		spec.NodeSelector = boundary.NodeSelector
	default:
		spec.NodeSelector = wf.NodeSelector
	}
	switch {
	case t.Affinity != nil:
		spec.Affinity = t.Affinity
	case boundary.Affinity != nil:
		spec.Affinity = boundary.Affinity
	default:
		spec.Affinity = wf.Affinity
	}
	switch {
	case len(t.Tolerations) > 0:
		spec.Tolerations = t.Tolerations
	case len(boundary.Tolerations) > 0:
		spec.Tolerations = boundary.Tolerations
	default:
		spec.Tolerations = wf.Tolerations
	}
	spec.SchedulerName = firstSet(t.SchedulerName, wf.SchedulerName)
	spec.PriorityClassName = firstSet(t.PriorityClassName, wf.PodPriorityClassName)
}

// setResources forwards pod-level resources and resource claims; the template's replace the workflow's wholly (POD-14,
// POD-15).
func setResources(spec *corev1.PodSpec, in Input) {
	spec.Resources = in.Spec.PodResources
	if in.Template.PodResources != nil {
		spec.Resources = in.Template.PodResources
	}
	spec.ResourceClaims = in.Spec.ResourceClaims
	if in.Template.ResourceClaims != nil {
		spec.ResourceClaims = in.Template.ResourceClaims
	}
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
