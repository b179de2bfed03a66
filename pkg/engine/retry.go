package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// retryFrame repeats a template below a Retry node (RTY-01).
type retryFrame struct {
	frameBase
	run      *Run
	e        *entry
	c        *call
	t        *template
	rules    *retryRules
	attempts []*slot
}

// retryRules is a retryStrategy with its values put in.
type retryRules struct {
	limit       int // -1: none
	policy      v1alpha1.RetryPolicy
	expression  string
	duration    time.Duration
	factor      float64
	cap         time.Duration
	maxDuration time.Duration
	backoff     bool
	// unfounded: the backoff has no duration to begin with, which is an error when it is needed first (RTY-04).
	unfounded  bool
	avoidHosts bool
}

func (r *Run) runRetry(c *call, t *template, inputs *v1alpha1.Inputs) {
	rules, err := r.retryRules(t, r.callScope(c, t, inputs))
	if err != nil {
		r.refuse(c, err)
		return
	}
	e := r.create(c, v1alpha1.NodeTypeRetry, v1alpha1.NodeRunning, "")
	r.describe(e, t, inputs)
	r.newRetry(e, t, rules)
}

// openRetry takes up a stored Retry node.
func (r *Run) openRetry(e *entry, t *template) {
	if t.retry == nil {
		r.setPhase(e, v1alpha1.NodeError, fmt.Sprintf("template %s has no retryStrategy any more", t.spec.Name))
		return
	}
	rules, err := r.retryRules(t, r.nodeScope(e, t))
	if err != nil {
		r.setPhase(e, v1alpha1.NodeError, e.call.refusal(err))
		return
	}
	r.newRetry(e, t, rules)
}

func (r *Run) newRetry(e *entry, t *template, rules *retryRules) {
	f := &retryFrame{
		frameBase: frameBase{depth: e.call.depth, ordinal: e.st.Ordinal}, run: r, e: e, c: e.call, t: t, rules: rules,
	}
	e.frame = f
	r.touch(f)
}

// retryRules reads a strategy whose texts may hold variables.
func (r *Run) retryRules(t *template, scope expr.Scope) (*retryRules, error) {
	text, err := t.retry.Render(scope, expr.Lenient)
	if err != nil {
		return nil, err
	}
	var s v1alpha1.RetryStrategy
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("retryStrategy: %w", err)
	}
	rules := &retryRules{limit: -1, policy: s.RetryPolicyActual(), expression: s.Expression, factor: 1}
	rules.avoidHosts = s.Affinity != nil && s.Affinity.NodeAntiAffinity != nil
	if s.Limit != nil {
		if rules.limit, err = integer("retryStrategy.limit", s.Limit); err != nil {
			return nil, err
		}
	}
	if s.Backoff == nil {
		return rules, nil
	}
	return rules, rules.setBackoff(s.Backoff)
}

func (rules *retryRules) setBackoff(b *v1alpha1.Backoff) error {
	rules.backoff = true
	rules.unfounded = b.Duration == ""
	for _, field := range []struct {
		name, text string
		to         *time.Duration
	}{{"duration", b.Duration, &rules.duration}, {"cap", b.Cap, &rules.cap}, {"maxDuration", b.MaxDuration, &rules.maxDuration}} {
		if field.text == "" {
			continue
		}
		d, err := v1alpha1.ParseDuration(field.text)
		if err != nil {
			return fmt.Errorf("retryStrategy.backoff.%s: %w", field.name, err)
		}
		*field.to = d
	}
	if b.Factor != nil {
		factor, err := integer("retryStrategy.backoff.factor", b.Factor)
		if err != nil {
			return err
		}
		rules.factor = float64(factor)
	}
	return nil
}

func integer(field string, v *intstr.IntOrString) (int, error) {
	if v.Type == intstr.Int {
		return int(v.IntVal), nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(v.StrVal))
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not an integer", field, v.StrVal)
	}
	return n, nil
}

// wait is how long to wait after the n-th attempt.
func (rules *retryRules) wait(attempts int) time.Duration {
	d := float64(rules.duration) * math.Pow(rules.factor, float64(attempts-1))
	if rules.cap > 0 && d > float64(rules.cap) {
		return rules.cap
	}
	if d > math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(d)
}

// advance implements frame.
func (f *retryFrame) advance() {
	if f.e.frame != f || (f.e.st.Fulfilled() && !active(f.e)) {
		return
	}
	for {
		next := f.run.find(node.Attempt(f.e.st.Name, len(f.attempts)))
		if next == nil {
			break
		}
		if !f.attempt() {
			return
		}
	}
	if len(f.attempts) == 0 {
		switch f.run.admit(f, f.c.boundary, f.c.onExit) {
		case admitted:
			f.attempt()
		case refused:
			f.end(v1alpha1.NodeFailed, f.run.stopMessage(), nil)
		}
		return
	}
	last := f.attempts[len(f.attempts)-1]
	if last.done {
		f.decide(last.e)
	}
}

// attempt starts the next attempt, or takes up a stored one; false: it has to wait.
func (f *retryFrame) attempt() bool {
	c := *f.c
	n := len(f.attempts)
	s := &slot{owner: f, index: n}
	c.name = node.Attempt(f.e.st.Name, n)
	c.slot, c.attempt, c.up, c.group, c.outbound = s, f, f.e, nil, false
	c.parents = []string{f.e.st.ID}
	c.flag = &v1alpha1.NodeFlag{Retried: true, Hooked: f.c.flag != nil && f.c.flag.Hooked}
	c.extra = f.variables()
	if f.e.st.Inputs != nil {
		c.args = v1alpha1.Arguments{Parameters: f.e.st.Inputs.Parameters, Artifacts: f.e.st.Inputs.Artifacts}
	}
	if !f.run.start(f, &c) {
		return false
	}
	f.attempts = append(f.attempts, s)
	return true
}

// variables are what the template of the next attempt can refer to (RTY-06).
func (f *retryFrame) variables() expr.Scope {
	vars := expr.Map{"retries": strconv.Itoa(len(f.attempts))}
	if f.c.extra == nil {
		return expr.Scopes{vars, f.lastRetry()}
	}
	return expr.Scopes{vars, f.lastRetry(), f.c.extra}
}

// lastRetry describes the attempt before; before the first one it is as if nothing had gone wrong.
func (f *retryFrame) lastRetry() expr.Map {
	vars := expr.Map{"lastRetry.exitCode": "0", "lastRetry.status": "", "lastRetry.duration": "0", "lastRetry.message": ""}
	if len(f.attempts) == 0 {
		return vars
	}
	st := &f.attempts[len(f.attempts)-1].e.st
	vars["lastRetry.exitCode"] = "-1"
	if st.Outputs != nil && st.Outputs.ExitCode != nil {
		vars["lastRetry.exitCode"] = *st.Outputs.ExitCode
	}
	vars["lastRetry.status"], vars["lastRetry.message"] = string(st.Phase), st.Message
	vars["lastRetry.duration"] = strconv.FormatInt(int64(st.FinishedAt.Sub(st.StartedAt.Time)/time.Second), 10)
	return vars
}

// slotDone implements slotOwner.
func (f *retryFrame) slotDone(*slot) { f.run.touch(f) }

// slotReopened implements slotOwner: a daemon has died and may be made again (RTY-09).
func (f *retryFrame) slotReopened(*slot) { f.run.touch(f) }

func (f *retryFrame) end(phase v1alpha1.NodePhase, message string, outputs *v1alpha1.Outputs) {
	f.e.frame = nil
	if outputs != nil {
		f.e.st.Outputs = outputs
	}
	f.run.setPhase(f.e, phase, message)
}
