package engine

import (
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// composite is what a running Steps and a running DAG have in common.
type composite struct {
	frameBase
	run   *Run
	e     *entry
	t     *template
	root  string // `steps` or `tasks`: how siblings are called
	cache map[string]aggregate
}

func (r *Run) newComposite(e *entry, t *template, root string) composite {
	if t.spec.Parallelism != nil {
		e.limit = *t.spec.Parallelism
	}
	e.failFast = t.spec.FailFast != nil && *t.spec.FailFast
	return composite{
		frameBase: frameBase{depth: e.call.depth, ordinal: e.st.Ordinal}, run: r, e: e, t: t, root: root,
	}
}

// scope is what steps and tasks can refer to: inputs and globals of the composite, and its finished members.
func (c *composite) scope(siblings expr.Scope) expr.Scope {
	return expr.Scopes{siblings, c.run.nodeScope(c.e, c.t)}
}

// call prepares the call of a member.
func (c *composite) call(step *v1alpha1.WorkflowStep, name string) *call {
	_, reads := c.t.reads[step.Name]
	return &call{
		name: name, ref: reference{template: step.Template, ref: step.TemplateRef, inline: step.Inline}, in: c.t.in,
		args: step.Arguments, boundary: c.e, outer: c.t, up: c.e, onExit: c.e.call.onExit, depth: c.e.call.depth + 1,
		caller: step.Name, dag: c.root == "tasks", result: reads,
	}
}

// member finds the finished node of a step or task: one node, or those of a loop.
type member struct {
	e     *entry
	loop  []*entry // in order of the items; nil: no loop
	known bool     // the composite has a step or task of that name
	act   *activity
}

// siblingScope gives `steps.<name>.` or `tasks.<name>.` (VAR-18 to VAR-20).
type siblingScope struct {
	c    *composite
	find func(name string) member
}

// Get implements expr.Scope.
func (s siblingScope) Get(name string) expr.Value {
	rest, ok := strings.CutPrefix(name, s.c.root+".")
	if !ok {
		return expr.Value{}
	}
	sibling, field, ok := strings.Cut(rest, ".")
	if !ok {
		return expr.Value{}
	}
	m := s.find(sibling)
	switch {
	case !m.known || (m.e == nil && m.loop == nil):
		return expr.Value{}
	case m.loop != nil:
		return s.c.aggregated(sibling, m, field)
	}
	return s.c.field(m, field)
}

// Below implements expr.Scope: the output parameters of a sibling.
func (s siblingScope) Below(prefix string) []string {
	rest, ok := strings.CutPrefix(prefix, s.c.root+".")
	if !ok {
		return nil
	}
	sibling, field, _ := strings.Cut(rest, ".")
	if field != "outputs.parameters" && field != "outputs" && field != "" {
		return nil
	}
	m := s.find(sibling)
	if m.e == nil || m.loop != nil {
		return nil
	}
	var names []string
	base := s.c.root + "." + sibling + "."
	if field == "" {
		names = append(names, base+"status", base+"id")
	}
	out := m.e.st.Outputs
	if out == nil {
		return names
	}
	for i := range out.Parameters {
		names = append(names, base+"outputs.parameters."+out.Parameters[i].Name)
	}
	if field != "outputs.parameters" && out.Result != nil {
		names = append(names, base+"outputs.result")
	}
	return names
}

// field gives one value of a member.
func (c *composite) field(m member, field string) expr.Value {
	st := &m.e.st
	switch field {
	case "id":
		return expr.Text(st.ID)
	case "status":
		return expr.Text(string(st.Phase))
	case "startedAt":
		return expr.Text(rfc3339(st.StartedAt.Time))
	case "finishedAt":
		if st.FinishedAt.IsZero() {
			return expr.Value{}
		}
		return expr.Text(rfc3339(st.FinishedAt.Time))
	case "hostNodeName":
		return expr.Text(st.HostNodeName)
	case "ip":
		if st.PodIP == "" {
			return expr.Value{}
		}
		return expr.Text(st.PodIP)
	case "exitCode":
		if st.Outputs != nil && st.Outputs.ExitCode != nil {
			return expr.Text(*st.Outputs.ExitCode)
		}
		return absentOnceFulfilled(st)
	case "outputs.result":
		if st.Outputs != nil && st.Outputs.Result != nil {
			return expr.Text(*st.Outputs.Result)
		}
		return absentOnceFulfilled(st)
	}
	if name, ok := strings.CutPrefix(field, "outputs.parameters."); ok {
		return c.outputParameter(m, name)
	}
	if strings.HasPrefix(field, "outputs.artifacts.") {
		return expr.Value{State: expr.Late}
	}
	return expr.Value{}
}

// outputParameter gives an output parameter; of a skipped producer, the default that it declares (PRM-20).
func (c *composite) outputParameter(m member, name string) expr.Value {
	st := &m.e.st
	if st.Outputs != nil {
		if p := st.Outputs.GetParameterByName(name); p != nil && p.Value != nil {
			return expr.Text(string(*p.Value))
		}
	}
	if st.Fulfilled() && m.act != nil {
		step := m.act.step
		t, err := c.run.resolve(reference{template: step.Template, ref: step.TemplateRef, inline: step.Inline}, c.t.in)
		if err == nil {
			if p := t.spec.Outputs.GetParameterByName(name); p != nil && p.ValueFrom != nil && p.ValueFrom.Default != nil {
				return expr.Text(string(*p.ValueFrom.Default))
			}
		}
	}
	return absentOnceFulfilled(st)
}

func absentOnceFulfilled(st *v1alpha1.NodeStatus) expr.Value {
	if st.Fulfilled() {
		return expr.Value{State: expr.Absent}
	}
	return expr.Value{}
}

// end ends the composite: its daemons are stopped, its outputs are worked out if it succeeded.
func (c *composite) end(phase v1alpha1.NodePhase, message string, siblings siblingScope) {
	if c.e.st.Fulfilled() {
		return
	}
	if phase == v1alpha1.NodeSucceeded && c.t.spec.Outputs.HasOutputs() {
		outputs, err := c.run.compositeOutputs(c, siblings, c.artifact(siblings.find))
		if err != nil {
			phase, message = v1alpha1.NodeError, err.Error()
		} else if outputs != nil {
			c.e.st.Outputs = outputs
		}
	}
	c.e.frame = nil
	c.run.endDaemons(c.e)
	c.run.setPhase(c.e, phase, message)
}

// item gives the index of a loop's expansion from its node name.
func itemIndex(name, base string) int {
	rest, ok := strings.CutPrefix(name, base+"(")
	if !ok {
		return -1
	}
	index := 0
	for i := 0; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
		index = index*10 + int(rest[i]-'0')
	}
	return index
}

// memberName names the node of a step or task that is no loop.
func (c *composite) memberName(name string) string { return node.Child(c.e.st.Name, name) }
