package engine

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// observe takes in one event.
func (r *Run) observe(event Event) {
	switch ev := event.(type) {
	case PodObserved:
		r.observePod(ev)
	case PodGone:
		r.podGone(ev)
	case PodRefused:
		r.podRefused(ev)
	case ResultReported:
		r.resultReported(ev)
	case TemplateResolved:
		r.answers[ev.Request] = ev
		for _, f := range r.asked[ev.Request] {
			r.touch(f)
		}
		delete(r.asked, ev.Request)
		r.compare(ev)
	case ClaimsMade:
		r.claimed = true
	case ClaimsRefused:
		r.claimsRefused(ev)
	case HeaderChanged:
		r.headerChanged(ev.Workflow)
		r.reread()
	}
}

// headerChanged takes over what users may change while a workflow runs.
func (r *Run) headerChanged(wf *v1alpha1.Workflow) {
	if wf == nil {
		return
	}
	r.setHeader(wf)
	for key, value := range r.labels { // decided but perhaps not stored yet
		r.wf.Labels = with(r.wf.Labels, key, value)
	}
	for key, value := range r.annotations {
		r.wf.Annotations = with(r.wf.Annotations, key, value)
	}
	if !r.booted { // worked out anew when it begins
		r.globals = nil
		return
	}
	if r.over {
		return
	}
	r.refreshSpec()
	r.setMetadataGlobals()
	r.setDeadline()
}

// obeyShutdown stops what runs once the user wants the workflow to end: after a change, and after a restart that finds the
// wish among what is stored.
func (r *Run) obeyShutdown() {
	if s := r.shutdown(); s.Enabled() && s != r.stopped {
		r.stopped = s
		r.haltLeaves()
	}
}

func with(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

// observePod takes over what a pod's status says. The UID decides whose pod it is (DESIGN: an attempt never has two pods).
func (r *Run) observePod(ev PodObserved) {
	pod := ev.Pod
	e := r.table[ev.NodeID]
	switch {
	case pod == nil:
		return
	case e == nil, e.st.PodUID != "" && e.st.PodUID != pod.UID:
		if pod.DeletionTimestamp == nil {
			r.out.Delete = append(r.out.Delete, PodRef{NodeID: ev.NodeID, Name: pod.Name, UID: pod.UID})
		}
		return
	case e.st.PodUID == "":
		e.stopped = false
		r.change(e, func(st *v1alpha1.NodeStatus) { st.PodUID = pod.UID })
	}
	if e.over() {
		delete(r.unclear, ev.NodeID)
		r.podAfterEnd(e, pod)
		return
	}
	role := r.podRole(e)
	r.noteUnclear(ev, role)
	a := assess(pod, role, r.now.Time)
	r.podSeen = r.podSeen || a.phase != v1alpha1.NodePending
	if e.st.Completed() { // only its outputs are missing
		if a.noMoreOutputs {
			r.writeOff(e)
		}
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			r.podFinished(e)
		}
		return
	}
	r.takeOver(e, pod, a, role)
}

// podAfterEnd deals with the pod of a node that has ended: it is stopped, or handed on.
func (r *Run) podAfterEnd(e *entry, pod *corev1.Pod) {
	switch pod.Status.Phase {
	case corev1.PodSucceeded, corev1.PodFailed:
		r.podFinished(e)
	default:
		if pod.DeletionTimestamp == nil && !Ended(pod, r.now.Time) {
			r.stopPod(e, pod.Status.Phase == corev1.PodPending)
		}
	}
}

func (r *Run) podFinished(e *entry) {
	if !e.finished {
		e.finished = true
		r.out.Finished = append(r.out.Finished, r.podRef(e))
	}
}

// takeOver changes a node as its pod has changed.
func (r *Run) takeOver(e *entry, pod *corev1.Pod, a assessment, role podRole) {
	st := &e.st
	if a.removed && st.Phase == v1alpha1.NodePending && Unstarted(pod) {
		r.replace(e)
		return
	}
	if pod.Status.Phase == corev1.PodFailed && a.restartable && st.FailedPodRestarts < r.opts.RestartFailedPods {
		r.restart(e, pod, a)
		return
	}
	if len(e.members) > 0 {
		r.watchContainers(e, pod)
	}
	if a.inVain {
		// It runs: it is to be stopped, not deleted, so that people can look at it.
		r.change(e, func(st *v1alpha1.NodeStatus) { st.Phase, st.HostNodeName = v1alpha1.NodeRunning, pod.Spec.NodeName })
		r.halt(e, a.phase, a.message)
		return
	}
	r.noteEnds(e, pod, role)
	daemonNow := a.daemoned && !st.IsDaemoned()
	if a.phase == v1alpha1.NodePending {
		// Where a pod will run is stored with what comes next of it: it would be a write of its own for each pod.
		st.HostNodeName = pod.Spec.NodeName
	}
	if st.Phase == a.phase && st.Message == a.message && !daemonNow && st.HostNodeName == pod.Spec.NodeName && (a.progress == "" || a.progress == st.Progress) {
		return
	}
	ended := a.phase.Completed()
	waitsForResult := ended && (hasWait(pod) || role.reports) && !a.noMoreOutputs && r.expectsResult(e) && (st.TaskResultSynced == nil || !*st.TaskResultSynced)
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.Phase, st.Message, st.HostNodeName = a.phase, a.message, pod.Spec.NodeName
		if a.progress != "" {
			st.Progress = a.progress
		}
		if a.daemoned {
			yes := true
			st.Daemoned, st.PodIP = &yes, pod.Status.PodIP
		}
		if !ended {
			return
		}
		if st.IsDaemoned() {
			st.Daemoned = nil
		}
		st.FinishedAt = a.finishedAt
		if st.FinishedAt.IsZero() {
			st.FinishedAt = r.now
		}
		if a.exitCode != nil {
			out := st.Outputs.DeepCopy()
			if out == nil {
				out = &v1alpha1.Outputs{}
			}
			out.ExitCode = a.exitCode
			st.Outputs = out
		}
		st.ResourcesDuration = podResources(pod, r.now.Time)
		if waitsForResult {
			no := false
			st.TaskResultSynced = &no
		}
	})
	r.updateProgress(e)
	if daemonNow && e.boundary != nil {
		e.boundary.daemons = append(e.boundary.daemons, e)
	}
	if ended {
		e.resources = st.ResourcesDuration
		r.resources = r.resources.Add(e.resources)
		r.addResources(e.up, e.resources)
		if !a.early { // its phase is still to come, by which it is collected
			r.podFinished(e)
		}
		if a.surplus {
			r.stopPod(e, false)
		}
		if waitsForResult {
			r.alarm(st.FinishedAt.Add(r.resultTimeout()), e)
		} else if st.Outputs != nil {
			r.exportGlobals(st.Outputs)
		}
	}
}

// restart makes a pod again that failed before its main container started (RTY-12): the intent is stored with a new count.
func (r *Run) restart(e *entry, pod *corev1.Pod, a assessment) {
	r.out.Delete = append(r.out.Delete, r.podRef(e))
	r.change(e, func(st *v1alpha1.NodeStatus) {
		st.Phase = v1alpha1.NodePending
		st.Message = fmt.Sprintf("Pod auto-restarting due to %s: %s", a.reason, pod.Status.Message)
		st.FailedPodRestarts++
		st.RestartingPodUID = string(pod.UID)
		st.PodUID = ""
	})
	r.alarm(r.now.Add(r.restartPause()), e)
}

// restartPause is how long a failed pod is left alone before it is made again.
func (r *Run) restartPause() time.Duration { return max(r.opts.RestartPause, time.Second) }

// podRefused notes that the API did not take a pod (POD-17).
func (r *Run) podRefused(ev PodRefused) {
	e := r.table[ev.NodeID]
	if e == nil || e.st.Phase != v1alpha1.NodePending || e.st.PodUID != "" {
		return
	}
	if ev.Transient {
		r.setPhase(e, v1alpha1.NodePending, ev.Message)
		r.alarm(r.now.Add(refusedRetry), e)
		return
	}
	message := ev.Message
	if e.call != nil {
		message = e.call.refusal(fmt.Errorf("%s", ev.Message))
	}
	r.setPhase(e, v1alpha1.NodeError, message)
}
