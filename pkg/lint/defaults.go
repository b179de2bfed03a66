package lint

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// underlay is what a controller lays under the workflows that it runs (CFG-03).
type underlay struct {
	defaults *v1alpha1.Workflow // nil: nothing
	// unknown: another controller runs the workflow, whose defaults nobody here knows.
	unknown bool
	// paths are those of what the object does not say itself.
	paths []string
}

// underlayOf asks for the defaults that an object will get.
func underlayOf(meta *metav1.ObjectMeta, lookup Lookup) *underlay {
	if lookup == nil {
		return &underlay{}
	}
	defaults, known := lookup.Defaults(meta.Labels[v1alpha1.LabelKeyControllerInstanceID])
	return &underlay{defaults: defaults, unknown: !known}
}

// meta adds the names of the labels and annotations of the defaults.
func (u *underlay) meta(m metadata) metadata {
	if u.defaults == nil {
		return m
	}
	for key := range u.defaults.Labels {
		m.labels[key] = true
	}
	for key := range u.defaults.Annotations {
		m.annotations[key] = true
	}
	return m
}

// under is a spec with the defaults under it. What the spec says itself keeps its place, so that paths stay right.
func (u *underlay) under(spec *v1alpha1.WorkflowSpec, path *field.Path) *v1alpha1.WorkflowSpec {
	merged := u.merged(spec)
	if merged == spec {
		return spec
	}
	merged.WorkflowTemplateRef = spec.WorkflowTemplateRef
	own, all := reflect.ValueOf(spec).Elem(), reflect.ValueOf(merged).Elem()
	for i := range own.NumField() {
		name, _, _ := strings.Cut(own.Type().Field(i).Tag.Get("json"), ",")
		if own.Field(i).IsZero() && !all.Field(i).IsZero() {
			u.paths = append(u.paths, path.Child(name).String())
		}
	}
	u.beyond(path.Child("templates"), len(spec.Templates), len(merged.Templates))
	u.beyond(path.Child("arguments", "parameters"), len(spec.Arguments.Parameters), len(merged.Arguments.Parameters))
	u.beyond(path.Child("arguments", "artifacts"), len(spec.Arguments.Artifacts), len(merged.Arguments.Artifacts))
	return merged
}

// merged lays the defaults under a spec. A workflow that takes its templates from elsewhere gets them under those.
func (u *underlay) merged(spec *v1alpha1.WorkflowSpec) *v1alpha1.WorkflowSpec {
	if u.defaults == nil || spec.WorkflowTemplateRef != nil {
		return spec
	}
	merged, err := engine.MergeSpecs(&u.defaults.Spec, spec)
	if err != nil {
		return spec
	}
	below := &u.defaults.Spec
	merged.Templates = ownFirst(spec.Templates, merged.Templates, below.Templates, func(t *v1alpha1.Template) string { return t.Name })
	merged.Arguments.Parameters = ownFirst(spec.Arguments.Parameters, merged.Arguments.Parameters, below.Arguments.Parameters, func(p *v1alpha1.Parameter) string { return p.Name })
	merged.Arguments.Artifacts = ownFirst(spec.Arguments.Artifacts, merged.Arguments.Artifacts, below.Arguments.Artifacts, func(a *v1alpha1.Artifact) string { return a.Name })
	return merged
}

// ownFirst lists what the object has itself in its own order, mistakes and all, and then what it gets besides. Only elements
// that the defaults have as well come from what was merged.
func ownFirst[T any](own, merged, below []T, name func(*T) string) []T {
	find := func(in []T, element *T) int {
		return slices.IndexFunc(in, func(other T) bool { return name(&other) == name(element) })
	}
	all := slices.Clone(own)
	for i := range all {
		if find(below, &all[i]) >= 0 {
			if at := find(merged, &all[i]); at >= 0 {
				all[i] = merged[at]
			}
		}
	}
	for i := range merged {
		if find(own, &merged[i]) < 0 {
			all = append(all, merged[i])
		}
	}
	return all
}

func (u *underlay) beyond(path *field.Path, own, all int) {
	for i := own; i < all; i++ {
		u.paths = append(u.paths, path.Index(i).String())
	}
}

// inherited tells whether a path is that of something which the object does not say itself.
func (u *underlay) inherited(path string) bool {
	return slices.ContainsFunc(u.paths, func(prefix string) bool {
		rest, found := strings.CutPrefix(path, prefix)
		return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// judge says of findings where the defaults come in: what they cause, and what they may remedy when they are not known.
func (u *underlay) judge(errs field.ErrorList, warnings []string) (field.ErrorList, []string) {
	warnings = slices.DeleteFunc(warnings, func(warning string) bool {
		path, _, _ := strings.Cut(warning, ": ")
		return u.inherited(path)
	})
	var kept field.ErrorList
	for _, err := range errs {
		switch {
		case u.inherited(err.Field):
			err.Detail += "; this comes from the controller's workflowDefaults"
		case u.unknown && remediable(err):
			warnings = append(warnings, fmt.Sprintf("%s: %s, unless the workflowDefaults of its controller do", err.Field, err.ErrorBody()))
			continue
		}
		kept = append(kept, err)
	}
	return kept, warnings
}

// remediable tells errors that defaults can remedy: an entrypoint, a value, an image that is missing.
func remediable(err *field.Error) bool {
	if err.Type != field.ErrorTypeRequired {
		return false
	}
	return strings.HasSuffix(err.Field, ".entrypoint") || strings.HasSuffix(err.Field, ".image") ||
		strings.Contains(err.Field, "pec.arguments.") && (strings.HasSuffix(err.Field, ".value") || strings.HasSuffix(err.Field, ".parameters") || strings.HasSuffix(err.Field, ".artifacts"))
}

// workflowUnder is a workflow with the defaults under it.
func workflowUnder(workflow *v1alpha1.Workflow, u *underlay) *v1alpha1.Workflow {
	if u.defaults == nil {
		return workflow
	}
	shell := *workflow
	shell.Spec = *u.under(&workflow.Spec, field.NewPath("spec"))
	return &shell
}

// cronUnder is a cron workflow whose workflows have the defaults under them.
func cronUnder(cron *v1alpha1.CronWorkflow, u *underlay) *v1alpha1.CronWorkflow {
	if u.defaults == nil {
		return cron
	}
	shell := *cron
	shell.Spec.WorkflowSpec = *u.under(&cron.Spec.WorkflowSpec, field.NewPath("spec", "workflowSpec"))
	return &shell
}

// templateUnder is a template that may leave out what the defaults for templates give to every workflow.
func templateUnder(template *v1alpha1.WorkflowTemplate, u *underlay) *v1alpha1.WorkflowTemplate {
	if u.defaults == nil || u.defaults.Spec.TemplateDefaults == nil {
		return template
	}
	merged, err := engine.MergeSpecs(&v1alpha1.WorkflowSpec{TemplateDefaults: u.defaults.Spec.TemplateDefaults}, &template.Spec)
	if err != nil {
		return template
	}
	shell := *template
	shell.Spec.TemplateDefaults = merged.TemplateDefaults
	if template.Spec.TemplateDefaults == nil {
		u.paths = append(u.paths, "spec.templateDefaults")
	}
	return &shell
}
