package tree

import (
	"fmt"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// planSiblings is how many members of a group of a plan are drawn before the rest is counted.
const planSiblings = 50

var planTitles = []string{"STEP", "TEMPLATE", "PODS", "AFTER", "NOTES"}

// planSigns tell what is known about whether a step runs.
func (s *symbols) planSign(n *v1alpha1.PlanNode) (string, Style) {
	if n.Phase != "" {
		return s.phase[n.Phase], PhaseStyle(n.Phase)
	}
	switch n.Outcome {
	case v1alpha1.PlanSkipped:
		return s.phase[v1alpha1.NodeSkipped], PhaseStyle(v1alpha1.NodeSkipped)
	case v1alpha1.PlanFails:
		return s.phase[v1alpha1.NodeFailed], PhaseStyle(v1alpha1.NodeFailed)
	case v1alpha1.PlanUndecided:
		return "?", PhaseStyle(v1alpha1.NodePending)
	}
	return s.phase[v1alpha1.NodePending], Plain
}

// Plan returns the lines of a plan: what is said about it as a whole, and the tree of what would run.
func Plan(plan *v1alpha1.WorkflowPlan, options Options) []string {
	h := &heading{options: &options}
	h.line("Name:", plan.Name)
	h.line("Namespace:", plan.Namespace)
	pods := thousands(int(plan.Pods))
	if !plan.Exact {
		pods = "about " + pods + ", as some of it is decided at run time"
	}
	h.line("Pods:", pods)
	h.styled("Error:", PhaseStyle(v1alpha1.NodeError), oneLine(plan.Error))
	if len(plan.Nodes) == 0 {
		return h.lines
	}
	d := &planDrawing{drawing: drawing{options: &options, symbols: options.symbols()}, kids: map[string][]*v1alpha1.PlanNode{}, names: map[string]string{}}
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		d.kids[n.Parent] = append(d.kids[n.Parent], n)
		d.names[n.Name] = n.DisplayName
	}
	for _, root := range d.kids[""] {
		if root.Name != "" {
			d.draw(root, "", "")
		}
	}
	if plan.Truncated {
		d.rows = append(d.rows, row{cells: []cell{{text: d.symbols.more + " and more: a plan ends after " + thousands(len(plan.Nodes)) + " steps", style: Faint}}})
	}
	return append(append(h.lines, ""), d.aligned(planTitles)...)
}

type planDrawing struct {
	drawing
	kids  map[string][]*v1alpha1.PlanNode
	names map[string]string
}

func (d *planDrawing) draw(n *v1alpha1.PlanNode, before, below string) {
	d.rows = append(d.rows, d.planRow(n, before))
	kids := d.kids[n.Name]
	delete(d.kids, n.Name) // a broken plan must not go round in circles
	shown := kids
	if !d.options.Full && len(kids) > planSiblings+1 {
		shown = kids[:planSiblings]
	}
	for i, kid := range shown {
		if i == len(kids)-1 {
			d.draw(kid, below+d.symbols.last, below+d.symbols.blank)
		} else {
			d.draw(kid, below+d.symbols.tee, below+d.symbols.bar)
		}
	}
	if hidden := len(kids) - len(shown); hidden > 0 {
		d.rows = append(d.rows, row{cells: []cell{{text: below + d.symbols.last + d.symbols.more + " " + thousands(hidden) + " more", style: Faint}}})
	}
}

func (d *planDrawing) planRow(n *v1alpha1.PlanNode, before string) row {
	sign, style := d.symbols.planSign(n)
	name := oneLine(n.DisplayName)
	if n.Items != nil {
		name += " " + d.symbols.times + thousands(int(*n.Items))
	}
	template := n.TemplateName
	if n.TemplateRef != nil {
		template = n.TemplateRef.Name + "/" + n.TemplateRef.Template
	}
	notes := cell{text: d.notes(n), style: Faint}
	if n.Outcome == v1alpha1.PlanFails {
		notes.style = PhaseStyle(v1alpha1.NodeFailed)
	}
	return row{cells: []cell{
		{lead: before, text: sign, style: style, more: " " + name}, {text: template}, {text: strconv.FormatInt(n.Pods, 10)}, {text: d.after(n)}, notes,
	}}
}

// after names what has to be over before, as far as a line has room for it.
func (d *planDrawing) after(n *v1alpha1.PlanNode) string {
	if n.Depends != "" {
		return n.Depends
	}
	const most = 3
	var names []string
	for i, name := range n.After {
		if i == most && len(n.After) > most+1 {
			names = append(names, fmt.Sprintf("%d more", len(n.After)-most))
			break
		}
		if short := d.names[name]; short != "" {
			name = short
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (d *planDrawing) notes(n *v1alpha1.PlanNode) string {
	var notes []string
	if n.Phase != "" {
		notes = append(notes, string(n.Phase))
	}
	if n.Type == v1alpha1.NodeTypeSuspend {
		notes = append(notes, "waits")
	}
	if n.Reason != "" {
		notes = append(notes, oneLine(n.Reason))
	}
	if n.Retries != "" {
		notes = append(notes, "up to "+n.Retries+" retries")
	}
	if n.Recursive {
		notes = append(notes, "calls itself")
	}
	return strings.Join(notes, "; ")
}
