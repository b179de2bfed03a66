package lint

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// member judges a name below `steps.` or `tasks.`: V-128, V-152 to V-154, V-186.
func (s *scope) member(root, rest string) verdict {
	m := s.unit.members
	if m == nil {
		if s.outer != nil {
			return unknown("") // the scope around it decides
		}
		return unknown("a template sees its own inputs only; pass the value as an argument")
	}
	if m.root != root {
		return unknown(fmt.Sprintf("the template has %s; write %s.%s", m.root, m.root, rest))
	}
	name, field, _ := strings.Cut(rest, ".")
	other := m.byName[name]
	if other == nil {
		if m.mayHave(name) {
			return isKnown
		}
		return unknown(fmt.Sprintf("no %s is called %q%s", strings.TrimSuffix(root, "s"), name, s.p.didYouMean(name, m.names)))
	}
	if v := s.visible(m, other, field); !v.known {
		return v
	}
	return s.p.memberField(root, other, field)
}

// visible tells whether a member sees another.
func (s *scope) visible(m *members, other *sibling, field string) verdict {
	v := s.viewer
	switch {
	case v == nil && s.plain && !s.all:
		return unknown("it is not known yet: this is worked out before any of them runs")
	case v == nil, s.all:
		return isKnown
	case v == other:
		if s.inHook {
			return isKnown
		}
		return unknown(fmt.Sprintf("%q cannot use what it gives itself", v.name))
	case m.root == "steps":
		switch {
		case other.group < v.group:
			return isKnown
		case other.group == v.group:
			return unknown(fmt.Sprintf("step %q runs at the same time; put it into an earlier group", other.name))
		}
		return unknown(fmt.Sprintf("step %q comes later", other.name))
	case m.waitsFor(v, other):
		return isKnown
	}
	return unknown(fmt.Sprintf("missing dependency '%s': task %q does not wait for it; name it in depends or dependencies", other.name, v.name))
}

// waitsFor tells whether a task runs only after another, directly or through others.
func (m *members) waitsFor(task, other *sibling) bool {
	g := m.graph
	if g == nil {
		return true // the graph is broken, which is an error of its own
	}
	m.stamp++
	queue := []int{task.index}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, dep := range g.Tasks[at].Deps {
			if dep == other.index {
				return true
			}
			// A task ranks after all that it waits for.
			if m.stamps[dep] == m.stamp || g.Tasks[other.index].Rank >= 0 && g.Tasks[dep].Rank >= 0 && g.Tasks[dep].Rank < g.Tasks[other.index].Rank {
				continue
			}
			m.stamps[dep] = m.stamp
			queue = append(queue, dep)
		}
	}
	return false
}

// memberField judges what is asked of a step or task: V-186.
func (p *program) memberField(root string, of *sibling, field string) verdict {
	switch field {
	case "id", "status", "startedAt", "finishedAt", "hostNodeName":
		if root == "steps" && of.loop != noLoop {
			return unknown(fmt.Sprintf("%q is a loop: each of its values has its own; name its outputs", of.name))
		}
		return isKnown
	}
	if of.call.callee == nil {
		return isKnown // nobody knows yet what it runs
	}
	t := of.call.callee.template
	switch field {
	case "ip":
		if d := p.spec.TemplateDefaults; t.IsDaemon() || d != nil && d.IsDaemon() {
			return isKnown
		}
		return unknown(fmt.Sprintf("%q runs a template that is no daemon, and so has no address", of.name))
	case "exitCode", "outputs.result":
		if field == "exitCode" && root == "steps" && of.loop != noLoop {
			return unknown(fmt.Sprintf("%q is a loop: each of its values has its own; name its outputs", of.name))
		}
		if givesResult(t) {
			return isKnown
		}
		return unknown(fmt.Sprintf("a %s template gives no %s", t.GetType(), field))
	case "outputs.parameters":
		if of.loop == overItems {
			return isKnown
		}
		return unknown(fmt.Sprintf("name one of the parameters: %q is no loop over withItems or withParam", of.name))
	}
	return p.memberOutput(root, of, t, field)
}

func (p *program) memberOutput(root string, of *sibling, t *v1alpha1.Template, field string) verdict {
	outputs := &t.Outputs
	defaults := &v1alpha1.Outputs{}
	if p.spec.TemplateDefaults != nil {
		defaults = &p.spec.TemplateDefaults.Outputs
	}
	if name, ok := strings.CutPrefix(field, "outputs.parameters."); ok {
		if outputs.GetParameterByName(name) != nil || defaults.GetParameterByName(name) != nil {
			return isKnown
		}
		return unknown(fmt.Sprintf("what %q runs has no such output parameter%s", of.name, p.didYouMean(name, parameterNames(outputs.Parameters))))
	}
	if name, ok := strings.CutPrefix(field, "outputs.artifacts."); ok {
		if root == "steps" && of.loop != noLoop { // LOOP-07
			return unknown(fmt.Sprintf("%q is a loop: each of its values has its own artifacts; store them under keys of their own", of.name))
		}
		if outputs.Artifacts.GetArtifactByName(name) != nil || defaults.Artifacts.GetArtifactByName(name) != nil {
			return isKnown
		}
		var names []string
		for i := range outputs.Artifacts {
			names = append(names, outputs.Artifacts[i].Name)
		}
		return unknown(fmt.Sprintf("what %q runs has no such output artifact%s", of.name, p.didYouMean(name, names)))
	}
	return unknown("a step or task has id, status, startedAt, finishedAt, hostNodeName, ip, exitCode and outputs" +
		p.didYouMean(field, []string{"status", "startedAt", "finishedAt", "exitCode", "outputs.result", "outputs.parameters", "outputs.artifacts"}))
}

// givesResult tells the templates that have a process whose output and exit code are known.
func givesResult(t *v1alpha1.Template) bool {
	switch t.GetType() {
	case v1alpha1.TemplateTypeContainer, v1alpha1.TemplateTypeScript, v1alpha1.TemplateTypeData, v1alpha1.TemplateTypeHTTP, v1alpha1.TemplateTypePlugin:
		return true
	case v1alpha1.TemplateTypeContainerSet:
		for i := range t.ContainerSet.Containers {
			if t.ContainerSet.Containers[i].Name == "main" {
				return true
			}
		}
	}
	return false
}
