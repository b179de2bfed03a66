package engine

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// units are what a second of one unit of a resource is counted in (NOD-08).
var units = map[corev1.ResourceName]resource.Quantity{
	corev1.ResourceCPU:              resource.MustParse("1"),
	corev1.ResourceMemory:           resource.MustParse("100Mi"),
	corev1.ResourceEphemeralStorage: resource.MustParse("10Gi"),
}

// assumed is what a container without requests and limits counts as.
var assumed = corev1.ResourceList{
	corev1.ResourceCPU:    resource.MustParse("100m"),
	corev1.ResourceMemory: resource.MustParse("100Mi"),
}

// podResources is what a pod has taken: seconds times what its containers requested, else were limited to.
func podResources(pod *corev1.Pod, now time.Time) v1alpha1.ResourcesDuration {
	requested := map[string]corev1.ResourceList{}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			requested[list[i].Name] = requests(&list[i])
		}
	}
	var total v1alpha1.ResourcesDuration
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			seconds := ran(&list[i].State, now).Seconds()
			used := v1alpha1.ResourcesDuration{}
			for name, amount := range requested[list[i].Name] {
				unit, ok := units[name]
				if !ok {
					unit = units[corev1.ResourceCPU]
				}
				used[name] = v1alpha1.ResourceDuration(seconds * amount.AsApproximateFloat64() / unit.AsApproximateFloat64())
			}
			total = total.Add(used)
		}
	}
	return total
}

// requests are a container's requests, completed by its limits and by what is assumed.
func requests(c *corev1.Container) corev1.ResourceList {
	list := corev1.ResourceList{}
	for name, amount := range assumed {
		list[name] = amount
	}
	for name, amount := range c.Resources.Limits {
		list[name] = amount
	}
	for name, amount := range c.Resources.Requests {
		list[name] = amount
	}
	return list
}

func ran(state *corev1.ContainerState, now time.Time) time.Duration {
	switch {
	case state.Terminated != nil:
		return state.Terminated.FinishedAt.Sub(state.Terminated.StartedAt.Time)
	case state.Running != nil:
		return now.Sub(state.Running.StartedAt.Time)
	}
	return 0
}
