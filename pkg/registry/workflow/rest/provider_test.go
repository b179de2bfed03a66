package rest

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
	workflow "fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

func TestEveryResourceIsServed(t *testing.T) {
	store := storagetest.Start(t)
	provider := &StorageProvider{Scheme: store.Scheme}
	storage, err := provider.NewRESTStorage(store.Getter)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, kind := range storage {
		got = append(got, name)
		if kind.New() == nil {
			t.Errorf("%s makes no object", name)
		}
		t.Cleanup(kind.Destroy)
	}
	slices.Sort(got)
	want := []string{
		"clusterworkflowtemplates", "clusterworkflowtemplates/submit",
		"cronworkflows", "cronworkflows/backfill", "cronworkflows/resume", "cronworkflows/submit", "cronworkflows/suspend",
		"workflowartifactgctasks", "workflowartifactgctasks/status", "workfloweventbindings",
		"workflows", "workflows/artifacts", "workflows/log", "workflows/logs", "workflows/nodes", "workflows/plan", "workflows/resubmit", "workflows/resume", "workflows/retry",
		"workflows/set", "workflows/status", "workflows/stop", "workflows/suspend", "workflows/terminate",
		"workflowtaskresults", "workflowtasksets", "workflowtasksets/status", "workflowtemplates", "workflowtemplates/submit",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	workflows := storage["workflows"].(*workflow.REST)
	if short := workflows.ShortNames(); !slices.Equal(short, []string{"wf"}) {
		t.Errorf("short names %v (RES-01)", short)
	}
	if categories := workflows.Categories(); !slices.Contains(categories, "all") || !slices.Contains(categories, "argo") {
		t.Errorf("categories %v", categories)
	}
	if hooks := provider.PostStartHooks(); hooks["sweep-node-pages"] == nil || hooks["sweep-workflow-parts"] == nil {
		t.Error("a sweeper is missing")
	}
}

// The sweeper asks which workflows there are in all namespaces.
func TestLiveWorkflows(t *testing.T) {
	store := storagetest.Start(t)
	provider := &StorageProvider{Scheme: store.Scheme}
	storage, err := provider.NewRESTStorage(store.Getter)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range storage {
		t.Cleanup(kind.Destroy)
	}
	uids := map[string]bool{}
	for _, namespace := range []string{"one", "two"} {
		object := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: namespace}}
		object.Spec.Entrypoint = "main"
		object.Spec.Templates = []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
		ctx := genericapirequest.WithNamespace(t.Context(), namespace)
		created, err := storage["workflows"].(rest.Creater).Create(ctx, object, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		uids[string(created.(*v1alpha1.Workflow).UID)] = true
	}
	for {
		live, err := provider.liveWorkflows(t.Context())
		if err != nil {
			continue // the watch cache is still starting; the test's own timeout ends this
		}
		if len(live) < 2 {
			continue
		}
		for uid := range live {
			if !uids[string(uid)] {
				t.Errorf("unknown workflow %s", uid)
			}
		}
		return
	}
}
