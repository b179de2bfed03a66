package pod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// needs are the helpers that a pod gets. Most get none.
type needs struct {
	// stage: something has to be brought into the pod before its containers start, by `init`.
	stage bool
	// hook: `wait` does that instead, at its start. It is the first container, and the kubelet starts the next one when the
	// hook that follows its start has ended. A container less that starts and ends before main saves about a second.
	hook bool
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
	n.stage = !fitsAnnotations(objectMeta(in).Annotations, script)
	if !reportsItself(in) {
		n.progress = tellsProgress(in, mains, script)
		n.wait = in.IncludeResult || n.progress || hasFileParameters(in) || len(n.artifacts.outputs)+len(n.artifacts.logs) > 0
	}
	n.wrapper = n.wait || len(t.Sidecars) > 0
	if set := t.ContainerSet; set != nil {
		n.wrapper = n.wrapper || set.RetryStrategy != nil
		for i := range set.Containers {
			n.wrapper = n.wrapper || len(set.Containers[i].Dependencies) > 0
		}
	}
	for i := range mains {
		n.wrapper = n.wrapper || tooLong(mains[i].Args) || pausesForDebugging(&mains[i])
	}
	n.stage = n.stage || n.wrapper || len(n.artifacts.inputs) > 0
	n.hook = n.wait && len(n.artifacts.inputs) == 0 && !in.Executor.StageByInit
	return n, nil
}

// reportsItself tells whether main is a program of ours that collects and reports the outputs by itself (POD-01).
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
func strangers(spec *corev1.PodSpec, known []string) bool {
	return slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return !slices.Contains(known, c.Name) })
}
