package examples

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// composite makes a template of steps or tasks and all that they run.
func (m *maker) composite(depth int) *v1alpha1.Template {
	is := m.sort()
	t := m.template(m.name(string(is)))
	m.inputs(t)
	at := &viewpoint{}
	for i := range t.Inputs.Parameters {
		name := t.Inputs.Parameters[i].Name
		kind, _, _ := strings.Cut(name, "-")
		at.values = append(at.values, value{sort(kind), "inputs.parameters." + name})
	}
	for i := range t.Inputs.Artifacts {
		if !t.Inputs.Artifacts[i].Optional {
			at.artifacts = append(at.artifacts, "inputs.artifacts."+t.Inputs.Artifacts[i].Name)
		}
	}
	if m.one(2) {
		m.steps(t, at, depth)
	} else {
		m.tasks(t, at, depth)
	}
	m.outputs(t, at, is)
	m.add(t)
	return t
}

// outputs gives a composite the output that its name promises, and an artifact if there is one.
func (m *maker) outputs(t *v1alpha1.Template, all *viewpoint, is sort) {
	text := m.text(all, is)
	from := &v1alpha1.ValueFrom{Parameter: text}
	if expression, ok := strings.CutPrefix(text, "{{="); ok && m.one(2) {
		from = &v1alpha1.ValueFrom{Expression: strings.TrimSuffix(expression, "}}")}
	}
	t.Outputs.Parameters = []v1alpha1.Parameter{{Name: string(is) + "-out", ValueFrom: from}}
	if len(all.artifacts) > 0 {
		t.Outputs.Artifacts = v1alpha1.Artifacts{{Name: "made", From: "{{" + among(m, all.artifacts) + "}}"}}
	}
}

// member makes a step, or what a task has in common with one; gives are what those after it can use.
func (m *maker) member(root, name string, at *viewpoint, depth int) (step v1alpha1.WorkflowStep, gives viewpoint) {
	callee := m.callee(depth)
	is, _, _ := strings.Cut(callee.Name, "-")
	own := &viewpoint{values: slices.Clone(at.values), artifacts: at.artifacts}
	step = v1alpha1.WorkflowStep{Name: name}
	loops := m.one(4) && m.loop(&step, at, own)
	if step.Template = callee.Name; m.kept[callee.Name] {
		step.Template, step.TemplateRef = "", &v1alpha1.TemplateRef{Name: libraryName, Template: callee.Name}
	}
	conditional := m.one(4)
	if conditional {
		step.When = m.condition(own)
	}
	for i := range callee.Inputs.Parameters {
		p := &callee.Inputs.Parameters[i]
		kind, _, _ := strings.Cut(p.Name, "-")
		if p.Default == nil || m.one(2) {
			step.Arguments.Parameters = append(step.Arguments.Parameters, v1alpha1.Parameter{Name: p.Name, Value: v1alpha1.AnyStringPtr(m.text(own, sort(kind)))})
		}
	}
	for i := range callee.Inputs.Artifacts {
		m.artifact(&step, &callee.Inputs.Artifacts[i], at)
	}
	m.hooks(&step, root, loops)
	base := root + "." + name + "."
	switch {
	case conditional:
	case loops:
		gives.values = append(gives.values, value{aList, base + "outputs.parameters." + is + "-out"})
		if sort(is) != aList && sort(is) != aTable && callee.IsLeaf() {
			gives.values = append(gives.values, value{aList, base + "outputs.result"})
		}
	default:
		gives.values = append(gives.values, value{sort(is), base + "outputs.parameters." + is + "-out"}, value{aText, base + "status"}, value{aText, base + "id"}, value{aText, base + "startedAt"})
		if callee.IsLeaf() {
			gives.values = append(gives.values, value{sort(is), base + "outputs.result"})
			gives.values = append(gives.values, value{aNumber, base + "exitCode"})
		}
		if len(callee.Outputs.Artifacts) > 0 {
			gives.artifacts = append(gives.artifacts, base+"outputs.artifacts.made")
		}
	}
	return step, gives
}

// callee picks what a member runs: something that there is already, or something new.
func (m *maker) callee(depth int) *v1alpha1.Template {
	switch {
	case depth < 3 && m.one(4):
		return m.composite(depth + 1)
	case len(m.made) > 0 && m.one(2):
		return among(m, m.made)
	}
	return m.leaf(m.sort())
}

// loop makes a step a loop.
func (m *maker) loop(step *v1alpha1.WorkflowStep, at, own *viewpoint) bool {
	switch m.Intn(4) {
	case 0:
		for i := range 1 + m.Intn(3) {
			step.WithItems = append(step.WithItems, v1alpha1.Item{Value: []byte(fmt.Sprintf(`"i%d"`, i))})
		}
		own.values = append(own.values, value{aText, "item"})
	case 1:
		step.WithParam = m.text(at, aList)
		own.values = append(own.values, value{aText, "item"})
	case 2:
		step.WithParam = m.text(at, aTable)
		own.values = append(own.values, value{aText, "item.key"}, value{aNumber, "item.size"})
	default:
		step.WithSequence = &v1alpha1.Sequence{Count: number(1 + m.Intn(3))}
		if m.one(2) {
			step.WithSequence = &v1alpha1.Sequence{Start: number(m.Intn(4)), End: number(m.Intn(4))}
		}
		own.values = append(own.values, value{aNumber, "item"})
	}
	return true
}

func (m *maker) artifact(step *v1alpha1.WorkflowStep, input *v1alpha1.Artifact, at *viewpoint) {
	if input.Optional && m.one(2) {
		return
	}
	a := v1alpha1.Artifact{Name: input.Name}
	switch {
	case len(at.artifacts) > 0 && m.one(3):
		name := value{name: among(m, at.artifacts)}.asMember()
		a.FromExpression = "1 > 2 ? " + name + " : " + name
	case len(at.artifacts) > 0:
		a.From = "{{" + among(m, at.artifacts) + "}}"
	default:
		a.Raw = &v1alpha1.RawArtifact{Data: "x"}
	}
	step.Arguments.Artifacts = append(step.Arguments.Artifacts, a)
}

func (m *maker) hooks(step *v1alpha1.WorkflowStep, root string, loops bool) {
	if loops || !m.one(6) {
		return
	}
	handler := &v1alpha1.Template{Name: m.name(string(aText)), Inputs: v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "text-in"}}}}
	handler.Script = &v1alpha1.ScriptTemplate{Source: "{{inputs.parameters.text-in}}"}
	handler.Script.Image = "i"
	m.spec.Templates = append(m.spec.Templates, *handler)
	self := value{name: root + "." + step.Name + ".status"}
	given := v1alpha1.Arguments{Parameters: []v1alpha1.Parameter{{Name: "text-in", Value: v1alpha1.AnyStringPtr(self.asTag())}}}
	step.Hooks = v1alpha1.LifecycleHooks{"exit": {Template: handler.Name, Arguments: given}}
	if m.one(2) {
		step.Hooks["seen"] = v1alpha1.LifecycleHook{Template: handler.Name, Arguments: given, Expression: self.asMember() + " == 'Running'"}
	}
}

func (m *maker) steps(t *v1alpha1.Template, at *viewpoint, depth int) {
	for i := range 1 + m.Intn(3) {
		var group v1alpha1.ParallelSteps
		var given []viewpoint
		for j := range 1 + m.Intn(3) {
			step, gives := m.member("steps", fmt.Sprintf("s%d-%d", i, j), at, depth)
			group.Steps, given = append(group.Steps, step), append(given, gives)
		}
		for _, gives := range given {
			at.values, at.artifacts = append(at.values, gives.values...), append(at.artifacts, gives.artifacts...)
		}
		t.Steps = append(t.Steps, group)
	}
}

func (m *maker) tasks(t *v1alpha1.Template, at *viewpoint, depth int) {
	t.DAG = &v1alpha1.DAGTemplate{}
	seen := map[string]*viewpoint{} // by each task, what those that wait for it see
	plain := m.one(2)
	for i := range 1 + m.Intn(5) {
		task := v1alpha1.DAGTask{Name: fmt.Sprintf("t-%d", i)}
		own := &viewpoint{values: slices.Clone(at.values), artifacts: slices.Clone(at.artifacts)}
		var waits []string
		for _, other := range t.DAG.Tasks {
			if m.one(2) {
				waits = append(waits, other.Name)
				own.values, own.artifacts = append(own.values, seen[other.Name].values...), append(own.artifacts, seen[other.Name].artifacts...)
			}
		}
		if plain {
			task.Dependencies = waits
		} else {
			for k := range waits {
				waits[k] += among(m, []string{"", "", "", ".Skipped || " + waits[k]})
				waits[k] = "(" + waits[k] + ")"
			}
			task.Depends = strings.Join(waits, " && ")
		}
		step, gives := m.member("tasks", task.Name, own, depth)
		task.Template, task.TemplateRef, task.Arguments = step.Template, step.TemplateRef, step.Arguments
		task.When, task.Hooks = step.When, step.Hooks
		task.WithItems, task.WithParam, task.WithSequence = step.WithItems, step.WithParam, step.WithSequence
		gives.values, gives.artifacts = append(gives.values, own.values...), append(gives.artifacts, own.artifacts...)
		seen[task.Name] = &gives
		t.DAG.Tasks = append(t.DAG.Tasks, task)
	}
	for i := range t.DAG.Tasks {
		gives := seen[t.DAG.Tasks[i].Name]
		at.values, at.artifacts = append(at.values, gives.values...), append(at.artifacts, gives.artifacts...)
	}
}
