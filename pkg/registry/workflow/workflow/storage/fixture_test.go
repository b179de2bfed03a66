package storage

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

// fixture is the storage of workflows on a real store, without a server.
type fixture struct {
	*Storage
	tb      testing.TB
	ctx     context.Context
	backend *storagetest.Store
	pages   nodes.Store

	mu       sync.Mutex
	warnings []string
}

func newFixture(tb testing.TB, options Options, nodeOptions nodes.Options) *fixture {
	tb.Helper()
	return newFixtureWithParts(tb, options, nodeOptions, parts.Options{})
}

// newFixtureWithParts is newFixture with options for the large parts of workflows.
func newFixtureWithParts(tb testing.TB, options Options, nodeOptions nodes.Options, partOptions parts.Options) *fixture {
	tb.Helper()
	return openFixture(tb, storagetest.Start(tb), options, nodeOptions, partOptions)
}

// reopen opens the same store once more, as a server does that starts.
func (f *fixture) reopen(partOptions parts.Options) *fixture {
	f.tb.Helper()
	return openFixture(f.tb, f.backend, Options{}, nodes.Options{}, partOptions)
}

func openFixture(tb testing.TB, backend *storagetest.Store, options Options, nodeOptions nodes.Options, partOptions parts.Options) *fixture {
	tb.Helper()
	f := &fixture{tb: tb, backend: backend}
	store, destroy, err := nodes.NewStore(f.backend.Getter, nodeOptions)
	if err != nil {
		tb.Fatal(err)
	}
	options.Nodes, f.pages = store, store
	var destroyParts func()
	if options.Parts, destroyParts, err = parts.NewStore(f.backend.Getter, partOptions); err != nil {
		tb.Fatal(err)
	}
	if f.Storage, err = NewStorage(f.backend.Scheme, f.backend.Getter, options); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Headers.Destroy(); destroy(); destroyParts() })
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	f.ctx = warning.WithWarningRecorder(genericapirequest.WithNamespace(ctx, "ns"), f)
	return f
}

// AddWarning implements warning.Recorder.
func (f *fixture) AddWarning(_, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.warnings = append(f.warnings, text)
}

func (f *fixture) takeWarnings() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.warnings
	f.warnings = nil
	return taken
}

func newWorkflow(name string) *v1alpha1.Workflow {
	workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
	workflow.Spec.Entrypoint = "main"
	workflow.Spec.Templates = []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
	return workflow
}

func (f *fixture) create(workflow *v1alpha1.Workflow) *v1alpha1.Workflow {
	f.tb.Helper()
	created, err := f.Workflow.Create(f.ctx, workflow, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		f.tb.Fatal(err)
	}
	return created.(*v1alpha1.Workflow)
}

func (f *fixture) remove(name string) {
	f.tb.Helper()
	if _, _, err := f.Workflow.Delete(f.ctx, name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{}); err != nil {
		f.tb.Fatal(err)
	}
}

// get reads with a request context of its own, as the server does.
func (f *fixture) get(name string) *v1alpha1.Workflow {
	f.tb.Helper()
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	object, err := f.Workflow.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		f.tb.Fatal(err)
	}
	return object.(*v1alpha1.Workflow)
}

func (f *fixture) header(name string) *v1alpha1.Workflow {
	f.tb.Helper()
	object, err := f.Headers.Get(f.ctx, name, &metav1.GetOptions{})
	if err != nil {
		f.tb.Fatal(err)
	}
	return object.(*v1alpha1.Workflow)
}

// updater is the part that Workflow and Status have in common.
type updater interface {
	Update(context.Context, string, rest.UpdatedObjectInfo, rest.ValidateObjectFunc, rest.ValidateObjectUpdateFunc, bool, *metav1.UpdateOptions) (runtime.Object, bool, error)
}

// put replaces the object.
func (f *fixture) put(to updater, workflow *v1alpha1.Workflow, options ...string) (*v1alpha1.Workflow, error) {
	ctx, cancel := context.WithCancel(genericapirequest.WithRequestInfo(f.ctx, &genericapirequest.RequestInfo{Verb: "update"}))
	defer cancel()
	updated, _, err := to.Update(ctx, workflow.Name, rest.DefaultUpdatedObjectInfo(workflow.DeepCopy()),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{DryRun: options})
	if err != nil {
		return nil, err
	}
	return updated.(*v1alpha1.Workflow), nil
}

// patch changes the object as a patch does: from what the server has.
func (f *fixture) patch(to updater, name string, change func(*v1alpha1.Workflow) error) (*v1alpha1.Workflow, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		patched := old.DeepCopyObject().(*v1alpha1.Workflow)
		return patched, change(patched)
	})
	updated, _, err := to.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return updated.(*v1alpha1.Workflow), nil
}

// asOldClient is the workflow as a client sends it that does not know our own fields.
func asOldClient(workflow *v1alpha1.Workflow) *v1alpha1.Workflow {
	old := workflow.DeepCopy()
	old.Status.NodeStorage = nil
	for id, n := range old.Status.Nodes {
		n.Ordinal, n.Outbound, n.PodUID = 0, false, ""
		old.Status.Nodes[id] = n
	}
	return old
}

// post writes nodes and returns the answer.
func (f *fixture) post(update *v1alpha1.NodesUpdate) (*v1alpha1.NodesUpdate, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	answer, err := f.Nodes.Create(ctx, update.Metadata.Name, update, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return answer.(*v1alpha1.NodesUpdate), nil
}

func (f *fixture) mustPost(update *v1alpha1.NodesUpdate) *v1alpha1.NodesUpdate {
	f.tb.Helper()
	answer, err := f.post(update)
	if err != nil {
		f.tb.Fatal(err)
	}
	return answer
}

// updateOf compares with a workflow, or with what an update of it was answered.
func updateOf(of any, pages ...v1alpha1.NodePageChange) *v1alpha1.NodesUpdate {
	workflow, ok := of.(metav1.Object)
	if !ok {
		workflow = &of.(*v1alpha1.NodesUpdate).Metadata
	}
	return &v1alpha1.NodesUpdate{
		Metadata: metav1.ObjectMeta{Name: workflow.GetName(), UID: workflow.GetUID(), ResourceVersion: workflow.GetResourceVersion()},
		Pages:    pages,
	}
}

// record is a node in record form. Ordinal 0 is the root, a Steps node; ordinal 1 a suspended step; the others are pods.
func record(workflow string, ordinal int, phase v1alpha1.NodePhase) v1alpha1.NodeStatus {
	n := v1alpha1.NodeStatus{
		ID: fmt.Sprintf("%s-%07d", workflow, ordinal), Name: fmt.Sprintf("%s.step-%d", workflow, ordinal), DisplayName: fmt.Sprintf("step-%d", ordinal),
		Type: v1alpha1.NodeTypePod, TemplateName: "main", TemplateScope: "local/" + workflow, BoundaryID: workflow, Phase: phase,
		StartedAt: metav1.NewTime(time.Unix(1_700_000_000+int64(ordinal), 0)), Ordinal: int64(ordinal), Parents: []string{workflow},
	}
	switch ordinal {
	case 0:
		n.ID, n.Name, n.DisplayName, n.Type, n.BoundaryID, n.Parents = workflow, workflow, workflow, v1alpha1.NodeTypeSteps, "", nil
	case 1:
		n.Type = v1alpha1.NodeTypeSuspend
	default:
		n.PodUID = "pod-uid"
	}
	return n
}

// table is a run with so many nodes, as changes of pages.
func table(workflow string, count int) []v1alpha1.NodePageChange {
	var records []v1alpha1.NodeStatus
	for i := range count {
		records = append(records, record(workflow, i, v1alpha1.NodeRunning))
	}
	return firstPages(records)
}

// run creates a workflow with so many nodes, written as the controller writes them.
func (f *fixture) run(name string, count int) *v1alpha1.NodesUpdate {
	f.tb.Helper()
	update := updateOf(f.create(newWorkflow(name)), table(name, count)...)
	update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning}
	answer := f.mustPost(update)
	return answer
}

// storedPages are the versions of the pages in the store.
func (f *fixture) storedPages() []int64 {
	f.tb.Helper()
	got, err := f.backend.Client.Get(f.ctx, storagetest.Prefix+"/"+v1alpha1.GroupName+"/"+nodes.Resource+"/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		f.tb.Fatal(err)
	}
	var versions []int64
	for _, kv := range got.Kvs {
		versions = append(versions, kv.ModRevision)
	}
	return versions
}

// changedPages counts pages that were written between two looks.
func changedPages(before, after []int64) int {
	changed := 0
	for _, version := range after {
		if !slices.Contains(before, version) {
			changed++
		}
	}
	return changed
}

func (f *fixture) revision() int64 {
	f.tb.Helper()
	got, err := f.backend.Client.Get(f.ctx, "/none")
	if err != nil {
		f.tb.Fatal(err)
	}
	return got.Header.Revision
}

func pageVersion(answer *v1alpha1.NodesUpdate, index int32) string {
	for _, page := range answer.Pages {
		if page.Index == index {
			return page.ResourceVersion
		}
	}
	return ""
}
