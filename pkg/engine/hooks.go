package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// hookFrame runs the hooks of one node, or of the workflow: conditional ones beside it, the exit hook after it (HOOK-02,
// HOOK-03). Each runs at most once; the slot is done when all that were started are.
type hookFrame struct {
	frameBase
	run      *Run
	slot     *slot // of the node whose hooks these are; nil: the workflow
	name     string
	in       origin
	hooks    []*hook
	scope    func() expr.Scope
	boundary *entry
	outer    *template
	onExit   bool
	atDepth  int
	find     artifactFinder
}

type hook struct {
	name string
	exit bool
	spec v1alpha1.LifecycleHook
	slot *slot
	off  bool // its condition was false when it counted
}

// hooksOf gives the hooks of a step or task; nil if it has none. item is the value of its loop, nil outside of loops.
func (r *Run) hooksOf(s *slot, step *v1alpha1.WorkflowStep, item expr.Scope, c *call, outer *composite, siblings siblingScope) *hookFrame {
	return r.newHooks(s, step, item, c, outer, siblings, true, true)
}

// exitOf gives the exit hook alone: for the group of a loop.
func (r *Run) exitOf(s *slot, step *v1alpha1.WorkflowStep, c *call, outer *composite, siblings siblingScope) *hookFrame {
	return r.newHooks(s, step, nil, c, outer, siblings, true, false)
}

// conditionalHooksOf gives the others: for the members of a loop.
func (r *Run) conditionalHooksOf(s *slot, step *v1alpha1.WorkflowStep, item expr.Scope, c *call, outer *composite, siblings siblingScope) *hookFrame {
	return r.newHooks(s, step, item, c, outer, siblings, false, true)
}

func (r *Run) newHooks(s *slot, step *v1alpha1.WorkflowStep, item expr.Scope, c *call, outer *composite, siblings siblingScope, exit, others bool) *hookFrame {
	hooks := listHooks(step.Hooks, step.OnExit, exit, others)
	if len(hooks) == 0 {
		return nil
	}
	self := siblingScope{c: outer, find: func(name string) member {
		if name == step.Name && s.e != nil {
			return member{e: s.e, known: true}
		}
		return siblings.find(name)
	}}
	scope := func() expr.Scope { return expr.Scopes{r.statusScope(), outer.scope(self)} }
	if item != nil {
		r.putItem(hooks, item)
		scope = func() expr.Scope { return expr.Scopes{item, r.statusScope(), outer.scope(self)} }
	}
	return &hookFrame{
		frameBase: frameBase{depth: c.depth, ordinal: outer.e.st.Ordinal}, run: r, slot: s, name: c.name, in: outer.t.in, hooks: hooks,
		scope:    scope,
		boundary: outer.e, outer: outer.t, onExit: outer.e.call.onExit, atDepth: c.depth, find: outer.artifact(self.find),
	}
}

// putItem puts the value of a loop into what hooks say besides their arguments (LOOP-08). What cannot be put in stays, and is
// an error when the hook's turn comes.
func (r *Run) putItem(hooks []*hook, item expr.Scope) {
	put := func(text *string) {
		if rendered, err := r.cache.RenderString(*text, item, expr.Lenient); err == nil {
			*text = rendered
		}
	}
	for _, h := range hooks {
		put(&h.spec.Expression)
		put(&h.spec.Template)
		if h.spec.TemplateRef != nil {
			ref := *h.spec.TemplateRef
			put(&ref.Name)
			put(&ref.Template)
			h.spec.TemplateRef = &ref
		}
	}
}

// listHooks sorts hooks by name, so that they start in a fixed order; the exit hook comes last.
func listHooks(spec v1alpha1.LifecycleHooks, onExit string, exit, others bool) []*hook {
	var hooks []*hook
	for _, event := range slices.Sorted(maps.Keys(spec)) {
		if event != v1alpha1.ExitLifecycleEvent && others {
			hooks = append(hooks, &hook{name: string(event), spec: spec[event]})
		}
	}
	if !exit {
		return hooks
	}
	if spec.HasExitHook() && onExit == "" {
		hooks = append(hooks, &hook{exit: true, spec: *spec.GetExitHook()})
	} else if onExit != "" {
		hooks = append(hooks, &hook{exit: true, spec: v1alpha1.LifecycleHook{Template: onExit}})
	}
	return hooks
}

// advance implements frame.
func (f *hookFrame) advance() {
	if f.slot != nil && f.slot.e == nil {
		return
	}
	for _, h := range f.hooks {
		if h.slot != nil || h.off {
			continue
		}
		if h.exit && (f.slot == nil || !f.slot.e.told) {
			continue
		}
		if !f.consider(h) {
			return
		}
	}
	if f.slot != nil && f.slot.e.told && f.settled() {
		f.slot.finish()
	}
}

// settled reports whether every hook that was started is done.
func (f *hookFrame) settled() bool {
	for _, h := range f.hooks {
		if h.slot != nil && !h.slot.done {
			return false
		}
	}
	return true
}

// consider starts a hook if it is its time; false: it has to wait.
func (f *hookFrame) consider(h *hook) bool {
	r := f.run
	name := node.Hook(f.name, h.name)
	if h.exit {
		name = node.Exit(f.name)
		if !f.slot.e.st.Completed() {
			h.off = true
			return true
		}
	}
	c := f.call(h, name)
	if r.find(name) == nil {
		if h.spec.Expression != "" {
			if run, err := f.condition(h); err != nil {
				f.fail(h, c, err)
				return true
			} else if !run {
				h.off = h.exit
				return true
			}
		}
		switch r.admit(f, f.boundary, c.onExit) {
		case blocked:
			return false
		case refused:
			h.off = true
			return true
		}
		args, err := f.arguments(h)
		if err != nil {
			f.fail(h, c, err)
			return true
		}
		c.args = args
	}
	h.slot = &slot{owner: f}
	c.slot = h.slot
	if !r.start(f, c) {
		h.slot = nil
		return false
	}
	return true
}

func (f *hookFrame) fail(h *hook, c *call, err error) {
	h.slot = &slot{owner: f}
	c.slot = h.slot
	f.run.refuse(c, err)
}

func (f *hookFrame) call(h *hook, name string) *call {
	c := &call{
		name: name, ref: reference{template: h.spec.Template, ref: h.spec.TemplateRef}, in: f.in, boundary: f.boundary, outer: f.outer,
		flag: &v1alpha1.NodeFlag{Hooked: true}, depth: f.atDepth + 1, onExit: f.onExit || h.exit, up: f.boundary,
	}
	if f.slot != nil {
		c.parents = []string{f.slot.e.st.ID}
	} else {
		c.parents = []string{node.ID(f.run.name, f.run.name)}
	}
	return c
}

func (f *hookFrame) condition(h *hook) (bool, error) {
	scope := f.scope()
	source, err := f.run.cache.RenderString(h.spec.Expression, scope, expr.Lenient)
	if err != nil {
		return false, fmt.Errorf("hook %s: failed to evaluate expression: %w", h.name, err)
	}
	if strings.Contains(source, "{{") && f.run.cache.Parse(source).HasTags() {
		return false, nil // some of what it asks about has not happened yet
	}
	program, err := f.run.cache.Program(source)
	if err != nil {
		return false, fmt.Errorf("hook %s: failed to evaluate expression: %w", h.name, err)
	}
	ok, err := program.Bool(scope)
	var missing *expr.MissingError
	var late *expr.LateError
	if errors.As(err, &missing) || errors.As(err, &late) {
		return false, nil // what it asks about has not happened yet
	}
	if err != nil {
		return false, fmt.Errorf("hook %s: failed to evaluate expression: %w", h.name, err)
	}
	return ok, nil
}

func (f *hookFrame) arguments(h *hook) (v1alpha1.Arguments, error) {
	return f.run.renderArguments(h.spec.Arguments, f.scope(), f.find)
}

// slotDone implements slotOwner.
func (f *hookFrame) slotDone(*slot) { f.run.touch(f) }

// slotReopened implements slotOwner.
func (f *hookFrame) slotReopened(*slot) {}

// renderArguments puts values into arguments.
func (r *Run) renderArguments(args v1alpha1.Arguments, scope expr.Scope, find artifactFinder) (v1alpha1.Arguments, error) {
	if args.IsEmpty() {
		return args, nil
	}
	body, err := r.cache.ParseObject(&v1alpha1.WorkflowStep{Arguments: args})
	if err != nil {
		return args, err
	}
	p := &plan{act: &activity{step: &v1alpha1.WorkflowStep{Arguments: args}, body: body}}
	if err := r.planBody(p, scope, find); err != nil {
		return args, err
	}
	return p.step.Arguments, nil
}

// statusScope gives workflow.status, which only hooks and exit handlers know.
func (r *Run) statusScope() expr.Scope {
	return expr.Map{"workflow.status": string(r.status.Phase)}
}
