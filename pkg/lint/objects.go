package lint

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
)

// Severity tells what a finding means.
type Severity string

const (
	// Error is what the server refuses an object for.
	Error Severity = "error"
	// Warning is what the server says of an object that it takes.
	Warning Severity = "warning"
)

// Finding is one thing that is wrong with an object, or probably not meant.
type Finding struct {
	// Object is the place of the object in the list that was given, from 0.
	Object int `json:"object"`
	// Path is the field, such as spec.templates[2].dag.tasks[0].arguments; empty: the object as a whole.
	Path string `json:"path,omitempty"`
	// Severity is "error" or "warning".
	Severity Severity `json:"severity"`
	// Message says what is wrong, without the path.
	Message string `json:"message"`
}

// Options say what is known beside the objects themselves.
type Options struct {
	// Namespace is that of objects that name none. Default: "default".
	Namespace string
	// Lookup finds referenced objects that are not in the list. Default: none is there.
	Lookup Lookup
}

// Objects lints objects that belong together: a reference from one to another of them is followed. Objects of other kinds
// are left out. Findings are ordered by object; of one object, errors come before warnings, in the order of its fields.
func Objects(objects []runtime.Object, options Options) []Finding {
	if options.Namespace == "" {
		options.Namespace = metav1.NamespaceDefault
	}
	if options.Lookup == nil {
		options.Lookup = Nothing{}
	}
	set := &objectSet{
		namespaced: map[[2]string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{},
		elsewhere: options.Lookup,
	}
	completed := make([]runtime.Object, len(objects))
	for i, object := range objects {
		completed[i] = complete(object, options.Namespace)
		switch o := completed[i].(type) {
		case *v1alpha1.WorkflowTemplate:
			set.namespaced[[2]string{o.Namespace, o.Name}] = o
		case *v1alpha1.ClusterWorkflowTemplate:
			set.cluster[o.Name] = o
		}
	}
	var findings []Finding
	for i, object := range completed {
		errs, warnings := Object(object, set)
		findings = append(findings, asFindings(i, errs, warnings)...)
	}
	return findings
}

// Supported tells whether objects of this kind are linted.
func Supported(object runtime.Object) bool {
	switch object.(type) {
	case *v1alpha1.Workflow, *v1alpha1.WorkflowTemplate, *v1alpha1.ClusterWorkflowTemplate, *v1alpha1.CronWorkflow,
		*v1alpha1.WorkflowEventBinding, *v1alpha1.WorkflowTaskSet, *v1alpha1.WorkflowArtifactGCTask:
		return true
	}
	return false
}

// Object returns what is wrong with a new object, and what is worth a warning. Objects of other kinds are fine.
func Object(object runtime.Object, lookup Lookup) (field.ErrorList, []string) {
	switch o := object.(type) {
	case *v1alpha1.Workflow:
		return Workflow(o, lookup)
	case *v1alpha1.WorkflowTemplate:
		return WorkflowTemplate(o, lookup)
	case *v1alpha1.ClusterWorkflowTemplate:
		return ClusterWorkflowTemplate(o, lookup)
	case *v1alpha1.CronWorkflow:
		return CronWorkflow(o, lookup)
	case *v1alpha1.WorkflowEventBinding:
		return WorkflowEventBinding(o, lookup)
	case *v1alpha1.WorkflowTaskSet:
		return validation.ValidateWorkflowTaskSet(o), nil
	case *v1alpha1.WorkflowArtifactGCTask:
		return validation.ValidateWorkflowArtifactGCTask(o), nil
	}
	return nil, nil
}

// complete fills in what a server would: the namespace, and a name from generateName.
func complete(object runtime.Object, namespace string) runtime.Object {
	if !Supported(object) {
		return object
	}
	meta, ok := object.(metav1.Object)
	if !ok {
		return object
	}
	_, cluster := object.(*v1alpha1.ClusterWorkflowTemplate)
	generate := meta.GetName() == "" && meta.GetGenerateName() != ""
	if !generate && (cluster || meta.GetNamespace() != "") {
		return object
	}
	copied := object.DeepCopyObject()
	meta = copied.(metav1.Object)
	if !cluster && meta.GetNamespace() == "" {
		meta.SetNamespace(namespace)
	}
	if generate {
		meta.SetName(generatedName(meta.GetGenerateName()))
	}
	return copied
}

// generatedName makes a name as a server does, which cuts the prefix to have room for what it appends.
func generatedName(prefix string) string {
	const suffix = "xxxxx"
	return prefix[:min(len(prefix), validation.MaxWorkflowNameLength-len(suffix))] + suffix
}

func asFindings(object int, errs field.ErrorList, warnings []string) []Finding {
	var findings []Finding
	for _, err := range errs {
		findings = append(findings, Finding{Object: object, Path: err.Field, Severity: Error, Message: err.ErrorBody()})
	}
	for _, warning := range warnings {
		path, message, ok := strings.Cut(warning, ": ")
		if !ok {
			path, message = "", warning
		}
		findings = append(findings, Finding{Object: object, Path: path, Severity: Warning, Message: message})
	}
	return findings
}
