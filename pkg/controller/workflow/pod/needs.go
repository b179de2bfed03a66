package pod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// needs are the helpers that a pod gets. Most get none.
type needs struct {
	// loads: there is more to bring than the wrapper: input artifacts, a long script, long arguments.
	loads bool
	// stage: something has to be brought into the pod before its containers start, by `init`.
	stage bool
	// hook: `wait` does that instead, at its start. It is the first container, and the kubelet starts the next one when the
	// hook that follows its start has ended. A container less that starts and ends before main saves about a second.
	hook bool
	// image: the wrapper is mounted from the image of the executor, and what it has to know stands in the environment. Nothing
	// is staged then.
	image bool
	// wrapper: the commands of the containers are run by our wrapper, which `init` brings.
	wrapper bool
	// wait: the container `wait` collects and reports outputs. It needs the wrapper.
	wait bool
	// progress: main says in a file how far it is, and `wait` reports that.
	progress bool
	// artifacts are loaded by `init` and stored by `wait`.
	artifacts artifacts
}

// needsOf finds out which helpers a step needs: `wait` if somebody reads its result, if output parameters are files, if there
// are artifacts or logs to store, or if it tells of its progress; the wrapper for that, and if containers depend on each
// other, have sidecars that have to be ended, or cannot run as Kubernetes would run them; `init`, unless `wait` can do it, for
// that, and to bring artifacts or a script that is too long for an annotation.
func needsOf(in Input, mains []corev1.Container, script string) (needs, error) {
	t := in.Template
	n := needs{}
	var err error
	if n.artifacts, err = artifactsOf(in, mains); err != nil {
		return n, err
	}
	n.loads = len(n.artifacts.inputs) > 0 || !fitsAnnotations(objectMeta(in).Annotations, script)
	if !reportsItself(in) {
		n.progress = tellsProgress(in, mains, script)
		n.wait = in.IncludeResult || n.progress || hasFileParameters(in) || len(n.artifacts.outputs) > 0
	}
	n.wait = n.wait || len(n.artifacts.logs) > 0
	n.wrapper = n.wait || len(t.Sidecars) > 0
	if set := t.ContainerSet; set != nil {
		n.wrapper = n.wrapper || set.RetryStrategy != nil
		for i := range set.Containers {
			n.wrapper = n.wrapper || len(set.Containers[i].Dependencies) > 0
		}
	}
	for i := range mains {
		long := tooLong(mains[i].Args)
		n.wrapper, n.loads = n.wrapper || long || pausesForDebugging(&mains[i]), n.loads || long
	}
	return n.settled(in), nil
}

// settled decides how what is needed gets into the pod.
func (n needs) settled(in Input) needs {
	n.image = n.wrapper && !n.loads && in.Settings.ImageVolume
	n.stage = n.loads || n.wrapper && !n.image
	n.hook = n.stage && n.wait && len(n.artifacts.inputs) == 0 && !in.Executor.StageByInit
	return n
}

// reportsItself tells whether main is a program of ours that collects and reports the outputs by itself (POD-01). When its log is
// stored, it hands them over to `wait`: a step has one report.
func reportsItself(in Input) bool { return in.Template.Resource != nil || in.Template.Data != nil }

func hasFileParameters(in Input) bool {
	for _, p := range in.Template.Outputs.Parameters {
		if p.ValueFrom != nil && p.ValueFrom.Path != "" {
			return true
		}
	}
	return false
}

func pausesForDebugging(c *corev1.Container) bool {
	return envIsTrue(c, "ARGO_DEBUG_PAUSE_BEFORE", "ARGO_DEBUG_PAUSE_AFTER")
}

// strangers are containers that a patch has added. They are sidecars: nobody waits for their end.
func strangers(spec *corev1.PodSpec, known []string) []string {
	var added []string
	for i := range spec.Containers {
		if name := spec.Containers[i].Name; !slices.Contains(known, name) {
			added = append(added, name)
		}
	}
	return added
}
