package pod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// avoidHosts keeps a retry away from the hosts on which earlier attempts failed (RTY-07). Every alternative of a required
// node affinity has to say so, because Kubernetes takes any one of them.
func avoidHosts(spec *corev1.PodSpec, in Input) {
	if len(in.FailedHosts) == 0 {
		return
	}
	label := in.HostLabel
	if label == "" {
		label = corev1.LabelHostname
	}
	avoid := corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpNotIn, Values: in.FailedHosts}

	affinity := spec.Affinity.DeepCopy()
	if affinity == nil {
		affinity = &corev1.Affinity{}
	}
	if affinity.NodeAffinity == nil {
		affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		required = &corev1.NodeSelector{}
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
	}
	if len(required.NodeSelectorTerms) == 0 {
		required.NodeSelectorTerms = []corev1.NodeSelectorTerm{{}}
	}
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		term.MatchExpressions = append(slices.Clone(term.MatchExpressions), avoid)
	}
	spec.Affinity = affinity
}
