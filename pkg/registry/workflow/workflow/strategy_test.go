package workflow

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func newWorkflow() *v1alpha1.Workflow {
	workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "ns", Generation: 7, Labels: map[string]string{"a": "b"}}}
	workflow.Spec.Entrypoint = "main"
	workflow.Spec.Templates = []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
	workflow.Status.Phase = v1alpha1.WorkflowRunning
	return workflow
}

func TestCreateKeepsTheStatus(t *testing.T) {
	workflow := newWorkflow()
	strategy := NewStrategy(runtime.NewScheme(), nil)
	strategy.PrepareForCreate(t.Context(), workflow)
	if workflow.Generation != 1 || workflow.Status.Phase != v1alpha1.WorkflowRunning {
		t.Errorf("generation %d, phase %q", workflow.Generation, workflow.Status.Phase)
	}
	if errs := strategy.Validate(t.Context(), workflow); len(errs) != 0 {
		t.Error(errs)
	}
	workflow.Spec.Entrypoint = "missing"
	if errs := strategy.Validate(t.Context(), workflow); len(errs) == 0 {
		t.Error("a missing entrypoint must be refused")
	}
	if strategy.AllowUnconditionalUpdate(t.Context()) || strategy.AllowCreateOnUpdate(t.Context()) || !strategy.NamespaceScoped() {
		t.Error("PUT needs a resource version and creates nothing")
	}
}

func TestGenerationCountsChangesOfTheSpec(t *testing.T) {
	strategy := NewStrategy(runtime.NewScheme(), nil)
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Workflow)
		want   int64
	}{
		"nothing": {func(*v1alpha1.Workflow) {}, 7},
		"label":   {func(w *v1alpha1.Workflow) { w.Labels = nil }, 7},
		"status":  {func(w *v1alpha1.Workflow) { w.Status.Phase = v1alpha1.WorkflowFailed }, 7},
		"suspend": {func(w *v1alpha1.Workflow) { w.Spec.Suspend = new(true) }, 8},
	} {
		workflow := newWorkflow()
		tc.change(workflow)
		strategy.PrepareForUpdate(t.Context(), workflow, newWorkflow())
		if workflow.Generation != tc.want {
			t.Errorf("%s: generation %d", name, workflow.Generation)
		}
	}
}

func TestStatusTakesNothingElse(t *testing.T) {
	strategy := NewStatusStrategy(runtime.NewScheme())
	workflow := newWorkflow()
	workflow.Labels, workflow.Spec.Entrypoint, workflow.Status.Phase = map[string]string{"c": "d"}, "other", v1alpha1.WorkflowFailed
	workflow.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "test"}}
	strategy.PrepareForUpdate(t.Context(), workflow, newWorkflow())
	if workflow.Labels["a"] != "b" || workflow.Spec.Entrypoint != "main" || workflow.Status.Phase != v1alpha1.WorkflowFailed || len(workflow.ManagedFields) != 1 {
		t.Errorf("got %+v", workflow)
	}
	if errs := strategy.ValidateUpdate(context.Background(), workflow, newWorkflow()); len(errs) != 0 {
		t.Error(errs)
	}
}

// Nobody owns nodes: the record of the owner of each of their fields would be larger than the nodes.
func TestResetFields(t *testing.T) {
	version := fieldpath.APIVersion(v1alpha1.SchemeGroupVersion.String())
	if set := NewStrategy(runtime.NewScheme(), nil).GetResetFields()[version]; !set.Has(fieldpath.MakePathOrDie("status")) || set.Size() != 1 {
		t.Errorf("got %v", set)
	}
	set := NewStatusStrategy(runtime.NewScheme()).GetResetFields()[version]
	for _, path := range []fieldpath.Path{fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"), fieldpath.MakePathOrDie("status", "nodes")} {
		if !set.Has(path) {
			t.Errorf("%v is missing in %v", path, set)
		}
	}
}

func TestSelection(t *testing.T) {
	workflow := newWorkflow()
	workflow.Spec.WorkflowTemplateRef = &v1alpha1.WorkflowTemplateRef{Name: "tmpl"}
	for selector, want := range map[string]bool{
		"metadata.name=wf": true, "metadata.name=other": false, "metadata.namespace=ns": true, "status.phase=Running": true,
		"status.phase!=Running": false, "spec.entrypoint=main": true, "spec.workflowTemplateRef.name=tmpl": true,
	} {
		predicate := Match(labels.Everything(), fields.ParseSelectorOrDie(selector))
		if got, err := predicate.Matches(workflow); err != nil || got != want {
			t.Errorf("%s: %v, %v", selector, got, err)
		}
	}
	for _, field := range v1alpha1.SelectableFields("Workflow") {
		if _, set, err := GetAttrs(workflow); err != nil || !set.Has(field) {
			t.Errorf("%s is announced, but not answered: %v", field, err)
		}
	}
	if _, _, err := GetAttrs(&v1alpha1.WorkflowTemplate{}); err == nil {
		t.Error("another kind: want an error")
	}
}
