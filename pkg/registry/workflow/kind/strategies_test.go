package kind_test

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"fairlead.dev/fairlead/pkg/apis/workflow/install"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/clusterworkflowtemplate"
	"fairlead.dev/fairlead/pkg/registry/workflow/cronworkflow"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowartifactgctask"
	"fairlead.dev/fairlead/pkg/registry/workflow/workfloweventbinding"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskset"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtemplate"
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return scheme
}

// subject is a kind, a valid object of it and a change of what it asks for.
type subject struct {
	kind       string
	namespaced bool
	strategy   func(runtime.ObjectTyper) kind.FullStrategy
	object     func() runtime.Object
	change     func(runtime.Object)
	// PUT without resource version is allowed.
	unconditional bool
	reset         map[fieldpath.APIVersion]*fieldpath.Set
}

func subjects() []subject {
	meta := metav1.ObjectMeta{Name: "x", Namespace: "ns"}
	spec := v1alpha1.WorkflowSpec{
		Entrypoint: "a",
		Templates:  []v1alpha1.Template{{Name: "a", Suspend: &v1alpha1.SuspendTemplate{}}, {Name: "b", Suspend: &v1alpha1.SuspendTemplate{}}},
	}
	return []subject{
		{
			kind: "WorkflowTemplate", namespaced: true, unconditional: true,
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return workflowtemplate.NewStrategy(t, nil) },
			object: func() runtime.Object {
				return &v1alpha1.WorkflowTemplate{ObjectMeta: meta, Spec: *spec.DeepCopy()}
			},
			change: func(o runtime.Object) { o.(*v1alpha1.WorkflowTemplate).Spec.Entrypoint = "b" },
		},
		{
			kind: "ClusterWorkflowTemplate", unconditional: true,
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return clusterworkflowtemplate.NewStrategy(t, nil) },
			object: func() runtime.Object {
				return &v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: *spec.DeepCopy()}
			},
			change: func(o runtime.Object) { o.(*v1alpha1.ClusterWorkflowTemplate).Spec.Entrypoint = "b" },
		},
		{
			kind: "CronWorkflow", namespaced: true, unconditional: true,
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return cronworkflow.NewStrategy(t, nil) },
			object: func() runtime.Object {
				return &v1alpha1.CronWorkflow{ObjectMeta: meta, Spec: v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: *spec.DeepCopy()}}
			},
			change: func(o runtime.Object) { o.(*v1alpha1.CronWorkflow).Spec.Suspend = true },
		},
		{
			kind: "WorkflowEventBinding", namespaced: true, unconditional: true,
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return workfloweventbinding.NewStrategy(t, nil) },
			object: func() runtime.Object {
				return &v1alpha1.WorkflowEventBinding{ObjectMeta: meta, Spec: v1alpha1.WorkflowEventBindingSpec{Event: v1alpha1.Event{Selector: "true"}}}
			},
			change: func(o runtime.Object) { o.(*v1alpha1.WorkflowEventBinding).Spec.Event.Selector = "false" },
		},
		{
			kind: "WorkflowTaskSet", namespaced: true, reset: kind.ResetFields("status"),
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return workflowtaskset.NewStrategy(t) },
			object:   func() runtime.Object { return &v1alpha1.WorkflowTaskSet{ObjectMeta: meta} },
			change: func(o runtime.Object) {
				o.(*v1alpha1.WorkflowTaskSet).Spec.Tasks = map[string]v1alpha1.Template{"x-1": {Name: "a", HTTP: &v1alpha1.HTTP{URL: "http://example.com"}}}
			},
		},
		{
			kind: "WorkflowTaskResult", namespaced: true,
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return workflowtaskresult.NewStrategy(t) },
			object:   func() runtime.Object { return &v1alpha1.WorkflowTaskResult{ObjectMeta: meta} },
			change:   func(o runtime.Object) { o.(*v1alpha1.WorkflowTaskResult).Progress = "1/2" },
		},
		{
			kind: "WorkflowArtifactGCTask", namespaced: true, reset: kind.ResetFields("status"),
			strategy: func(t runtime.ObjectTyper) kind.FullStrategy { return workflowartifactgctask.NewStrategy(t) },
			object:   func() runtime.Object { return &v1alpha1.WorkflowArtifactGCTask{ObjectMeta: meta} },
			change: func(o runtime.Object) {
				o.(*v1alpha1.WorkflowArtifactGCTask).Spec.ArtifactsByNode = map[string]v1alpha1.ArtifactNodeSpec{"x-1": {}}
			},
		},
	}
}

func contextFor(s subject) context.Context {
	if s.namespaced {
		return genericapirequest.WithNamespace(context.Background(), "ns")
	}
	return genericapirequest.WithNamespace(context.Background(), metav1.NamespaceNone)
}

// Pitfall 19: what every strategy owes.
func TestStrategies(t *testing.T) {
	for _, s := range subjects() {
		t.Run(s.kind, func(t *testing.T) {
			ctx, strategy := contextFor(s), s.strategy(newScheme())
			if strategy.NamespaceScoped() != s.namespaced {
				t.Errorf("namespaced: %v", strategy.NamespaceScoped())
			}
			if strategy.AllowUnconditionalUpdate(ctx) != s.unconditional || strategy.AllowCreateOnUpdate(ctx) {
				t.Error("wrong about updates without resource version, or updates that create")
			}
			if got := strategy.GetResetFields(); len(got) != len(s.reset) {
				t.Errorf("reset fields: %v", got)
			}

			created := s.object()
			created.(metav1.Object).SetGeneration(7)
			rest.FillObjectMetaSystemFields(created.(metav1.Object))
			if err := rest.BeforeCreate(strategy, ctx, created); err != nil {
				t.Fatal(err)
			}
			old := created.(metav1.Object)
			if old.GetGeneration() != 1 {
				t.Errorf("generation %d after create", old.GetGeneration())
			}
			old.SetResourceVersion("1")
			old.SetUID("u")

			labelled := created.DeepCopyObject()
			labelled.(metav1.Object).SetLabels(map[string]string{"a": "b"})
			if err := rest.BeforeUpdate(strategy, ctx, labelled, created); err != nil {
				t.Fatal(err)
			}
			if got := labelled.(metav1.Object).GetGeneration(); got != 1 {
				t.Errorf("generation %d after a change of labels", got)
			}

			changed := created.DeepCopyObject()
			s.change(changed)
			if err := rest.BeforeUpdate(strategy, ctx, changed, created); err != nil {
				t.Fatal(err)
			}
			if got := changed.(metav1.Object).GetGeneration(); got != 2 {
				t.Errorf("generation %d after a change of the spec", got)
			}

			unnamed := s.object()
			unnamed.(metav1.Object).SetName("Not_A_Name")
			rest.FillObjectMetaSystemFields(unnamed.(metav1.Object))
			if err := rest.BeforeCreate(strategy, ctx, unnamed); !apierrors.IsInvalid(err) {
				t.Errorf("a bad name gives %v", err)
			}
		})
	}
}

// RES-15: a backup with status can be created, and what a person's file leaves out is not lost.
func TestCronWorkflowStatus(t *testing.T) {
	ctx := genericapirequest.WithNamespace(context.Background(), "ns")
	strategy := cronworkflow.NewStrategy(newScheme(), nil)
	old := &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "ns"}}
	old.Spec.Schedules = []string{"@daily"}
	old.Status = v1alpha1.CronWorkflowStatus{Succeeded: 3, Phase: v1alpha1.ActivePhase}

	strategy.PrepareForCreate(ctx, old)
	if old.Status.Succeeded != 3 {
		t.Error("create drops the status")
	}

	withoutStatus := old.DeepCopy()
	withoutStatus.Status = v1alpha1.CronWorkflowStatus{}
	strategy.PrepareForUpdate(ctx, withoutStatus, old)
	if withoutStatus.Status.Succeeded != 3 {
		t.Error("an update without status clears the status")
	}

	counted := old.DeepCopy()
	counted.Status.Succeeded = 4
	strategy.PrepareForUpdate(ctx, counted, old)
	if counted.Status.Succeeded != 4 || counted.Generation != old.Generation {
		t.Errorf("an update of the status gives %+v, generation %d", counted.Status, counted.Generation)
	}
}

// RES-06, RES-08: spec and status are written through different endpoints.
func TestStatusStrategies(t *testing.T) {
	ctx, scheme := genericapirequest.WithNamespace(context.Background(), "ns"), newScheme()
	meta := metav1.ObjectMeta{Name: "x", Namespace: "ns", ResourceVersion: "1", Generation: 1, Labels: map[string]string{"a": "old"}}

	old := &v1alpha1.WorkflowTaskSet{ObjectMeta: meta}
	old.Spec.Tasks = map[string]v1alpha1.Template{"n": {Name: "old"}}
	old.Status.Nodes = map[string]v1alpha1.NodeResult{"n": {Message: "old"}}
	changed := old.DeepCopy()
	changed.Labels["a"] = "new"
	changed.Spec.Tasks["n"] = v1alpha1.Template{Name: "new"}
	changed.Status.Nodes["n"] = v1alpha1.NodeResult{Message: "new"}
	changed.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "agent"}}

	main := changed.DeepCopy()
	workflowtaskset.NewStrategy(scheme).PrepareForUpdate(ctx, main, old)
	if main.Spec.Tasks["n"].Name != "new" || main.Status.Nodes["n"].Message != "old" || main.Labels["a"] != "new" || main.Generation != 2 {
		t.Errorf("main endpoint: %+v", main)
	}
	status := changed.DeepCopy()
	statusStrategy := workflowtaskset.NewStatusStrategy(scheme)
	statusStrategy.PrepareForUpdate(ctx, status, old)
	if status.Spec.Tasks["n"].Name != "old" || status.Status.Nodes["n"].Message != "new" || status.Labels["a"] != "old" || status.Generation != 1 {
		t.Errorf("status endpoint: %+v", status)
	}
	if len(status.ManagedFields) != 1 {
		t.Error("the status endpoint loses the record of who wrote what")
	}
	if set := statusStrategy.GetResetFields()[fieldpath.APIVersion(v1alpha1.SchemeGroupVersion.String())]; set == nil || !set.Has(fieldpath.MakePathOrDie("spec")) {
		t.Errorf("reset fields of the status endpoint: %v", set)
	}
	created := changed.DeepCopy()
	workflowtaskset.NewStrategy(scheme).PrepareForCreate(ctx, created)
	if created.Status.Nodes != nil {
		t.Error("create keeps a status that belongs to the subresource")
	}

	task := &v1alpha1.WorkflowArtifactGCTask{ObjectMeta: meta}
	written := task.DeepCopy()
	written.Spec.ArtifactsByNode = map[string]v1alpha1.ArtifactNodeSpec{"n": {}}
	written.Status.ArtifactResultsByNode = map[string]v1alpha1.ArtifactResultNodeStatus{"n": {}}
	workflowartifactgctask.NewStatusStrategy(scheme).PrepareForUpdate(ctx, written, task)
	if written.Spec.ArtifactsByNode != nil || written.Status.ArtifactResultsByNode == nil {
		t.Errorf("status endpoint: %+v", written)
	}
}

func TestEventBindingWarnings(t *testing.T) {
	strategy := workfloweventbinding.NewStrategy(newScheme(), nil)
	binding := &v1alpha1.WorkflowEventBinding{ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "ns"}}
	binding.Spec.Event.Selector = "true"
	recorder := &warnings{}
	strategy.Validate(warning.WithWarningRecorder(t.Context(), recorder), binding)
	if len(*recorder) != 1 {
		t.Errorf("without submit: %q", *recorder)
	}
	*recorder = nil
	binding.Spec.Submit = &v1alpha1.Submit{}
	strategy.ValidateUpdate(warning.WithWarningRecorder(t.Context(), recorder), binding, binding)
	if len(*recorder) != 0 {
		t.Errorf("with submit: %q", *recorder)
	}
}

// warnings records what a client would be warned of.
type warnings []string

func (w *warnings) AddWarning(_, text string) { *w = append(*w, text) }

// What people write has a creator, which the server alone notes; what programs write has none (LBL-04).
func TestCreatorOfEveryKind_LBL04(t *testing.T) {
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "jane@example.com"})
	for _, s := range subjects() {
		t.Run(s.kind, func(t *testing.T) {
			strategy := s.strategy(newScheme())
			object := s.object()
			meta := object.(metav1.Object)
			meta.SetLabels(map[string]string{v1alpha1.LabelKeyCreator: "forged", "l": "1"})
			strategy.PrepareForCreate(ctx, object)
			want := map[bool]string{true: "jane.at.example.com", false: "forged"}[s.unconditional]
			if meta.GetLabels()[v1alpha1.LabelKeyCreator] != want || (meta.GetAnnotations()[v1alpha1.AnnotationKeyCreator] != "") != s.unconditional || meta.GetLabels()["l"] != "1" {
				t.Errorf("created: %v %v", meta.GetLabels(), meta.GetAnnotations())
			}
			changed := object.DeepCopyObject()
			changed.(metav1.Object).SetLabels(map[string]string{v1alpha1.LabelKeyCreator: "other", v1alpha1.LabelKeyActor: "forged"})
			strategy.PrepareForUpdate(ctx, changed, object)
			if acted := changed.(metav1.Object).GetLabels()[v1alpha1.LabelKeyActor]; (acted == "") != s.unconditional {
				t.Errorf("actor %q", acted)
			}
			if kept := changed.(metav1.Object).GetLabels()[v1alpha1.LabelKeyCreator]; (kept == want) != s.unconditional {
				t.Errorf("updated: %q", kept)
			}
		})
	}
}
