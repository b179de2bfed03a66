package pod

import (
	corev1 "k8s.io/api/core/v1"
)

// denyRoot has containers of ours promise that they do not run as root, as restricted namespaces demand of every container. Their image
// runs as another user. Left out are those that are to be root: because the pod is, or main, whose files they move. What the
// configuration says about them counts as it stands.
func denyRoot(spec *corev1.PodSpec, in Input, ours func(*corev1.Container) bool) {
	if s := in.Settings.Executor; s != nil && s.SecurityContext != nil {
		return
	}
	var pod corev1.PodSecurityContext
	if spec.SecurityContext != nil {
		pod = *spec.SecurityContext
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			own := list[i].SecurityContext
			if !ours(&list[i]) || own == nil || own.RunAsNonRoot != nil {
				continue
			}
			user := own.RunAsUser
			if user == nil {
				user = pod.RunAsUser
			}
			if user != nil && *user == 0 {
				continue
			}
			confined := *own
			confined.RunAsNonRoot = new(true)
			list[i].SecurityContext = &confined
		}
	}
}
