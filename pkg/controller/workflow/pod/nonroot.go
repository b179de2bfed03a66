package pod

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/executor/task"
)

// rootsRights are what `init` needs to write where main, as root with the rights that a runtime gives, could: into directories, and
// over files, of other users. Both are within the Pod Security Standard "baseline".
var rootsRights = []corev1.Capability{"DAC_OVERRIDE", "FOWNER"}

// allowRoot has `init` run as root where it brings artifacts into a volume of the user's that may belong to root, as new volumes of
// most kinds do, unless somebody says who the pod or main is (ART-01, VOL-06). It keeps out of restricted namespaces by itself: their
// pods have to promise not to be root, and one that does is left as it is. What the configuration says counts as it stands.
func allowRoot(spec *corev1.PodSpec, in Input) {
	i := slices.IndexFunc(spec.InitContainers, func(c corev1.Container) bool { return c.Name == InitContainerName && isHelper(&c) })
	if s := in.Settings.Executor; s != nil && s.SecurityContext != nil || i < 0 {
		return
	}
	first := &spec.InitContainers[i]
	if first.SecurityContext == nil || first.SecurityContext.RunAsNonRoot != nil || !writesForeign(spec, first) {
		return
	}
	own, user, never := *first.SecurityContext, first.SecurityContext.RunAsUser, (*bool)(nil)
	if pod := spec.SecurityContext; pod != nil {
		never = pod.RunAsNonRoot
		if user == nil {
			user = pod.RunAsUser
		}
	}
	if main := mainOf(spec.Containers).SecurityContext; main != nil && main.RunAsNonRoot != nil {
		never = main.RunAsNonRoot
	}
	if never != nil && *never || user != nil && *user != 0 {
		return
	}
	own.RunAsUser = new(int64(0))
	caps := corev1.Capabilities{}
	if own.Capabilities != nil {
		caps = *own.Capabilities
	}
	caps.Add = append(slices.Clone(caps.Add), rootsRights...)
	own.Capabilities = &caps
	first.SecurityContext = &own
}

// writesForeign tells whether a helper has a mount of main's in which not everybody may write: of any volume but an empty one.
func writesForeign(spec *corev1.PodSpec, helper *corev1.Container) bool {
	return slices.ContainsFunc(helper.VolumeMounts, func(m corev1.VolumeMount) bool {
		return strings.HasPrefix(m.MountPath, task.MirrorDir+"/") &&
			!slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && v.EmptyDir != nil })
	})
}

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
