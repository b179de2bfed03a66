package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	kindWorkflow                = "Workflow"
	kindWorkflowTemplate        = "WorkflowTemplate"
	kindClusterWorkflowTemplate = "ClusterWorkflowTemplate"
	kindCronWorkflow            = "CronWorkflow"
)

// split parts the documents of a file into what is only applied and the workflows to run: its own, those that its cron
// workflows would make, and references to its templates that the reference made workflows of.
func split(e *example) (applied, workflows []*unstructured.Unstructured) {
	for _, d := range e.documents {
		switch {
		case ours(d, kindWorkflow):
			workflows = append(workflows, named(d))
		case ours(d, kindCronWorkflow):
			workflows = append(workflows, ofCron(d))
		default:
			applied = append(applied, d)
		}
	}
	if e.truth == nil {
		return applied, workflows
	}
	for _, name := range e.truth.templatesRun() {
		for _, d := range e.documents {
			if d.GetName() == name && (ours(d, kindWorkflowTemplate) || ours(d, kindClusterWorkflowTemplate)) {
				workflows = append(workflows, ofTemplate(d))
			}
		}
	}
	return applied, workflows
}

func ours(d *unstructured.Unstructured, kind string) bool {
	return d.GroupVersionKind().Group == v1alpha1.DefaultGroupName && d.GetKind() == kind
}

// named gives a workflow without a name one, as the records were made.
func named(d *unstructured.Unstructured) *unstructured.Unstructured {
	if d.GetName() == "" && d.GetGenerateName() == "" {
		d = d.DeepCopy()
		d.SetGenerateName("unnamed-")
	}
	return d
}

// ofCron is the workflow that a cron workflow would make, without its schedule.
func ofCron(d *unstructured.Unstructured) *unstructured.Unstructured {
	spec, _, _ := unstructured.NestedMap(d.Object, "spec", "workflowSpec")
	return newWorkflow(d.GetName(), spec)
}

func ofTemplate(d *unstructured.Unstructured) *unstructured.Unstructured {
	ref := map[string]any{"name": d.GetName()}
	if d.GetKind() == kindClusterWorkflowTemplate {
		ref["clusterScope"] = true
	}
	return newWorkflow(d.GetName(), map[string]any{"workflowTemplateRef": ref})
}

func newWorkflow(name string, spec map[string]any) *unstructured.Unstructured {
	w := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	w.SetAPIVersion(fmt.Sprintf("%s/v1alpha1", v1alpha1.DefaultGroupName))
	w.SetKind(kindWorkflow)
	w.SetGenerateName(name + "-")
	return w
}
