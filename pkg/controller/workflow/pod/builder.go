// Package pod turns a step of a workflow into the Pod that runs it. A step that needs nothing from Fairlead gets nothing
// from it: the user's container as written, no init container, no wrapper, no sidecar. A step whose outputs somebody has to
// collect gets helpers: `init` brings a small wrapper for main, and `wait` reports what main leaves.
package pod

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// Input is everything a pod is made of. The builder reads it and changes none of it.
type Input struct {
	// PodRequest is what the engine asks for.
	engine.PodRequest
	// Workflow gives name, namespace and UID of the owner.
	Workflow *wfv1.Workflow
	// Spec is the effective spec of the workflow: its own, or the one merged with the template it refers to.
	Spec *wfv1.WorkflowSpec
	// Claims are the volumes made from the workflow's volumeClaimTemplates.
	Claims []corev1.Volume
	// Ordinal is the node's ordinal, with which the helpers report.
	Ordinal int64
	// Executor is what the helpers of steps that need them are made of.
	Executor Executor
	// Settings are what the installation's configuration says.
	Settings Settings
	// Repository is the artifact repository of the workflow; nil: it has none.
	Repository *wfv1.ArtifactRepository
	// Commands finds out what images run, for wrapped containers without a command whose image the settings do not list; nil:
	// there is nobody to ask.
	Commands CommandLookup
	// HostLabel is the node label by which retries avoid hosts; empty: kubernetes.io/hostname.
	HostLabel string
	// Now is when the pod is made; deadlines are counted from it.
	Now time.Time
}

// Build returns the pod, or an error that names the template and the field that stands in the way. The error is meant for
// the message of the node.
func Build(in Input) (*corev1.Pod, error) {
	if err := refuseUnsupported(in); err != nil {
		return nil, err
	}
	mains, script, err := mainContainers(in)
	if err != nil {
		return nil, err
	}
	n, err := needsOf(in, mains, script)
	if err != nil {
		return nil, err
	}
	if err := n.artifacts.mountInputs(mains); err != nil {
		return nil, fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	return build(in, mains, script, n)
}

func build(in Input, mains []corev1.Container, script string, n needs) (*corev1.Pod, error) {
	users := sidecars(in.Template, mains)
	var known, names []string
	for _, c := range mains {
		names = append(names, c.Name)
	}
	known = append(append(known, WaitContainerName), names...)
	for _, c := range users {
		known = append(known, c.Name)
	}

	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: objectMeta(in),
		Spec: corev1.PodSpec{
			RestartPolicy:         corev1.RestartPolicyNever,
			Containers:            slices.Clone(mains),
			ActiveDeadlineSeconds: activeDeadlineSeconds(in),
		},
	}
	if slices.ContainsFunc(mains, func(c corev1.Container) bool { return pausesForDebugging(&c) }) {
		pod.Spec.ActiveDeadlineSeconds = nil // somebody looks around in it
	}
	setScheduling(&pod.Spec, in)
	avoidHosts(&pod.Spec, in)
	setNetwork(&pod.Spec, in)
	setIdentity(&pod.Spec, in)
	setResources(&pod.Spec, in)
	addInitContainers(&pod.Spec, in.Template)
	if script != "" && fitsAnnotations(pod.Annotations, script) {
		mountScript(pod, script)
		script = ""
	}
	pod.Spec.Containers = append(pod.Spec.Containers, users...)
	var work *task.Task
	var err error
	if n.stage || n.wrapper {
		if work, err = addHelpers(&pod.Spec, in, len(mains), script, n); err != nil {
			return nil, err
		}
	}
	n.artifacts.addDriversTo(&pod.Spec, in)
	if reportsItself(in) {
		if err := addReporting(&pod.Spec, in, n); err != nil {
			return nil, err
		}
	}
	addVolumes(&pod.Spec, in)
	if err := applyPodSpecPatches(&pod.Spec, in); err != nil {
		return nil, err
	}
	addVolumes(&pod.Spec, in) // a patch may mount more of them
	if err := checkVolumes(&pod.Spec, in); err != nil {
		return nil, err
	}
	allowRoot(&pod.Spec, in)
	denyRoot(&pod.Spec, in, isHelper)
	switch {
	case !n.wrapper && len(strangers(&pod.Spec, known)) > 0:
		n.wrapper = true
		return build(in, mains, script, n.settled(in))
	case n.wrapper:
		err = wrapContainers(&pod.Spec, in, names, work, n)
	case work != nil:
		err = hand(&pod.Spec, in, work, nil, n)
	case reportsItself(in):
		err = handAlone(&pod.Spec, in)
	default:
		addNamed(&pod.Spec, in, names)
	}
	if errors.Is(err, errTooLong) && !n.loads {
		n.loads = true
		return build(in, mains, script, n.settled(in))
	}
	if err != nil {
		return nil, err
	}
	if added := strangers(&pod.Spec, known); len(added) > 0 {
		pod.Annotations[wfv1.AnnotationKeySidecars] = strings.Join(added, ",")
	}
	if err := checkAnnotationSize(pod, in.Template); err != nil {
		return nil, err
	}
	return pod, nil
}

// templateName is how messages call a template; one written inline has no name.
func templateName(t *wfv1.Template) string {
	if t.Name == "" {
		return "inline template"
	}
	return "template " + t.Name
}
