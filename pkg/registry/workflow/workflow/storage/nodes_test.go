package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

func TestNodesInsideTheObject(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	answer := f.run("small", 3)
	if answer.Status != nil || len(answer.Pages) != 0 {
		t.Errorf("the nodes fit in, the answer has pages: %+v", answer)
	}
	update := updateOf(answer, v1alpha1.NodePageChange{
		Set: []v1alpha1.NodeStatus{record("small", 1, v1alpha1.NodeSucceeded), record("small", 3, v1alpha1.NodePending)}, Removed: []string{"small-0000002"},
	})
	update.Metadata.Labels = map[string]string{v1alpha1.LabelKeyPhase: "Running"}
	update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, CompressedNodes: "ignored", OffloadNodeStatusVersion: "ignored",
		NodeStorage: &v1alpha1.NodeStorage{Pages: 7}, Nodes: v1alpha1.Nodes{"ignored": {}}}
	f.mustPost(update)

	got := f.get("small")
	if len(got.Status.Nodes) != 3 || got.Status.Nodes["small-0000001"].Phase != v1alpha1.NodeSucceeded || got.Status.NodeStorage != nil {
		t.Errorf("got %+v", got.Status)
	}
	if children := got.Status.Nodes["small"].Children; !slices.Equal(children, []string{"small-0000001", "small-0000003"}) {
		t.Errorf("children of the root: %v", children)
	}
	if got.Labels[v1alpha1.LabelKeyPhase] != "Running" || got.Status.CompressedNodes+got.Status.OffloadNodeStatusVersion != "" || got.Generation != 1 {
		t.Errorf("got labels %v, generation %d, status %+v", got.Labels, got.Generation, got.Status)
	}
	if len(f.storedPages()) != 0 {
		t.Error("pages were written")
	}
}

// The spec and the templates that a run was started with are stored once, and not sent with each status.
func TestStoredSpecIsKept(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	answer := f.run("wf", 3)
	for _, status := range []v1alpha1.WorkflowStatus{
		{Phase: v1alpha1.WorkflowRunning, StoredWorkflowSpec: &v1alpha1.WorkflowSpec{Entrypoint: "main"}, StoredTemplates: map[string]v1alpha1.Template{"a": {Name: "a"}}},
		{Phase: v1alpha1.WorkflowRunning, Message: "on"},
		{Phase: v1alpha1.WorkflowRunning, StoredTemplates: map[string]v1alpha1.Template{"a": {Name: "a"}, "b": {Name: "b"}}},
		{Phase: v1alpha1.WorkflowSucceeded},
	} {
		update := updateOf(answer)
		update.Status = &status
		answer = f.mustPost(update)
		if got := f.get("wf").Status; got.StoredWorkflowSpec == nil || len(got.StoredTemplates) < len(status.StoredTemplates) || got.Message != status.Message {
			t.Errorf("after %+v the status is %+v", status, got)
		}
	}
	if got := f.get("wf").Status; len(got.StoredTemplates) != 2 || got.Phase != v1alpha1.WorkflowSucceeded {
		t.Errorf("in the end the status is %+v", got)
	}
}

func TestNodesLeaveTheObject(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 3)
	second := record("wf", 64, v1alpha1.NodePending)
	large := table("wf", 64)[0]
	answer = f.mustPost(updateOf(answer, large, v1alpha1.NodePageChange{Index: 1, Set: []v1alpha1.NodeStatus{second}}))
	if answer.Status == nil || len(answer.Pages) != 2 || answer.Status.NodeStorage.Pages != 2 || answer.Status.NodeStorage.Nodes != 65 {
		t.Fatalf("the first time out all pages are in the answer, got %+v", answer)
	}
	header := f.header("wf")
	if header.Status.Nodes != nil || header.ResourceVersion != answer.Metadata.ResourceVersion {
		t.Errorf("the header still has %d nodes", len(header.Status.Nodes))
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 65 || got.Status.OffloadNodeStatusVersion != "" || len(got.Status.Nodes["wf"].Children) != 64 {
		t.Errorf("got %d nodes, root has %d children", len(got.Status.Nodes), len(got.Status.Nodes["wf"].Children))
	}

	// One transition writes one page, and the next page can be added beside it.
	before := f.storedPages()
	answer = f.mustPost(updateOf(answer,
		v1alpha1.NodePageChange{Index: 1, ResourceVersion: pageVersion(answer, 1), Removed: []string{second.ID}},
		v1alpha1.NodePageChange{Index: 2, Set: []v1alpha1.NodeStatus{record("wf", 128, v1alpha1.NodePending)}}))
	if got := changedPages(before, f.storedPages()); got != 2 || len(answer.Pages) != 2 || answer.Status.NodeStorage.Nodes != 65 || answer.Status.NodeStorage.Pages != 3 {
		t.Errorf("%d pages written, answer %+v %+v", got, answer, answer.Status.NodeStorage)
	}
	// A change of the header alone writes no page and keeps the commit.
	only := updateOf(answer)
	only.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowSucceeded}
	before = f.storedPages()
	f.mustPost(only)
	got := f.get("wf")
	if changedPages(before, f.storedPages()) != 0 || got.Status.Phase != v1alpha1.WorkflowSucceeded || len(got.Status.Nodes) != 65 {
		t.Errorf("got %s with %d nodes", got.Status.Phase, len(got.Status.Nodes))
	}
}

func TestNodesUpdateConflictsStoreNothing(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	small, large := f.run("small", 2), f.run("large", 200)
	change := v1alpha1.NodePageChange{Index: 1, ResourceVersion: pageVersion(large, 1), Set: []v1alpha1.NodeStatus{record("large", 70, v1alpha1.NodeFailed)}}
	for _, tc := range []struct {
		name   string
		update *v1alpha1.NodesUpdate
		change func(*v1alpha1.NodesUpdate)
		want   func(error) bool
	}{
		{"other UID", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Metadata.UID = "other" }, apierrors.IsConflict},
		{"other resource version", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Metadata.ResourceVersion = "1" }, apierrors.IsConflict},
		{"no UID", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Metadata.UID = "" }, apierrors.IsInvalid},
		{"no resource version", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Metadata.ResourceVersion = "" }, apierrors.IsInvalid},
		{"other name", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Pages[0].Set[0].Ordinal = 1 }, apierrors.IsInvalid},
		{"other namespace", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Metadata.Namespace = "other" }, apierrors.IsInvalid},
		{"bad label", updateOf(large), func(u *v1alpha1.NodesUpdate) { u.Metadata.Labels = map[string]string{"a b": "c"} }, apierrors.IsInvalid},
		{"other version of the page", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Pages[0].ResourceVersion = "1" }, apierrors.IsConflict},
		{"page exists", updateOf(large, change), func(u *v1alpha1.NodesUpdate) { u.Pages[0].ResourceVersion = "" }, apierrors.IsConflict},
		{"page of a workflow without pages", updateOf(small, change), func(*v1alpha1.NodesUpdate) {}, apierrors.IsConflict},
		{"no such workflow", updateOf(&metav1.ObjectMeta{Name: "none", UID: "x", ResourceVersion: "1"}), func(*v1alpha1.NodesUpdate) {}, apierrors.IsNotFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			update := tc.update.DeepCopy()
			tc.change(update)
			before := f.revision()
			if _, err := f.post(update); !tc.want(err) {
				t.Errorf("got %v", err)
			}
			if after := f.revision(); after != before {
				t.Errorf("something was stored: revision %d became %d", before, after)
			}
		})
	}
	f.mustPost(updateOf(large, change))
}

// A writer that ends between pages and header loses nothing: readers see the last commit, its successor sees more.
func TestCrashBetweenPagesAndHeader(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 130)
	header := f.header("wf")
	ahead, err := f.pages.Apply(f.ctx, refOf(header), header.Status.NodeStorage.Revision, []v1alpha1.NodePageChange{{
		Index: 2, ResourceVersion: pageVersion(answer, 2), Set: []v1alpha1.NodeStatus{record("wf", 130, v1alpha1.NodeRunning), record("wf", 131, v1alpha1.NodeRunning)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 130 {
		t.Errorf("readers must see the commit, got %d nodes", len(got.Status.Nodes))
	}
	// A user's change of the header does not bring the lost pages in.
	if _, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error { w.Labels = map[string]string{"a": "b"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 130 || got.Labels["a"] != "b" {
		t.Errorf("after a label: %d nodes, labels %v", len(got.Status.Nodes), got.Labels)
	}
	latest := f.list("wf", &v1alpha1.NodesOptions{Latest: true})
	if len(latest.Items) != 132 || len(latest.Pages) != 3 || latest.Pages[2].ResourceVersion != ahead.Versions[0].ResourceVersion {
		t.Errorf("the successor sees %d nodes, pages %v", len(latest.Items), latest.Pages)
	}
	next := updateOf(f.header("wf"), v1alpha1.NodePageChange{
		Index: 2, ResourceVersion: latest.Pages[2].ResourceVersion, Set: []v1alpha1.NodeStatus{record("wf", 131, v1alpha1.NodeSucceeded)},
	})
	if next = f.mustPost(next); next.Status.NodeStorage.Nodes != 132 {
		t.Errorf("after the next commit there are 132 nodes, the header says %d", next.Status.NodeStorage.Nodes)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 132 {
		t.Errorf("got %d nodes", len(got.Status.Nodes))
	}
}

// The first pages of a writer that ended before its header was stored are overwritten by the next one.
func TestCrashWhileLeavingTheObject(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 2)
	if _, err := f.pages.Replace(f.ctx, refOf(f.header("wf")), table("wf", 200)); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 2 {
		t.Errorf("the nodes are still inside the object, got %d", len(got.Status.Nodes))
	}
	f.mustPost(updateOf(answer, table("wf", 100)...))
	if got := f.get("wf"); len(got.Status.Nodes) != 100 || got.Status.NodeStorage.Nodes != 100 {
		t.Errorf("got %d nodes, header says %d", len(got.Status.Nodes), got.Status.NodeStorage.Nodes)
	}
}

func TestTwoWritersOfOneWorkflow(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 130)
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = f.post(updateOf(answer, v1alpha1.NodePageChange{
				Index: 1, ResourceVersion: pageVersion(answer, 1), Set: []v1alpha1.NodeStatus{record("wf", 64+i, v1alpha1.NodeSucceeded)},
			}))
		})
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !apierrors.IsConflict(err):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won: %v", won, errs)
	}
}

func TestNodesUpdateDryRun(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 130)
	before := f.revision()
	update := updateOf(answer, v1alpha1.NodePageChange{Index: 1, ResourceVersion: pageVersion(answer, 1), Set: []v1alpha1.NodeStatus{record("wf", 70, v1alpha1.NodeFailed)}})
	if _, err := f.Nodes.Create(f.ctx, "wf", update, rest.ValidateAllObjectFunc, &metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	if f.revision() != before {
		t.Error("a dry run stored something")
	}
}

func (f *fixture) list(name string, options *v1alpha1.NodesOptions) *v1alpha1.NodeList {
	f.tb.Helper()
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	object, err := f.Nodes.Get(ctx, name, options)
	if err != nil {
		f.tb.Fatal(err)
	}
	return object.(*v1alpha1.NodeList)
}

func TestReadNodes(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	large, _ := f.run("large", 300), f.run("small", 3)
	first := large.Status.NodeStorage.Revision
	large = f.mustPost(updateOf(large, v1alpha1.NodePageChange{
		Index: 2, ResourceVersion: pageVersion(large, 2), Set: []v1alpha1.NodeStatus{record("large", 130, v1alpha1.NodeFailed)},
	}))
	for _, tc := range []struct {
		workflow  string
		options   v1alpha1.NodesOptions
		items     int
		pages     int
		more      bool
		firstItem int64
	}{
		{"large", v1alpha1.NodesOptions{}, 300, 5, false, 0},
		{"large", v1alpha1.NodesOptions{Latest: true}, 300, 5, false, 0},
		{"large", v1alpha1.NodesOptions{Phase: string(v1alpha1.NodeFailed)}, 1, 5, false, 130},
		{"large", v1alpha1.NodesOptions{Type: string(v1alpha1.NodeTypeSuspend)}, 1, 5, false, 1},
		{"large", v1alpha1.NodesOptions{ChangedSince: first}, 64, 1, false, 128},
		{"large", v1alpha1.NodesOptions{ChangedSince: first, Phase: string(v1alpha1.NodeFailed)}, 1, 1, false, 130},
		{"large", v1alpha1.NodesOptions{ChangedSince: large.Status.NodeStorage.Revision}, 0, 0, false, 0},
		{"large", v1alpha1.NodesOptions{Limit: 64}, 64, 2, true, 0},
		{"large", v1alpha1.NodesOptions{Limit: 300}, 300, 5, false, 0},
		{"large", v1alpha1.NodesOptions{Limit: 1, Type: string(v1alpha1.NodeTypePod), Phase: string(v1alpha1.NodeFailed)}, 1, 5, false, 130},
		{"small", v1alpha1.NodesOptions{}, 3, 0, false, 0},
		{"small", v1alpha1.NodesOptions{Limit: 2}, 2, 0, true, 0},
		{"small", v1alpha1.NodesOptions{Type: string(v1alpha1.NodeTypePod)}, 1, 0, false, 2},
		{"small", v1alpha1.NodesOptions{ChangedSince: f.header("small").ResourceVersion}, 0, 0, false, 0},
	} {
		t.Run(fmt.Sprintf("%s %+v", tc.workflow, tc.options), func(t *testing.T) {
			got := f.list(tc.workflow, &tc.options)
			if len(got.Items) != tc.items || len(got.Pages) != tc.pages || (got.Continue != "") != tc.more {
				t.Errorf("%d items, %d pages, continue %q", len(got.Items), len(got.Pages), got.Continue)
			}
			if len(got.Items) > 0 && got.Items[0].Ordinal != tc.firstItem {
				t.Errorf("first is %d", got.Items[0].Ordinal)
			}
			for _, n := range got.Items {
				if n.Children != nil || n.Ordinal > 0 && len(n.Parents) != 1 {
					t.Errorf("not in record form: %+v", n)
					break
				}
			}
		})
	}
}

// The parts of a paged answer belong to one commit, whatever is written between them.
func TestReadNodesInParts(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	answer := f.run("wf", 300)
	options := &v1alpha1.NodesOptions{Limit: 70}
	var got []v1alpha1.NodeStatus
	for {
		part := f.list("wf", options)
		got = append(got, part.Items...)
		if part.Continue == "" {
			break
		}
		options.Continue = part.Continue
		answer = f.mustPost(updateOf(answer, v1alpha1.NodePageChange{
			Index: 4, ResourceVersion: pageVersion(answer, 4), Set: []v1alpha1.NodeStatus{record("wf", 299, v1alpha1.NodeFailed)},
		}))
	}
	if len(got) != 300 || got[299].Phase != v1alpha1.NodeRunning {
		t.Errorf("got %d nodes, the last is %s", len(got), got[len(got)-1].Phase)
	}
	for i := range got {
		if got[i].Ordinal != int64(i) {
			t.Fatalf("node %d has ordinal %d", i, got[i].Ordinal)
		}
	}
}

func TestBadQueries(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	f.run("wf", 200)
	for _, options := range []v1alpha1.NodesOptions{{Limit: -1}, {Continue: "???"}, {Continue: "e30x"}, {ChangedSince: "yesterday"}} {
		if _, err := f.Nodes.Get(f.ctx, "wf", &options); !apierrors.IsBadRequest(err) {
			t.Errorf("%+v: got %v", options, err)
		}
	}
	if _, err := f.Nodes.Get(f.ctx, "none", &v1alpha1.NodesOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestNodesAsTable(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	f.run("wf", 2)
	table, err := f.Nodes.ConvertToTable(f.ctx, f.list("wf", &v1alpha1.NodesOptions{}), nil)
	if err != nil || len(table.Rows) != 2 || len(table.Rows[0].Cells) != len(table.ColumnDefinitions) || table.Rows[1].Cells[1] != "step-1" {
		t.Errorf("got %+v, %v", table, err)
	}
	if _, err := f.Nodes.ConvertToTable(f.ctx, &v1alpha1.Workflow{}, nil); err == nil || !strings.Contains(err.Error(), "Workflow") {
		t.Errorf("got %v", err)
	}
}
