package engine

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// refusedRetry is how long to wait before a pod that the API refused for a while is asked for again.
const refusedRetry = 10 * time.Second

// defaultResultTimeout is how long outputs may come after the pod has ended (EXE-03).
const defaultResultTimeout = 10 * time.Minute

// runPod makes the node of a pod: Pending, which is the intent to create the pod.
func (r *Run) runPod(c *call, t *template, inputs *v1alpha1.Inputs) {
	rendered, err := r.renderLeaf(c, t, inputs)
	if err == nil {
		err = checkTimes(rendered)
	}
	if err != nil {
		r.refuse(c, err)
		return
	}
	e := r.create(c, v1alpha1.NodeTypePod, v1alpha1.NodePending, "")
	e.leaf = rendered
	r.describe(e, t, inputs)
	if t.spec.ContainerSet != nil {
		r.openContainers(e, rendered.ContainerSet)
	}
	r.resumePod(e)
}

// checkTimes finds durations that do not parse before anything is started with them.
func checkTimes(t *v1alpha1.Template) error {
	if t.Timeout != "" {
		if _, err := v1alpha1.ParseTimeout(t.Timeout); err != nil {
			return fmt.Errorf("timeout: %w", err)
		}
	}
	if t.PendingTimeout != "" {
		if _, err := v1alpha1.ParseDuration(t.PendingTimeout); err != nil {
			return fmt.Errorf("pendingTimeout: %w", err)
		}
	}
	if t.ActiveDeadlineSeconds != nil {
		if _, err := integer("activeDeadlineSeconds", t.ActiveDeadlineSeconds); err != nil {
			return err
		}
	}
	return nil
}

// resumePod asks for the pod of a node that has none yet, and sets the node's timers.
func (r *Run) resumePod(e *entry) {
	if e.st.Fulfilled() {
		return
	}
	if e.st.Completed() {
		r.alarm(e.st.FinishedAt.Add(r.resultTimeout()), e)
		return
	}
	if e.st.Phase == v1alpha1.NodePending && e.st.PodUID == "" {
		r.intents = append(r.intents, e)
	}
	t := r.leafOf(e)
	if t == nil {
		return
	}
	if t.ContainerSet != nil && e.stored {
		r.openContainers(e, t.ContainerSet)
	}
	for _, text := range []string{t.Timeout, t.PendingTimeout} {
		if d, err := v1alpha1.ParseDuration(text); err == nil && d > 0 {
			r.alarm(e.st.StartedAt.Add(d), e)
		}
	}
}

// leafOf gives the substituted template of a leaf, worked out again after a restart; nil if it cannot be.
func (r *Run) leafOf(e *entry) *v1alpha1.Template {
	if e.leaf != nil || e.call == nil {
		return e.leaf
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return nil
	}
	rendered, err := r.renderLeaf(e.call, t, e.st.Inputs)
	if err != nil {
		return nil
	}
	e.leaf = rendered
	return rendered
}

// podTimer is called when a timeout of a pod may have come, or outputs are overdue.
func (r *Run) podTimer(e *entry) {
	if e.st.Completed() {
		if !e.st.Fulfilled() && !r.now.Time.Before(e.st.FinishedAt.Add(r.resultTimeout())) {
			r.writeOff(e)
		}
		return
	}
	if e.st.Phase != v1alpha1.NodePending {
		return
	}
	t := r.leafOf(e)
	if t == nil {
		return
	}
	passed := func(text string, parse func(string) (time.Duration, error)) bool {
		d, err := parse(text)
		return text != "" && err == nil && !r.now.Time.Before(e.st.StartedAt.Add(d))
	}
	switch {
	case passed(t.Timeout, v1alpha1.ParseTimeout):
		r.halt(e, v1alpha1.NodeFailed, deadlineMessage)
	case passed(t.PendingTimeout, v1alpha1.ParseDuration):
		r.halt(e, v1alpha1.NodeFailed, fmt.Sprintf("pod was pending for longer than the pendingTimeout of %s", t.PendingTimeout))
	case e.st.PodUID == "":
		r.intents = append(r.intents, e)
	}
}

// halt ends a node whose pod must not go on: one that has not started is deleted, one that runs is stopped.
func (r *Run) halt(e *entry, phase v1alpha1.NodePhase, message string) {
	r.stopPod(e, e.st.Phase == v1alpha1.NodePending)
	if e.st.TaskResultSynced != nil && !*e.st.TaskResultSynced {
		yes := true
		r.change(e, func(st *v1alpha1.NodeStatus) { st.TaskResultSynced = &yes })
	}
	r.setPhase(e, phase, message)
}

func (r *Run) stopPod(e *entry, unstarted bool) {
	if e.stopped {
		return
	}
	e.stopped = true
	if unstarted {
		r.out.Delete = append(r.out.Delete, r.podRef(e))
	} else {
		r.out.Stop = append(r.out.Stop, r.podRef(e))
	}
}

// haltLeaves ends what runs outside exit handlers when the workflow is shut down or its deadline has passed (EXE-06, TMO-01,
// TMO-06), and has every frame look at what is left to do.
func (r *Run) haltLeaves() {
	for _, e := range r.order {
		if e.frame != nil {
			r.touch(e.frame)
		}
		onExit := e.call != nil && e.call.onExit
		if e.st.Fulfilled() || !r.stopping(onExit) {
			continue
		}
		switch e.st.Type {
		case v1alpha1.NodeTypePod:
			if active(e) {
				r.halt(e, v1alpha1.NodeFailed, r.podStopMessage())
			}
		case v1alpha1.NodeTypeSuspend, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin:
			r.setPhase(e, v1alpha1.NodeFailed, r.stopMessage())
		}
	}
	if r.top != nil {
		r.touch(r.top)
	}
}

// podStopMessage has two spaces, as clients expect it.
func (r *Run) podStopMessage() string {
	if s := r.shutdown(); s.Enabled() {
		return "workflow shutdown with strategy:  " + string(s)
	}
	return deadlineMessage
}

// endDaemons ends the daemons of a composite that is over (DMN-02).
func (r *Run) endDaemons(boundary *entry) {
	for _, d := range boundary.daemons {
		r.endDaemon(d)
	}
	boundary.daemons = nil
}

func (r *Run) endDaemon(d *entry) {
	if !active(d) {
		return
	}
	d.frame = nil
	if d.st.Type == v1alpha1.NodeTypePod {
		r.stopPod(d, false)
	}
	r.setPhase(d, v1alpha1.NodeSucceeded, "")
}

// podDeadline is the earliest of the deadlines of a pod (POD-16); exit handlers outlive the workflow's.
func (r *Run) podDeadline(e *entry) time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if !e.call.onExit {
		earlier(r.deadline)
	}
	if e.leaf.Timeout != "" {
		if d, err := v1alpha1.ParseTimeout(e.leaf.Timeout); err == nil {
			earlier(e.st.StartedAt.Add(d))
		}
	}
	if f := e.call.attempt; f != nil {
		earlier(f.deadline())
	}
	return at
}

// podRequest describes the pod of a node to who creates it.
func (r *Run) podRequest(e *entry) (PodRequest, error) {
	if r.leafOf(e) == nil {
		return PodRequest{}, fmt.Errorf("template of node %s cannot be worked out again", e.st.Name)
	}
	p := PodRequest{
		NodeID: e.st.ID, NodeName: e.st.Name, PodName: r.storedPodName(e), Template: e.leaf, OnExit: e.call.onExit,
		Deadline: r.podDeadline(e), IncludeResult: e.call.result || e.leaf.Data != nil, Restart: e.st.FailedPodRestarts,
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return PodRequest{}, err
	}
	if p.Spec, err = r.podSpecFor(r.nodeScope(e, t)); err != nil {
		return PodRequest{}, err
	}
	if e.call.outer != nil {
		p.Boundary = e.call.outer.spec
	}
	if e.leaf.ActiveDeadlineSeconds != nil {
		if n, err := integer("activeDeadlineSeconds", e.leaf.ActiveDeadlineSeconds); err == nil {
			seconds := int64(n)
			p.ActiveDeadline = &seconds
		}
	}
	if f := e.call.attempt; f != nil && f.rules.avoidHosts {
		for _, s := range f.attempts {
			if s.e != nil && s.e != e && s.e.st.HostNodeName != "" {
				p.FailedHosts = append(p.FailedHosts, s.e.st.HostNodeName)
			}
		}
	}
	return p, nil
}

func (r *Run) resultTimeout() time.Duration {
	if r.opts.ResultTimeout > 0 {
		return r.opts.ResultTimeout
	}
	return defaultResultTimeout
}

// hasWait reports whether a pod carries our helper, which reports outputs.
func hasWait(pod *corev1.Pod) bool {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == "wait" {
			return true
		}
	}
	return false
}
