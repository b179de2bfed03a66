package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// origin is the object in which a template is written; names inside the template are looked up there (NOD-16).
type origin struct {
	resource string // name of the WorkflowTemplate or ClusterWorkflowTemplate; empty: the workflow itself
	cluster  bool
}

// scopeName is how status spells the origin.
func (o origin) scopeName(workflow string) string {
	switch {
	case o.resource == "":
		return "local/" + workflow
	case o.cluster:
		return "cluster/" + o.resource
	default:
		return "namespaced/" + o.resource
	}
}

// storageKey is the key of a template in status.storedTemplates (NOD-15).
func (o origin) storageKey(template string) string { return o.scopeName("") + "/" + template }

func (o origin) request() TemplateRequest {
	if o.cluster {
		return TemplateRequest{Kind: RequestClusterWorkflowTemplate, Name: o.resource}
	}
	return TemplateRequest{Kind: RequestWorkflowTemplate, Name: o.resource}
}

// reference is how a step, task or hook names what it runs.
type reference struct {
	template string
	ref      *v1alpha1.TemplateRef
	inline   *v1alpha1.Template
}

// pending is returned where something must be looked up first; the same call is made again once it is there.
type pending struct{ request TemplateRequest }

// Error implements error.
func (p *pending) Error() string {
	return fmt.Sprintf("%s %s is being looked up", p.request.Kind, p.request.Name)
}

// resolve finds the template that a reference names. A *pending error means: later.
func (r *Run) resolve(ref reference, in origin) (*template, error) {
	switch {
	case ref.inline != nil:
		return r.compile(ref.inline, in)
	case ref.ref != nil:
		return r.referenced(origin{resource: ref.ref.Name, cluster: ref.ref.ClusterScope}, ref.ref.Template)
	case in.resource != "":
		return r.referenced(in, ref.template)
	}
	if t, ok := r.templates[ref.template]; ok {
		return t, nil
	}
	i, ok := r.local[ref.template]
	if !ok {
		return nil, fmt.Errorf("template name '%s' undefined", ref.template)
	}
	t, err := r.compile(&r.spec.Templates[i], in)
	if err != nil {
		return nil, err
	}
	r.templates[ref.template] = t
	return t, nil
}

// referenced finds a template of another object: frozen in status if it was used before (NOD-15).
func (r *Run) referenced(in origin, name string) (*template, error) {
	key := in.storageKey(name)
	if t, ok := r.templates[key]; ok {
		return t, nil
	}
	stored, ok := r.status.StoredTemplates[key]
	if !ok {
		answer, known := r.answers[in.request()]
		if !known {
			return nil, &pending{request: in.request()}
		}
		found, err := answer.template(name)
		if err != nil {
			return nil, err
		}
		stored = *found.DeepCopy()
		if r.status.StoredTemplates == nil {
			r.status.StoredTemplates = map[string]v1alpha1.Template{}
		}
		r.status.StoredTemplates[key] = stored
		r.statusChanged = true
	}
	t, err := r.compile(&stored, in)
	if err != nil {
		return nil, err
	}
	r.templates[key] = t
	return t, nil
}

// template finds a template in an answered object.
func (a TemplateResolved) template(name string) (*v1alpha1.Template, error) {
	if a.Spec == nil {
		return nil, fmt.Errorf("%s", a.Message)
	}
	for i := range a.Spec.Templates {
		if a.Spec.Templates[i].Name == name {
			return &a.Spec.Templates[i], nil
		}
	}
	return nil, fmt.Errorf("template %s not found in %s %s", name, a.Request.Kind, a.Request.Name)
}
