package tree

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestPlan(t *testing.T) {
	node := func(parent, name string, outcome v1alpha1.PlanOutcome, adjust ...func(*v1alpha1.PlanNode)) v1alpha1.PlanNode {
		n := v1alpha1.PlanNode{Name: name, DisplayName: name, Parent: parent, Type: v1alpha1.NodeTypePod, TemplateName: "work", Outcome: outcome, Pods: 1}
		if parent != "" {
			n.Name = parent + "." + name
		}
		for _, f := range adjust {
			f(&n)
		}
		return n
	}
	after := func(names ...string) func(*v1alpha1.PlanNode) {
		return func(n *v1alpha1.PlanNode) { n.After = names }
	}
	everything := &v1alpha1.WorkflowPlan{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns"}, Pods: 1234,
		Nodes: []v1alpha1.PlanNode{
			node("", "p", v1alpha1.PlanRuns),
			node("p", "a", v1alpha1.PlanRuns, func(n *v1alpha1.PlanNode) { n.Items = ptr.To[int64](3); n.Pods = 3 }),
			node("p", "b", v1alpha1.PlanUndecided, after("p.a"), func(n *v1alpha1.PlanNode) { n.Reason = "when {{tasks.a.status}} == x" }),
			node("p", "c", v1alpha1.PlanSkipped, after("p.a"), func(n *v1alpha1.PlanNode) { n.Reason = "when 'false' evaluated false"; n.Pods = 0 }),
			node("p", "d", v1alpha1.PlanFails, func(n *v1alpha1.PlanNode) {
				n.Depends, n.Reason = "a.Failed || b", "template x not found"
				n.TemplateRef = &v1alpha1.TemplateRef{Name: "lib", Template: "x"}
			}),
			node("p", "e", v1alpha1.PlanRuns, after("p.a", "p.b", "p.c", "p.d", "other"), func(n *v1alpha1.PlanNode) { n.Retries = "2"; n.Recursive = true }),
			node("p", "f", v1alpha1.PlanRuns, func(n *v1alpha1.PlanNode) { n.Type, n.Phase = v1alpha1.NodeTypeSuspend, v1alpha1.NodeSucceeded }),
			node("", "p.onExit", v1alpha1.PlanRuns, after("p")),
		},
		Truncated: true,
	}
	many := &v1alpha1.WorkflowPlan{ObjectMeta: metav1.ObjectMeta{Name: "m"}, Pods: 80, Exact: true, Nodes: []v1alpha1.PlanNode{node("", "m", v1alpha1.PlanRuns)}}
	for i := range 80 {
		many.Nodes = append(many.Nodes, node("m", fmt.Sprintf("t%d", i), v1alpha1.PlanRuns))
	}
	for name, plan := range map[string]*v1alpha1.WorkflowPlan{
		"plan": everything, "plan-many": many,
		"plan-broken": {ObjectMeta: metav1.ObjectMeta{Name: "b"}, Error: "no entrypoint", Exact: true},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, Plan(plan, Options{})) })
	}
}
