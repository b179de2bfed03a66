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
		r.announceEnds(e)
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
