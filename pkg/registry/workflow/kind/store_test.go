package kind_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	clusterworkflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/clusterworkflowtemplate/storage"
	cronworkflow "fairlead.dev/fairlead/pkg/registry/workflow/cronworkflow/storage"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
	workflowartifactgctask "fairlead.dev/fairlead/pkg/registry/workflow/workflowartifactgctask/storage"
	workfloweventbinding "fairlead.dev/fairlead/pkg/registry/workflow/workfloweventbinding/storage"
	workflowtaskresult "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult/storage"
	workflowtaskset "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskset/storage"
	workflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/workflowtemplate/storage"
)

// RES-02 to RES-08: names that kubectl knows, and a life with storage underneath.
func TestStores(t *testing.T) {
	storage := storagetest.Start(t)
	scheme, options := storage.Scheme, storage.Getter
	stores := map[string]*kind.Store{}
	open := func(name string, store *kind.Store) {
		stores[name] = store
		t.Cleanup(store.Destroy)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	wftmpl, err := workflowtemplate.NewStorage(scheme, options, nil)
	check(err)
	open("WorkflowTemplate", wftmpl.Store)
	cwft, err := clusterworkflowtemplate.NewStorage(scheme, options, nil)
	check(err)
	open("ClusterWorkflowTemplate", cwft.Store)
	cwf, err := cronworkflow.NewStorage(scheme, options, nil)
	check(err)
	open("CronWorkflow", cwf.Store)
	wfeb, err := workfloweventbinding.NewStorage(scheme, options, nil)
	check(err)
	open("WorkflowEventBinding", wfeb.Store)
	result, err := workflowtaskresult.NewStorage(scheme, options, nil) // the store below what decides who may write
	check(err)
	open("WorkflowTaskResult", result.Store)
	wfts, wftsStatus, err := workflowtaskset.NewStorage(scheme, options)
	check(err)
	open("WorkflowTaskSet", wfts.Store)
	wfat, wfatStatus, err := workflowartifactgctask.NewStorage(scheme, options)
	check(err)
	open("WorkflowArtifactGCTask", wfat.Store)
	statuses := map[string]*kind.StatusREST{"WorkflowTaskSet": wftsStatus, "WorkflowArtifactGCTask": wfatStatus}

	names := map[string]string{
		"WorkflowTemplate":        "workflowtemplate wftmpl [argo fairlead]",
		"ClusterWorkflowTemplate": "clusterworkflowtemplate clusterwftmpl,cwft [argo fairlead]",
		"CronWorkflow":            "cronworkflow cwf,cronwf [argo fairlead]",
		"WorkflowEventBinding":    "workfloweventbinding wfeb [argo fairlead]",
		"WorkflowTaskSet":         "workflowtaskset wfts []",
		"WorkflowTaskResult":      "workflowtaskresult  []",
		"WorkflowArtifactGCTask":  "workflowartifactgctask wfat []",
	}
	for _, s := range subjects() {
		t.Run(s.kind, func(t *testing.T) {
			store := stores[s.kind]
			if got := fmt.Sprintf("%s %s %v", store.GetSingularName(), strings.Join(store.ShortNames(), ","), store.Categories()); got != names[s.kind] {
				t.Errorf("names: %s, want %s", got, names[s.kind])
			}
			checkLife(t, s, store)
			if status := statuses[s.kind]; status != nil {
				checkStatusEndpoint(t, s, status)
			}
		})
	}
}

func checkLife(t *testing.T, s subject, store *kind.Store) {
	ctx := contextFor(s)
	created, err := store.Create(ctx, s.object(), rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	change := func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		object := old.DeepCopyObject()
		s.change(object)
		return object, nil
	}
	updated, _, err := store.Update(ctx, "x", rest.DefaultUpdatedObjectInfo(nil, change),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := updated.(metav1.Object).GetGeneration(); got != 2 {
		t.Errorf("generation %d after update", got)
	}

	// Whoever writes what was read before the update must hear of it.
	_, _, err = store.Update(ctx, "x", rest.DefaultUpdatedObjectInfo(created),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if !apierrors.IsConflict(err) {
		t.Errorf("update of an old version: %v", err)
	}

	list, err := store.List(ctx, &internalversion.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", "x")})
	if err != nil {
		t.Fatal(err)
	}
	table, err := store.ConvertToTable(ctx, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 1 || len(table.Rows[0].Cells) != len(table.ColumnDefinitions) {
		t.Errorf("table: %+v", table)
	}
	for _, column := range table.ColumnDefinitions {
		if column.Description == "" {
			t.Errorf("column %s has no description", column.Name)
		}
	}
	empty, err := store.List(ctx, &internalversion.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", "y")})
	if err != nil {
		t.Fatal(err)
	}
	if table, err = store.ConvertToTable(ctx, empty, nil); err != nil || len(table.Rows) != 0 {
		t.Errorf("field selector metadata.name=y: %+v, %v", table, err)
	}
}

func checkStatusEndpoint(t *testing.T, s subject, status *kind.StatusREST) {
	ctx := contextFor(s)
	before, err := status.Get(ctx, "x", &metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write := func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		changed := old.DeepCopyObject()
		switch object := changed.(type) {
		case *v1alpha1.WorkflowTaskSet:
			object.Spec.Tasks = nil
			object.Status.Nodes = map[string]v1alpha1.NodeResult{"n": {Phase: v1alpha1.NodeSucceeded}}
		case *v1alpha1.WorkflowArtifactGCTask:
			object.Spec.ArtifactsByNode = nil
			object.Status.ArtifactResultsByNode = map[string]v1alpha1.ArtifactResultNodeStatus{"n": {}}
		}
		return changed, nil
	}
	after, _, err := status.Update(ctx, "x", rest.DefaultUpdatedObjectInfo(nil, write),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, true, &metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.(metav1.Object).GetGeneration() != before.(metav1.Object).GetGeneration() {
		t.Error("a write of the status counts as a generation")
	}
	table, err := status.ConvertToTable(ctx, after, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 1 || table.Rows[0].Cells[0] != "x" {
		t.Errorf("table: %+v", table)
	}
	switch after := after.(type) {
	case *v1alpha1.WorkflowTaskSet:
		if len(after.Spec.Tasks) != 1 || len(after.Status.Nodes) != 1 {
			t.Errorf("status endpoint wrote %+v", after)
		}
	case *v1alpha1.WorkflowArtifactGCTask:
		if len(after.Spec.ArtifactsByNode) != 1 || len(after.Status.ArtifactResultsByNode) != 1 {
			t.Errorf("status endpoint wrote %+v", after)
		}
	}

	_, _, err = status.Update(ctx, "other", rest.DefaultUpdatedObjectInfo(before),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, true, &metav1.UpdateOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("status of an object that does not exist: %v", err)
	}
}
