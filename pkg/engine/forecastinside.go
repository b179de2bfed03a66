package engine

import (
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// inside plans what a template consists of.
func (f *forecast) inside(w want, t *template, inputs *v1alpha1.Inputs) int64 {
	scope := f.run.callScope(&w.call, t, inputs)
	switch w.planNode.Type {
	case v1alpha1.NodeTypeSteps:
		return f.steps(w, t, scope)
	case v1alpha1.NodeTypeDAG:
		if own, err := t.forNode(f.run, scope); err == nil {
			return f.dag(w, own, scope)
		}
	case v1alpha1.NodeTypePod:
		return 1
	}
	return 0
}

func (f *forecast) steps(w want, t *template, scope expr.Scope) int64 {
	var pods int64
	var before []string
	for i, group := range t.steps {
		var members []string
		for _, act := range group {
			name := node.Child(node.Group(w.planNode.Name, i), act.step.Name)
			pods = plus(pods, f.activity(w, t, act, v1alpha1.PlanNode{Name: name, After: before}, scope))
			members = append(members, name)
		}
		before = members
	}
	return pods
}

func (f *forecast) dag(w want, t *template, scope expr.Scope) int64 {
	var pods int64
	for _, i := range t.graph.Order {
		task := &t.graph.Tasks[i]
		n := v1alpha1.PlanNode{Name: node.Child(w.planNode.Name, task.Spec.Name)}
		for _, dep := range task.Deps {
			n.After = append(n.After, node.Child(w.planNode.Name, t.graph.Tasks[dep].Spec.Name))
		}
		if strings.ContainsAny(task.Spec.Depends, ".|!") {
			n.Depends = task.Spec.Depends
		}
		pods = plus(pods, f.activity(w, t, t.tasks[i], n, scope))
	}
	return pods
}

// activity plans a step or task, and its hooks.
func (f *forecast) activity(outer want, t *template, act *activity, n v1alpha1.PlanNode, scope expr.Scope) int64 {
	w := want{planNode: n, call: call{name: n.Name, in: t.in, caller: act.step.Name, depth: outer.call.depth + 1}}
	w.planNode.Outcome = v1alpha1.PlanRuns
	step, err := f.decide(&w.planNode, act, scope)
	if err != nil {
		w.planNode.Outcome, w.planNode.Reason = v1alpha1.PlanFails, err.Error()
		step = act.step
	}
	w.call.ref = reference{template: step.Template, ref: step.TemplateRef, inline: step.Inline}
	w.call.args = step.Arguments
	pods := f.visit(w, &outer)
	if w.planNode.Outcome == v1alpha1.PlanSkipped || w.planNode.Outcome == v1alpha1.PlanFails {
		return pods
	}
	for _, h := range listHooks(act.step.Hooks, act.step.OnExit, true, true) {
		of := want{planNode: v1alpha1.PlanNode{Name: n.Name, Parent: outer.planNode.Name}, call: w.call}
		if !h.exit || t.graph == nil { // the values of a task's loop share one exit handler
			of.planNode.Items = w.planNode.Items
		}
		pods = plus(pods, f.hook(h, of))
	}
	return pods
}

// hook plans a hook of a step or of the workflow. A conditional one is undecided: its state may never be seen.
func (f *forecast) hook(h *hook, of want) int64 {
	name, outcome, reason := node.Exit(of.planNode.Name), v1alpha1.PlanRuns, ""
	if !h.exit {
		name, outcome, reason = node.Hook(of.planNode.Name, h.name), v1alpha1.PlanUndecided, "hook when "+h.spec.Expression
	}
	w := want{
		planNode: v1alpha1.PlanNode{Name: name, Outcome: outcome, Reason: reason, After: []string{of.planNode.Name}, Items: of.planNode.Items},
		call: call{
			name: name, ref: reference{template: h.spec.Template, ref: h.spec.TemplateRef}, in: of.call.in,
			args: h.spec.Arguments, depth: of.call.depth + 1, onExit: h.exit,
		},
	}
	if !h.exit {
		w.planNode.After = nil
	}
	if of.planNode.Parent == "" {
		if len(h.spec.Arguments.Parameters)+len(h.spec.Arguments.Artifacts) == 0 {
			w.call.args = of.call.args
		}
		return f.visit(w, nil)
	}
	return f.visit(w, &want{planNode: v1alpha1.PlanNode{Name: of.planNode.Parent}})
}
