package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

func newLibrary(spec *v1alpha1.WorkflowSpec, path *field.Path) *library {
	l := &library{spec: spec, path: path, templates: make(map[string]int, len(spec.Templates))}
	for i := range spec.Templates {
		name := spec.Templates[i].Name
		if _, twice := l.templates[name]; twice || name == "" {
			continue
		}
		l.templates[name] = i
		l.names = append(l.names, name)
	}
	return l
}

// hasTag tells whether a text depends on values that are known only while the workflow runs. What is never closed is no tag.
func hasTag(text string) bool {
	_, after, opened := strings.Cut(text, "{{")
	return opened && strings.Contains(after, "}}")
}

// library finds the object that a reference names; the first one who asks is told about what is wrong with it.
func (p *program) library(name string, cluster bool, site *field.Path) *library {
	key := libraryKey{name, cluster}
	if known := p.libraries[key]; known != nil {
		return known
	}
	var spec *v1alpha1.WorkflowSpec
	var err error
	title := "WorkflowTemplate " + name
	if cluster {
		title = "ClusterWorkflowTemplate " + name
		var found *v1alpha1.ClusterWorkflowTemplate
		if found, err = p.lookup.ClusterWorkflowTemplate(name); err == nil {
			spec = &found.Spec
		}
	} else {
		var found *v1alpha1.WorkflowTemplate
		if found, err = p.lookup.WorkflowTemplate(p.namespace, name); err == nil {
			spec = &found.Spec
		}
	}
	l := &library{err: err}
	if err == nil {
		l = newLibrary(spec, field.NewPath("spec"))
	}
	l.title, l.site = title, site
	p.libraries[key] = l
	return l
}

// missingObject tells of an object that is not there, or cannot be read.
func (p *program) missingObject(in *library, path *field.Path, l *library, template string) {
	p.partial = true
	if !apierrors.IsNotFound(l.err) {
		p.add(field.InternalError(path, fmt.Errorf("cannot read %s: %w", l.title, l.err)))
		return
	}
	_, name, _ := strings.Cut(l.title, " ")
	message := l.title + " not found"
	if !strings.HasPrefix(l.title, "Cluster") {
		message = fmt.Sprintf("%s not found in namespace %s", l.title, p.namespace)
	}
	if template != "" {
		message = fmt.Sprintf("template reference %s.%s not found: %s", name, template, message)
	}
	p.report(p.rules.missing, in, path, name, message)
}

// unit is the unit of a template; new ones are looked at later.
func (p *program) unit(in *library, template *v1alpha1.Template, path *field.Path) *unit {
	if known := p.units[template]; known != nil {
		return known
	}
	u := &unit{in: in, template: template, path: path, inputs: map[string]bool{}}
	p.units[template] = u
	p.order = append(p.order, u)
	return u
}

func (p *program) named(in *library, name string) *unit {
	i, ok := in.templates[name]
	if !ok {
		return nil
	}
	return p.unit(in, &in.spec.Templates[i], in.path.Child("templates").Index(i))
}

// discover follows every reference from the templates of the object and of what they refer to.
func (p *program) discover() {
	for i := range p.own.spec.Templates {
		p.unit(p.own, &p.own.spec.Templates[i], p.own.path.Child("templates").Index(i))
	}
	for i := 0; i < len(p.order); i++ {
		p.discoverUnit(p.order[i])
	}
}

func (p *program) discoverUnit(u *unit) {
	switch {
	case len(u.template.Steps) > 0:
		u.members = &members{root: "steps", byName: map[string]*sibling{}}
		for i := range u.template.Steps {
			for j := range u.template.Steps[i].Steps {
				step := &u.template.Steps[i].Steps[j]
				p.discoverMember(u, step, u.path.Child("steps").Index(i).Index(j), i, j).always = always(step, "")
			}
		}
	case u.template.DAG != nil:
		tasks := u.template.DAG.Tasks
		u.members = &members{root: "tasks", byName: make(map[string]*sibling, len(tasks)), stamps: make([]int, len(tasks))}
		path := u.path.Child("dag", "tasks")
		for i := range tasks {
			step := asStep(&tasks[i])
			p.discoverMember(u, step, path.Index(i), 0, i).always = always(step, tasks[i].Depends)
		}
		target := u.template.DAG.Target
		if hasTag(target) {
			target = ""
		}
		u.members.graph, _ = graph.BuildDAG(tasks, target)
	}
}

// asStep gives what a task has in common with a step.
func asStep(task *v1alpha1.DAGTask) *v1alpha1.WorkflowStep {
	return &v1alpha1.WorkflowStep{
		Name: task.Name, Template: task.Template, Inline: task.Inline, Arguments: task.Arguments, TemplateRef: task.TemplateRef,
		WithItems: task.WithItems, WithParam: task.WithParam, WithSequence: task.WithSequence, When: task.When,
		ContinueOn: task.ContinueOn, OnExit: task.OnExit, Hooks: task.Hooks,
	}
}

func (p *program) discoverMember(u *unit, step *v1alpha1.WorkflowStep, path *field.Path, group, index int) *call {
	s := &sibling{name: step.Name, step: step, index: index, group: group, hooks: len(step.Hooks) > 0 || step.OnExit != ""}
	s.exit = step.OnExit != "" || step.Hooks.HasExitHook()
	switch {
	case len(step.WithItems) > 0 || step.WithParam != "":
		s.loop = overItems
	case step.WithSequence != nil:
		s.loop = overSequence
	}
	s.call = &call{template: step.Template, ref: step.TemplateRef, inline: step.Inline, arguments: &step.Arguments, path: path}
	p.resolve(u.in, s.call)
	u.calls = append(u.calls, s.call)
	if s.call.callee != nil {
		s.call.callee.called = true
	}
	s.after = p.hookCalls(u.in, step.OnExit, step.Hooks, path)
	u.calls = append(u.calls, s.after...)
	if hasTag(step.Name) {
		u.members.later = append(u.members.later, namePattern(step.Name))
	}
	if u.members.byName[step.Name] == nil {
		u.members.byName[step.Name] = s
		u.members.names = append(u.members.names, step.Name)
	}
	return s.call
}

// tagFormat finds the innermost tags.
var tagFormat = regexp.MustCompile(`{{[^{}]*}}`)

// pattern is what stands before, between and after the tags of a name.
type pattern []string

func namePattern(name string) pattern { return tagFormat.Split(name, -1) }

// matches tells whether a name with tags can become that.
func (p pattern) matches(name string) bool {
	last := len(p) - 1
	if last == 0 {
		return true // its tags have braces inside
	}
	rest, found := strings.CutPrefix(name, p[0])
	for _, part := range p[1:last] {
		if found {
			_, rest, found = strings.Cut(rest, part)
		}
	}
	return found && strings.HasSuffix(rest, p[last])
}

// hookCalls resolves the hooks of a step, a task or the workflow.
func (p *program) hookCalls(in *library, onExit string, hooks v1alpha1.LifecycleHooks, path *field.Path) []*call {
	var calls []*call
	if onExit != "" {
		calls = append(calls, &call{template: onExit, arguments: &v1alpha1.Arguments{}, path: path.Child("onExit"), hook: true, atEnd: true})
	}
	if len(hooks) == 0 && onExit == "" {
		return nil
	}
	for _, event := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[event]
		calls = append(calls, &call{
			template: hook.Template, ref: hook.TemplateRef, arguments: &hook.Arguments, path: path.Child("hooks").Key(string(event)), hook: true,
			atEnd: event == v1alpha1.ExitLifecycleEvent && onExit == "",
		})
	}
	for _, c := range calls {
		p.resolve(in, c)
	}
	return calls
}

// resolve finds the template that a call runs: V-074, V-075.
func (p *program) resolve(in *library, c *call) {
	switch {
	case c.inline != nil:
		c.callee = p.unit(in, c.inline, c.path.Child("inline"))
		c.callee.inline = true
	case c.ref != nil:
		p.resolveRef(in, c)
	case !c.byName && hasTag(c.template):
		p.partial = true
	case c.template != "":
		c.callee = p.named(in, c.template)
	}
}

func (p *program) resolveRef(in *library, c *call) {
	if c.ref.Name == "" || c.ref.Template == "" {
		return
	}
	if hasTag(c.ref.Name) || hasTag(c.ref.Template) || p.lookup == nil {
		p.partial = true
		return
	}
	if p.namespace == "" && !c.ref.ClusterScope {
		p.partial = true // which object of this name it will be depends on where a workflow runs
		return
	}
	path := c.path.Child("templateRef")
	site := path
	if in.site != nil {
		site = in.site
	}
	l := p.library(c.ref.Name, c.ref.ClusterScope, site)
	if l.err != nil {
		p.missingObject(in, path.Child("name"), l, c.ref.Template)
		return
	}
	if c.callee = p.named(l, c.ref.Template); c.callee == nil {
		p.partial = true
		p.report(p.rules.missing, in, path.Child("template"), c.ref.Template, fmt.Sprintf(
			"template reference %s.%s not found: %s has no such template%s", c.ref.Name, c.ref.Template, l.title, p.didYouMean(c.ref.Template, l.names)))
	}
}
