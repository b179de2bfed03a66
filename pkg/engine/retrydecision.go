package engine

import (
	"fmt"
	"strconv"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// noBaseDuration ends a node whose backoff cannot be computed.
const noBaseDuration = "no base duration specified for retryStrategy: set retryStrategy.backoff.duration"

// decide looks at a finished attempt: done, again now, or again later (RTY-08).
func (f *retryFrame) decide(last *entry) {
	r, st := f.run, &last.st
	if active(last) { // a daemon that serves
		if f.e.st.IsDaemoned() && f.e.st.PodIP == st.PodIP {
			return
		}
		if b := f.e.boundary; b != nil && !f.e.st.IsDaemoned() {
			b.daemons = append(b.daemons, f.e)
		}
		yes := true
		r.change(f.e, func(own *v1alpha1.NodeStatus) {
			own.Daemoned, own.PodIP, own.HostNodeName = &yes, st.PodIP, st.HostNodeName
		})
		return
	}
	if !st.FailedOrError() {
		phase := st.Phase
		if phase == v1alpha1.NodeOmitted {
			phase = v1alpha1.NodeSkipped
		}
		f.end(phase, st.Message, st.Outputs)
		return
	}
	if r.stopping(f.c.onExit) {
		message := r.stopMessage()
		if !r.shutdown().Enabled() && r.overgrown == "" {
			message = "retry exceeded workflow deadline " + rfc3339(r.deadline)
		}
		f.end(st.Phase, message, st.Outputs)
		return
	}
	if f.rules.unfounded {
		f.end(v1alpha1.NodeError, noBaseDuration, st.Outputs)
		return
	}
	if message := f.exhausted(last); message != "" {
		f.end(st.Phase, message, st.Outputs)
		return
	}
	if until := f.backoffEnds(last); r.now.Time.Before(until) {
		r.setPhase(f.e, v1alpha1.NodeRunning, "Backoff for "+humanDuration(until.Sub(st.FinishedAt.Time)))
		r.alarm(until, f.e)
		return
	}
	if message, stop := f.policyEnds(last); stop {
		f.end(st.Phase, message, st.Outputs)
		return
	}
	switch r.admit(f, f.c.boundary, f.c.onExit) {
	case admitted:
		if f.e.st.Message != "" {
			r.setPhase(f.e, v1alpha1.NodeRunning, "")
		}
		f.attempt()
	case refused:
		f.end(st.Phase, st.Message, st.Outputs)
	}
}

// exhausted is why the time for retries is over; empty: it is not.
func (f *retryFrame) exhausted(last *entry) string {
	if !f.rules.backoff || f.rules.maxDuration <= 0 {
		return ""
	}
	end := f.deadline()
	if f.run.now.Time.After(end) {
		return "Max duration limit exceeded"
	}
	if until := f.backoffEnds(last); until.After(end) {
		return "Backoff would exceed max duration limit"
	}
	return ""
}

// deadline is when maxDuration is over, counted from the start of the first attempt; zero: never.
func (f *retryFrame) deadline() time.Time {
	if !f.rules.backoff || f.rules.maxDuration <= 0 {
		return time.Time{}
	}
	start := f.run.now.Time
	if len(f.attempts) > 0 && f.attempts[0].e != nil {
		start = f.attempts[0].e.st.StartedAt.Time
	}
	return start.Add(f.rules.maxDuration)
}

// backoffEnds is when the next attempt may start; the zero time: at once. The wait is enforced only if there is a limit that
// is not used up (RTY-04).
func (f *retryFrame) backoffEnds(last *entry) time.Time {
	if !f.rules.backoff || f.rules.limit < 0 || len(f.attempts) > f.rules.limit {
		return time.Time{}
	}
	return last.st.FinishedAt.Add(f.rules.wait(len(f.attempts)))
}

// policyEnds decides by policy, limit and expression, in this order.
func (f *retryFrame) policyEnds(last *entry) (message string, stop bool) {
	if !f.policyAllows(last) {
		return last.st.Message, true
	}
	if f.rules.limit >= 0 && len(f.attempts) > f.rules.limit {
		return "No more retries left", true
	}
	if f.rules.expression == "" {
		return "", false
	}
	program, err := f.run.cache.Program(f.rules.expression)
	if err != nil {
		return fmt.Sprintf("retryStrategy.expression: failed to evaluate expression: %s", err), true
	}
	again, err := program.Bool(expr.Scopes{expr.Map{"retries": strconv.Itoa(len(f.attempts) - 1)}, f.lastRetry()})
	if err != nil {
		return fmt.Sprintf("retryStrategy.expression: failed to evaluate expression: %s", err), true
	}
	if !again {
		return "retryStrategy.expression evaluated to false", true
	}
	return "", false
}

func (f *retryFrame) policyAllows(last *entry) bool {
	switch f.rules.policy {
	case v1alpha1.RetryPolicyAlways:
		return true
	case v1alpha1.RetryPolicyOnError:
		return last.st.Phase == v1alpha1.NodeError
	case v1alpha1.RetryPolicyOnTransientError:
		return f.run.transient(last.st.Message)
	default:
		return last.st.Phase == v1alpha1.NodeFailed
	}
}
