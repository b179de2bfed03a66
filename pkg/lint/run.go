package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// checkSpec looks at a spec together with what it refers to. validation has looked at the spec alone.
func checkSpec(spec *v1alpha1.WorkflowSpec, namespace string, meta metadata, r rules, lookup Lookup) (field.ErrorList, []string) {
	p := &program{
		rules: r, namespace: namespace, lookup: lookup, spec: spec, meta: r.under.meta(meta),
		libraries: map[libraryKey]*library{}, units: map[*v1alpha1.Template]*unit{}, told: map[string]bool{},
	}
	p.own = newLibrary(spec, r.path)
	entry := p.own
	if ref := spec.WorkflowTemplateRef; ref != nil {
		entry = p.referencedSpec(ref)
	}
	p.discover()
	roots := p.roots(entry)
	p.discover()
	p.reach(roots)
	p.makeGlobals()
	p.foresee(roots)
	p.checkWorkflow(roots)
	for i := 0; i < len(p.order); i++ {
		if u := p.order[i]; !u.inline {
			p.checkUnit(u, nil)
		}
	}
	for _, u := range p.order {
		p.foretell(u)
	}
	p.unused(entry, roots)
	p.endless()
	return p.errs, p.warnings
}

// referencedSpec finds the object that gives the workflow its templates (REF-03): V-005, V-007, V-022, V-044.
func (p *program) referencedSpec(ref *v1alpha1.WorkflowTemplateRef) *library {
	path := p.rules.path.Child("workflowTemplateRef")
	if ref.Name == "" || p.lookup == nil || p.namespace == "" && !ref.ClusterScope {
		p.partial = true
		return p.own
	}
	l := p.library(ref.Name, ref.ClusterScope, path)
	if l.err != nil {
		p.missingObject(p.own, path.Child("name"), l, "")
		return p.own
	}
	if layered := p.rules.under.merged(l.spec); layered != l.spec {
		title := l.title
		l = newLibrary(layered, l.path)
		l.title, l.site = title, path
		p.libraries[libraryKey{ref.Name, ref.ClusterScope}] = l
	}
	p.spec = mergedSpec(l.spec, p.spec)
	return l
}

// roots are the calls that a run begins and ends with.
type roots struct {
	entry *call
	exit  []*call
}

func (p *program) roots(entry *library) roots {
	path := p.rules.path
	r := roots{}
	if p.spec.Entrypoint != "" {
		r.entry = &call{template: p.spec.Entrypoint, arguments: &p.spec.Arguments, path: path.Child("entrypoint"), byName: true}
		p.resolve(entry, r.entry)
	}
	r.exit = p.hookCalls(entry, p.spec.OnExit, p.spec.Hooks, path)
	for i, c := range r.exit {
		c.byName = i == 0 && p.spec.OnExit != ""
		if c.arguments.IsEmpty() { // HOOK-01
			c.arguments, c.inherits = &p.spec.Arguments, true
		}
	}
	if entry.site != nil {
		p.referencedRoots(entry, r)
	}
	return r
}

// referencedRoots checks entrypoint, exit handler, hooks and arguments of a workflow whose templates are in another object.
// In a workflow of its own, validation does.
func (p *program) referencedRoots(entry *library, r roots) {
	path := p.rules.path
	undefined := func(at *field.Path, name string) {
		p.report(p.rules.missing, p.own, at, name, fmt.Sprintf("template name '%s' undefined: %s has no such template%s", name, entry.title, p.didYouMean(name, entry.names)))
	}
	switch {
	case p.spec.Entrypoint == "" && !p.rules.alone:
		p.report(p.rules.missing, p.own, path.Child("entrypoint"), "", "spec.entrypoint is required: "+entry.title+" has none either")
	case r.entry != nil && r.entry.callee == nil:
		undefined(path.Child("entrypoint"), p.spec.Entrypoint)
	}
	for _, c := range r.exit {
		if c.callee == nil && c.ref == nil && c.template != "" && (c.byName || !hasTag(c.template)) {
			undefined(c.path, c.template)
		}
	}
	if p.rules.alone {
		return
	}
	for _, err := range validation.ValidateArguments(&p.spec.Arguments, true, path.Child("arguments")) {
		p.add(p.inherited(err, entry))
	}
	if r.entry != nil && r.entry.callee != nil {
		errs, _ := validation.ValidateCall(r.entry.callee.template, &p.spec.Arguments, path.Child("arguments"))
		for _, err := range errs {
			p.add(err)
		}
	}
}

// inherited words an error about an argument that the workflow does not have itself: it can give it, or the template can.
func (p *program) inherited(err *field.Error, from *library) *field.Error {
	own, path := &p.own.spec.Arguments, p.rules.path.Child("arguments")
	for _, list := range []struct {
		path     *field.Path
		own, all int
	}{
		{path.Child("parameters"), len(own.Parameters), len(p.spec.Arguments.Parameters)},
		{path.Child("artifacts"), len(own.Artifacts), len(p.spec.Arguments.Artifacts)},
	} {
		for i := list.own; i < list.all; i++ {
			if strings.HasPrefix(err.Field, list.path.Index(i).String()) {
				err.Field, err.Detail = list.path.String(), err.Detail+": "+from.title+" declares it without"
				return err
			}
		}
	}
	return err
}

// reach marks the templates that run below the entrypoint and below exit handlers and hooks.
func (p *program) reach(r roots) {
	var visit func(c *call, exit bool)
	visit = func(c *call, exit bool) {
		u := c.callee
		if u == nil || exit && u.exit || !exit && u.entry {
			return
		}
		if exit {
			u.exit = true
		} else {
			u.entry = true
		}
		for _, next := range u.calls {
			visit(next, exit || next.hook)
		}
	}
	if r.entry != nil {
		visit(r.entry, false)
	}
	for _, c := range r.exit {
		visit(c, true)
	}
}

// checkWorkflow checks the texts of the spec outside its templates.
func (p *program) checkWorkflow(r roots) {
	path := p.rules.path
	s := &scope{p: p, exit: true}
	shell := *p.own.spec
	shell.Templates, shell.Hooks, shell.WorkflowMetadata, shell.TemplateDefaults = nil, nil, nil, nil
	s.texts(&shell, path, silent)
	if p.own.spec.TemplateDefaults != nil { // what it means is known only in each template
		with := &scope{p: p, exit: true, unit: &unit{in: p.own, template: p.own.spec.TemplateDefaults, inputs: map[string]bool{}}}
		with.texts(p.own.spec.TemplateDefaults, path.Child("templateDefaults"), silent)
	}
	before := *s
	before.before, before.exit = true, false
	if m := p.own.spec.WorkflowMetadata; m != nil {
		p.checkMetadata(&before, m, path.Child("workflowMetadata"))
	}
	p.checkHooks(s, p.own.spec.Hooks, path)
	for _, c := range r.exit {
		p.checkCall(s, c)
	}
	for i := range p.own.spec.Arguments.Parameters { // read before anything runs; other values may be put together later
		if from := p.own.spec.Arguments.Parameters[i].ValueFrom; from != nil {
			before.texts(from, path.Child("arguments", "parameters").Index(i).Child("valueFrom"), strict)
		}
	}
	if metrics := p.own.spec.Metrics; metrics != nil {
		for i, metric := range metrics.Prometheus {
			if metric != nil {
				s.when(metric.When, path.Child("metrics", "prometheus").Index(i).Child("when"))
			}
		}
	}
	if retry := p.own.spec.RetryStrategy; retry != nil {
		with := *s
		with.bare, with.extra = true, lastRetryTypes
		with.expression(retry.Expression, path.Child("retryStrategy", "expression"), expr.BoolType)
	}
}

func (p *program) checkMetadata(s *scope, m *v1alpha1.WorkflowMetadata, path *field.Path) {
	s.texts(&v1alpha1.WorkflowMetadata{Annotations: m.Annotations, LabelsFrom: m.LabelsFrom}, path, strict)
	plain := *s
	plain.plain = true // a label's value has no braces
	plain.texts(&v1alpha1.WorkflowMetadata{Labels: m.Labels}, path, strict)
	s.labelForms(m, path)
	for _, key := range slices.Sorted(maps.Keys(m.LabelsFrom)) {
		plain.expression(m.LabelsFrom[key].Expression, path.Child("labelsFrom").Key(key).Child("expression"), expr.AnyType)
	}
}
