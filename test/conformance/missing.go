package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// missing names what an example asks for and this version does not have; empty when it has everything. It goes by the
// manifests alone: the example's own, and those of the templates that it refers to.
func missing(e *example, workflows, others []*unstructured.Unstructured) (string, error) {
	s := &search{truth: e.truth, seen: map[string]bool{}, holders: map[string]*v1alpha1.WorkflowSpec{}}
	for _, d := range others {
		if ours(d, kindWorkflowTemplate) || ours(d, kindClusterWorkflowTemplate) {
			spec, err := specOf(d)
			if err != nil {
				return "", err
			}
			s.holders[holderKey(d.GetName(), d.GetKind() == kindClusterWorkflowTemplate)] = spec
		}
	}
	for _, d := range workflows {
		spec, err := specOf(d)
		if err != nil {
			return "", err
		}
		if found := s.workflow(spec); found != "" {
			return found, nil
		}
	}
	return "", nil
}

func specOf(d *unstructured.Unstructured) (*v1alpha1.WorkflowSpec, error) {
	var object struct {
		Spec v1alpha1.WorkflowSpec `json:"spec"`
	}
	content, err := d.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, &object); err != nil {
		return nil, fmt.Errorf("%s %s%s: %w", d.GetKind(), d.GetName(), d.GetGenerateName(), err)
	}
	return &object.Spec, nil
}

func holderKey(name string, cluster bool) string {
	return fmt.Sprintf("%s (cluster: %v)", name, cluster)
}

// ofTemplateItself names what a template of its own asks for, apart from the templates it runs.
func ofTemplateItself(t *v1alpha1.Template) string {
	switch {
	case t.Synchronization != nil:
		return "synchronization"
	case t.Memoize != nil:
		return "memoization"
	case t.HTTP != nil:
		return "the agent: http template " + t.Name
	case t.Plugin != nil:
		return "the agent: plugin template " + t.Name
	}
	return ""
}
