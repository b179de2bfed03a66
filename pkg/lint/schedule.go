package lint

import (
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// cronTypes are the variables of cron workflows (VAR-24).
var cronTypes = expr.Types{"cronworkflow": expr.Types{
	"name": expr.TextType, "namespace": expr.TextType, "labels": expr.AnyType, "annotations": expr.AnyType,
	"lastScheduledTime": expr.AnyType, "failed": expr.IntType, "succeeded": expr.IntType,
}}

// bare is a program of nothing but expressions.
func bare(path *field.Path) *program {
	p := &program{
		rules: rules{missing: Warning, alone: true, path: path, under: &underlay{}}, spec: &v1alpha1.WorkflowSpec{},
		meta: metadata{labels: map[string]bool{}, annotations: map[string]bool{}}, told: map[string]bool{},
	}
	p.own = newLibrary(p.spec, path)
	p.makeGlobals()
	return p
}

// checkSchedule compiles the conditions of a cron workflow (V-227; the reference finds these mistakes when they run).
func checkSchedule(spec *v1alpha1.CronWorkflowSpec, path *field.Path) (field.ErrorList, []string) {
	p := bare(path)
	s := &scope{p: p, bare: true, extra: cronTypes}
	if stop := spec.StopStrategy; stop != nil {
		at := path.Child("stopStrategy", "expression")
		if stop.Expression == "" {
			p.add(field.Required(at, "say when to stop"))
		}
		s.expression(stop.Expression, at, expr.BoolType)
	}
	s.texts(&struct {
		When string `json:"when"`
	}{spec.When}, path, strict)
	s.when(spec.When, path.Child("when"))
	return p.errs, p.warnings
}

// eventTypes are the variables of event bindings (EVT-03): what an event brings is up to who sends it.
var eventTypes = expr.Types{
	"namespace": expr.TextType, "discriminator": expr.TextType, "metadata": expr.AnyType, "payload": expr.AnyType,
}

// checkBinding checks V-240 and V-241 before an event comes, and the template that an event submits.
func checkBinding(binding *v1alpha1.WorkflowEventBinding, lookup Lookup) (field.ErrorList, []string) {
	path := field.NewPath("spec")
	p := bare(path)
	p.lookup, p.namespace, p.libraries = lookup, binding.Namespace, map[libraryKey]*library{}
	s := &scope{p: p, bare: true, extra: eventTypes}
	s.expression(binding.Spec.Event.Selector, path.Child("event", "selector"), expr.BoolType)
	submit := binding.Spec.Submit
	if submit == nil {
		return p.errs, p.warnings
	}
	at := path.Child("submit")
	meta := at.Child("metadata")
	s.expression(submit.Name, meta.Child("name"), expr.AnyType)
	s.expression(submit.GenerateName, meta.Child("generateName"), expr.AnyType)
	for _, key := range slices.Sorted(maps.Keys(submit.Labels)) {
		s.expression(submit.Labels[key], meta.Child("labels").Key(key), expr.AnyType)
	}
	for _, key := range slices.Sorted(maps.Keys(submit.Annotations)) {
		s.expression(submit.Annotations[key], meta.Child("annotations").Key(key), expr.AnyType)
	}
	if submit.Arguments != nil {
		for _, err := range validation.ValidateArguments(submit.Arguments, true, at.Child("arguments")) {
			p.add(err)
		}
		for i := range submit.Arguments.Parameters {
			if from := submit.Arguments.Parameters[i].ValueFrom; from != nil {
				s.expression(from.Event, at.Child("arguments", "parameters").Index(i).Child("valueFrom", "event"), expr.AnyType)
			}
		}
	}
	if name := submit.WorkflowTemplateRef.Name; name != "" && lookup != nil {
		l := p.library(name, submit.WorkflowTemplateRef.ClusterScope, nil)
		switch {
		case l.err == nil:
		case apierrors.IsNotFound(l.err):
			p.warn(p.own, at.Child("workflowTemplateRef", "name"), strings.TrimSpace(l.title)+" not found")
		default:
			p.add(field.InternalError(at.Child("workflowTemplateRef", "name"), l.err))
		}
	}
	return p.errs, p.warnings
}
