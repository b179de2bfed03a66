package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// assessment is what a pod's status means for its node.
type assessment struct {
	phase         v1alpha1.NodePhase
	message       string
	daemoned      bool
	exitCode      *string
	finishedAt    metav1.Time
	progress      v1alpha1.Progress
	inVain        bool   // runs on only because our helper waits for a main that will never start
	early         bool   // its containers have ended well; Kubernetes has not said so of the pod yet
	noMoreOutputs bool   // our helper has ended without doing its work
	surplus       bool   // runs on only for containers that others have put into it
	removed       bool   // failed because somebody deleted it
	restartable   bool   // failed for a reason of the cluster, before main started (RTY-12)
	reason        string // of the pod
}

// podRole is what a pod's status does not tell and its template does.
type podRole struct {
	// unknown: the template is not at hand.
	unknown bool
	daemon  bool
	// set are the members of a container set, which are all main containers; nil for pods whose only one is called main.
	set []string
	// sidecars are those of the template.
	sidecars []string
	// ordered: members of the set wait for each other.
	ordered bool
	// reports: main reports the outputs itself.
	reports bool
}

// sidecar tells whether a container is neither a main container nor our helper. In a pod with a container main, all others
// are, unless they belong to its set.
func (p podRole) sidecar(pod *corev1.Pod, name string) bool {
	switch {
	case name == "main" || name == "wait" || name == "supervisor":
		return false
	case p.set != nil:
		return !slices.Contains(p.set, name)
	}
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == "main" })
}

// main tells whether a container is one whose end is the step's.
func (p podRole) main(name string) bool { return name == "main" || slices.Contains(p.set, name) }

// assess reads a pod's status.
func assess(pod *corev1.Pod, role podRole, now time.Time) assessment {
	daemon := role.daemon
	a := assessment{exitCode: exitCode(pod), reason: pod.Status.Reason, noMoreOutputs: waitFailed(pod)}
	if p, ok := v1alpha1.ParseProgress(pod.Annotations[v1alpha1.AnnotationKeyProgress]); ok {
		a.progress = p
	}
	switch pod.Status.Phase {
	case corev1.PodPending, "":
		a.phase, a.message = v1alpha1.NodePending, pendingReason(pod)
		return a
	case corev1.PodRunning:
		a.phase = v1alpha1.NodeRunning
		a.daemoned = daemon && allReady(pod)
		if Ended(pod, now) {
			a.early, a.daemoned, a.phase = true, false, v1alpha1.NodeSucceeded
			if daemon {
				a.phase = v1alpha1.NodeFailed
			}
			a.finishedAt = lastFinished(pod)
			return a
		}
		if alone := withoutInjected(pod, role, now); alone != nil {
			a = assess(alone, role, now)
			a.early, a.surplus = true, true
			return a
		}
		if t := neverStarted(pod, role); t != "" {
			a.inVain, a.phase, a.message = true, v1alpha1.NodeFailed, t
		}
		return a
	case corev1.PodSucceeded:
		a.phase = v1alpha1.NodeSucceeded
		if daemon { // a daemon has to be ended, not to end (RTY-09)
			a.phase = v1alpha1.NodeFailed
		}
	case corev1.PodFailed:
		if removed(pod) {
			a.removed, a.phase, a.message = true, v1alpha1.NodeError, podDeleted
			break
		}
		a.phase, a.message = failure(pod, role)
		if a.phase == v1alpha1.NodeSucceeded && daemon {
			a.phase = v1alpha1.NodeFailed
		}
		a.restartable = mainNeverStarted(pod, role) && slices.Contains(clusterReasons, pod.Status.Reason)
	default:
		a.phase, a.message = v1alpha1.NodeError, fmt.Sprintf("Unexpected pod phase for %s: %s", pod.Name, pod.Status.Phase)
		return a
	}
	a.finishedAt = lastFinished(pod)
	return a
}

// deadlineMargin is how long before its deadline a pod counts as one that may be ended by it.
const deadlineMargin = 2 * time.Second

// Ended tells whether a pod that is said to run has ended well: each of its containers has, with exit code 0. The kubelet says
// that of the containers about a second before it says it of the pod, because it first takes everything down that belongs to
// the pod; nobody has to wait for that. Where Kubernetes may be ending the pod for reasons of its own, which it names with
// the phase, the phase is what counts.
func Ended(pod *corev1.Pod, now time.Time) bool {
	if !undisturbed(pod, now) || len(pod.Status.ContainerStatuses) < max(len(pod.Spec.Containers), 1) {
		return false
	}
	for i := range pod.Status.ContainerStatuses {
		if t := pod.Status.ContainerStatuses[i].State.Terminated; t == nil || t.ExitCode != 0 {
			return false
		}
	}
	return true
}

// undisturbed tells whether Kubernetes says of a pod that it runs, and has no reason of its own to end it.
func undisturbed(pod *corev1.Pod, now time.Time) bool {
	if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
		return false
	}
	if d := pod.Spec.ActiveDeadlineSeconds; d != nil {
		started := pod.Status.StartTime
		if started == nil || !now.Before(started.Add(time.Duration(*d)*time.Second-deadlineMargin)) {
			return false
		}
	}
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].RestartPolicy != nil { // it may be started again
			return false
		}
	}
	return !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
}

// clusterReasons are pod failures that are no fault of the workflow.
var clusterReasons = []string{"Evicted", "NodeShutdown", "NodeAffinity", "UnexpectedAdmissionError"}

// pendingReason is why a pod does not run yet (POD-22).
func pendingReason(pod *corev1.Pod) string {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			w := list[i].State.Waiting
			if w == nil || w.Reason == "" || w.Reason == "PodInitializing" || w.Reason == "ContainerCreating" {
				continue
			}
			return reasonText(w.Reason, w.Message)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return reasonText(c.Reason, c.Message)
		}
	}
	return ""
}

func reasonText(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + ": " + message
}

// restartable tells whether an init container is one that runs beside the others and is ended with the pod, such as an artifact
// driver: how it ends, fails no pod.
func restartable(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// failure finds whom to blame for a failed pod (EXE-04): the pod's own message, init containers, main containers, our helper,
// sidecars.
func failure(pod *corev1.Pod, role podRole) (v1alpha1.NodePhase, string) {
	if pod.Status.Message != "" {
		return v1alpha1.NodeFailed, pod.Status.Message
	}
	for i := range pod.Status.InitContainerStatuses {
		if t := pod.Status.InitContainerStatuses[i].State.Terminated; t != nil && t.ExitCode != 0 && !restartable(pod, pod.Status.InitContainerStatuses[i].Name) {
			return v1alpha1.NodeError, exitText(pod.Status.InitContainerStatuses[i].Name, t)
		}
	}
	statuses := slices.Clone(pod.Status.ContainerStatuses)
	slices.SortStableFunc(statuses, func(a, b corev1.ContainerStatus) int {
		return cmp.Or(blame(pod, role, &a)-blame(pod, role, &b), endOf(&a).Compare(endOf(&b)))
	})
	fine := map[string]bool{}
	for i := range statuses {
		c := &statuses[i]
		t := c.State.Terminated
		switch {
		case t == nil && c.State.Waiting != nil && c.State.Waiting.Reason != "" && !role.sidecar(pod, c.Name):
			return v1alpha1.NodeError, fmt.Sprintf("Pod failed before %s container starts due to %s: %s", c.Name, c.State.Waiting.Reason, c.State.Waiting.Message)
		case t == nil:
			continue
		case t.ExitCode == 0:
			fine[c.Name] = true
			continue
		}
		switch {
		case c.Name == "wait" || c.Name == "supervisor":
			return v1alpha1.NodeError, exitText(c.Name, t)
		case role.sidecar(pod, c.Name) && (t.ExitCode == 137 || t.ExitCode == 143):
			continue
		default:
			return v1alpha1.NodeFailed, exitText(c.Name, t)
		}
	}
	return unexplained(pod, role, fine)
}

// unexplained is for a pod in which no container tells why it failed.
func unexplained(pod *corev1.Pod, role podRole, fine map[string]bool) (v1alpha1.NodePhase, string) {
	main, wait := true, fine["wait"] || !hasWait(pod)
	for i := range pod.Spec.Containers {
		if name := pod.Spec.Containers[i].Name; role.main(name) && !fine[name] {
			main = false
		}
	}
	switch {
	case main && wait:
		return v1alpha1.NodeSucceeded, ""
	case main:
		return v1alpha1.NodeFailed, "pod failed: wait container did not complete successfully" + disruption(pod)
	case wait:
		return v1alpha1.NodeFailed, "pod failed: main container did not complete successfully" + disruption(pod)
	default:
		return v1alpha1.NodeFailed, "pod failed: neither main nor wait container completed successfully" + disruption(pod)
	}
}

// disruption is what Kubernetes says about why it ended a pod, such as that its node is gone.
func disruption(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return ": " + reasonText(c.Reason, c.Message)
		}
	}
	return ""
}

// blame orders containers: main ones first, then those that failed only because another did, then our helper, then sidecars.
func blame(pod *corev1.Pod, role podRole, c *corev1.ContainerStatus) int {
	t := c.State.Terminated
	switch {
	case t != nil && t.ExitCode == exitOwnFailure && strings.HasPrefix(t.Message, wrapperWords+"dependency "):
		return 2
	case c.Name == "main":
		return 0
	case c.Name == "wait" || c.Name == "supervisor":
		return 3
	case role.sidecar(pod, c.Name):
		return 4
	}
	return 1
}

// endOf is when a container ended; those that have not come last.
func endOf(c *corev1.ContainerStatus) time.Time {
	if c.State.Terminated == nil {
		return time.Unix(1<<40, 0)
	}
	return c.State.Terminated.FinishedAt.Time
}

// exitText is `<container>: <reason> (exit code N)`, with the container's own last words if there are any.
func exitText(name string, t *corev1.ContainerStateTerminated) string {
	reason := t.Reason
	if reason == "" {
		reason = "Error"
	}
	text := fmt.Sprintf("%s: %s (exit code %d)", name, reason, t.ExitCode)
	if words := strings.TrimSpace(t.Message); words != "" {
		text += ": " + words
	}
	return text
}

// exitCode is the exit code of main, once it has one (PRM-15).
func exitCode(pod *corev1.Pod) *string {
	for i := range pod.Status.ContainerStatuses {
		if c := &pod.Status.ContainerStatuses[i]; c.Name == "main" && c.State.Terminated != nil {
			code := strconv.Itoa(int(c.State.Terminated.ExitCode))
			return &code
		}
	}
	return nil
}

func allReady(pod *corev1.Pod) bool {
	// Of a pod that it is ending, the kubelet calls a container ready whose probe never said so: it has stopped to probe. The
	// condition tells the truth.
	if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.ContainersReady && c.Status == corev1.ConditionFalse
	}) {
		return false
	}
	if len(pod.Status.ContainerStatuses) == 0 || len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return false
	}
	for i := range pod.Status.ContainerStatuses {
		if !pod.Status.ContainerStatuses[i].Ready {
			return false
		}
	}
	return true
}

// waitFailed reports whether our helper can report nothing more: it failed, or the pod ended without it.
func waitFailed(pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodFailed {
		return false
	}
	for i := range pod.Status.ContainerStatuses {
		if c := &pod.Status.ContainerStatuses[i]; c.Name == "wait" {
			return c.State.Terminated == nil || c.State.Terminated.ExitCode != 0
		}
	}
	return true
}

func mainNeverStarted(pod *corev1.Pod, role podRole) bool {
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		if role.main(c.Name) && (c.State.Running != nil || c.State.Terminated != nil || c.LastTerminationState.Terminated != nil) {
			return false
		}
	}
	return true
}

// The exit codes of our wrapper when it could not even try the user's command, and when it failed later, and how its last
// words begin.
const (
	exitBeforeMain = 65
	exitOwnFailure = 64
	wrapperWords   = "fairlead: "
)

// neverStarted is the message about a main container that ended without the lock by which the others see its end: Kubernetes
// could not start it, or the wrapper could not begin. Without us, what waits for that end would wait for ever: our helper,
// sidecars, or members of the same set. Empty: there is no such container, or nothing that waits.
func neverStarted(pod *corev1.Pod, role podRole) string {
	if !someoneWaits(pod, role) {
		return ""
	}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		t := c.State.Terminated
		if !role.main(c.Name) || t == nil {
			continue
		}
		if t.Reason == "StartError" || t.Reason == "ContainerCannotRun" || t.ExitCode == exitBeforeMain && strings.HasPrefix(t.Message, wrapperWords) {
			return exitText(c.Name, t)
		}
	}
	return ""
}

func lastFinished(pod *corev1.Pod) metav1.Time {
	var last metav1.Time
	for i := range pod.Status.ContainerStatuses {
		if t := pod.Status.ContainerStatuses[i].State.Terminated; t != nil && t.FinishedAt.After(last.Time) {
			last = t.FinishedAt
		}
	}
	return last
}
