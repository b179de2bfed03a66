package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
	"fairlead.dev/fairlead/pkg/storage/zstd"
)

var ref = Ref{Namespace: "ns", Name: "wf", UID: "0b6f"}

func open(tb testing.TB, backend *storagetest.Store, options Options) Store {
	tb.Helper()
	store, destroy, err := NewStore(backend.Getter, options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(destroy)
	return store
}

func node(ordinal int, phase v1alpha1.NodePhase) v1alpha1.NodeStatus {
	return v1alpha1.NodeStatus{
		ID: fmt.Sprintf("wf-%07d", ordinal), Name: fmt.Sprintf("wf.step-%d", ordinal), DisplayName: fmt.Sprintf("step-%d", ordinal),
		Type: v1alpha1.NodeTypePod, TemplateName: "work", TemplateScope: "local/wf", BoundaryID: "wf", Phase: phase,
		Ordinal: int64(ordinal), Parents: []string{"wf"},
	}
}

// pages makes the first pages of a table of so many nodes.
func pages(count int) []v1alpha1.NodePageChange {
	var changes []v1alpha1.NodePageChange
	for i := range count {
		if i%v1alpha1.NodesPerPage == 0 {
			changes = append(changes, v1alpha1.NodePageChange{Index: int32(len(changes))})
		}
		last := &changes[len(changes)-1]
		last.Set = append(last.Set, node(i, v1alpha1.NodePending))
	}
	return changes
}

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func highest(result Result) string {
	versions := slices.Clone(result.Versions)
	slices.SortFunc(versions, func(a, b v1alpha1.NodePageVersion) int {
		return len(a.ResourceVersion)*1000 - len(b.ResourceVersion)*1000 + strings.Compare(a.ResourceVersion, b.ResourceVersion)
	})
	return versions[len(versions)-1].ResourceVersion
}

func load(tb testing.TB, store Store, options LoadOptions) *Table {
	tb.Helper()
	table := must[*Table](tb)(store.Load(tb.Context(), ref, options))
	tb.Cleanup(table.Release)
	return table
}

func TestPagesAreReadAtExactlyTheirCommit(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{})
	created := must[Result](t)(store.Apply(t.Context(), ref, "", pages(130)))
	if created.Added != 130 || len(created.Versions) != 3 {
		t.Fatalf("got %+v", created)
	}
	commit := highest(created)

	changed := must[Result](t)(store.Apply(t.Context(), ref, commit, []v1alpha1.NodePageChange{{
		Index: 1, ResourceVersion: created.Versions[1].ResourceVersion,
		Set: []v1alpha1.NodeStatus{node(70, v1alpha1.NodeSucceeded)}, Removed: []string{node(71, "").ID},
	}}))
	if changed.Added != -1 || changed.Ahead {
		t.Errorf("got %+v", changed)
	}

	before := load(t, store, LoadOptions{Revision: commit}).Records()
	if len(before) != 130 || before[70].Phase != v1alpha1.NodePending {
		t.Errorf("the commit must not see what came later: %d nodes, node 70 is %s", len(before), before[70].Phase)
	}
	after := load(t, store, LoadOptions{Revision: highest(changed)}).Records()
	if len(after) != 129 || after[70].Phase != v1alpha1.NodeSucceeded || after[71].Ordinal != 72 {
		t.Errorf("%d nodes, node 70 is %s, then comes %d", len(after), after[70].Phase, after[71].Ordinal)
	}
	if count := must[int64](t)(store.Count(t.Context(), ref)); count != 129 {
		t.Errorf("counted %d", count)
	}

	since := load(t, store, LoadOptions{ChangedSince: commit})
	if len(since.Pages) != 1 || since.Pages[0].Index != 1 {
		t.Errorf("changed since the commit: %d pages", len(since.Pages))
	}
	part := load(t, store, LoadOptions{From: 1, Limit: 1, Revision: commit})
	if len(part.Pages) != 1 || part.Pages[0].Index != 1 || part.Continue != 2 || part.Pages[0].Nodes[6].Phase != v1alpha1.NodePending {
		t.Errorf("one page from 1: %d pages, continue %d", len(part.Pages), part.Continue)
	}
	if last := load(t, store, LoadOptions{From: 2}); len(last.Pages) != 1 || last.Continue != -1 {
		t.Errorf("from the last page: %d pages, continue %d", len(last.Pages), last.Continue)
	}
}

func TestLatestPagesWhenTheCommitIsCompacted(t *testing.T) {
	backend := storagetest.Start(t)
	store := open(t, backend, Options{})
	created := must[Result](t)(store.Apply(t.Context(), ref, "", pages(65)))
	changed := must[Result](t)(store.Apply(t.Context(), ref, highest(created), []v1alpha1.NodePageChange{{
		Index: 0, ResourceVersion: created.Versions[0].ResourceVersion, Set: []v1alpha1.NodeStatus{node(3, v1alpha1.NodeFailed)},
	}}))
	put := must[*clientv3.PutResponse](t)(backend.Client.Put(t.Context(), "/other", "x"))
	must[*clientv3.CompactResponse](t)(backend.Client.Compact(t.Context(), put.Header.Revision))
	for _, options := range []LoadOptions{{Revision: highest(created)}, {Revision: highest(created), Limit: 1}, {Revision: highest(changed)}} {
		if got := load(t, store, options).Records(); got[3].Phase != v1alpha1.NodeFailed {
			t.Errorf("%+v: node 3 is %q", options, got[3].Phase)
		}
	}
	if got := load(t, store, LoadOptions{Revision: highest(created), From: 1}); len(got.Pages) != 1 {
		t.Errorf("from page 1: %d pages", len(got.Pages))
	}
}

func TestCompareAndSwap(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{})
	created := must[Result](t)(store.Apply(t.Context(), ref, "", pages(65)))
	version := created.Versions[0].ResourceVersion
	for _, tc := range []struct {
		name   string
		change v1alpha1.NodePageChange
		want   func(error) bool
	}{
		{"page exists already", v1alpha1.NodePageChange{Index: 1, Set: []v1alpha1.NodeStatus{node(64, "")}}, apierrors.IsConflict},
		{"page does not exist", v1alpha1.NodePageChange{Index: 7, ResourceVersion: version}, apierrors.IsConflict},
		{"other version", v1alpha1.NodePageChange{Index: 0, ResourceVersion: "1"}, apierrors.IsConflict},
		{"node of another page", v1alpha1.NodePageChange{Index: 0, ResourceVersion: version, Set: []v1alpha1.NodeStatus{node(64, "")}}, apierrors.IsBadRequest},
		{"node without ID", v1alpha1.NodePageChange{Index: 0, ResourceVersion: version, Set: []v1alpha1.NodeStatus{{}}}, apierrors.IsBadRequest},
		{"node twice", v1alpha1.NodePageChange{Index: 0, ResourceVersion: version, Set: []v1alpha1.NodeStatus{node(1, ""), node(1, "")}}, apierrors.IsBadRequest},
		{"negative page", v1alpha1.NodePageChange{Index: -1}, apierrors.IsBadRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := store.Apply(t.Context(), ref, "", []v1alpha1.NodePageChange{tc.change}); !tc.want(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	twice := []v1alpha1.NodePageChange{{Index: 5}, {Index: 5}}
	if _, err := store.Apply(t.Context(), ref, "", twice); !apierrors.IsBadRequest(err) {
		t.Errorf("page twice: %v", err)
	}
}

// Of two writers who saw the same pages, one fails, and nothing of the loser is in that page.
func TestTwoWriters(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{})
	created := must[Result](t)(store.Apply(t.Context(), ref, "", pages(64)))
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = store.Apply(context.Background(), ref, highest(created), []v1alpha1.NodePageChange{{
				ResourceVersion: created.Versions[0].ResourceVersion, Set: []v1alpha1.NodeStatus{node(i, v1alpha1.NodeRunning)},
			}})
		})
	}
	group.Wait()
	winner := 0
	if errs[0] != nil {
		winner = 1
	}
	if errs[winner] != nil || !apierrors.IsConflict(errs[1-winner]) {
		t.Fatalf("got %v", errs)
	}
	got := load(t, store, LoadOptions{}).Records()
	if got[winner].Phase != v1alpha1.NodeRunning || got[1-winner].Phase != v1alpha1.NodePending {
		t.Errorf("winner %d: %s, loser: %s", winner, got[winner].Phase, got[1-winner].Phase)
	}
}

func TestPagesAheadOfTheirHeaderAreNoticed(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{})
	created := must[Result](t)(store.Apply(t.Context(), ref, "", pages(64)))
	commit := highest(created)
	// The writer ends here: the header still has the first commit.
	lost := must[Result](t)(store.Apply(t.Context(), ref, commit, []v1alpha1.NodePageChange{{
		ResourceVersion: commit, Set: []v1alpha1.NodeStatus{node(1, v1alpha1.NodeRunning)},
	}}))
	next := must[Result](t)(store.Apply(t.Context(), ref, commit, []v1alpha1.NodePageChange{{
		ResourceVersion: highest(lost), Set: []v1alpha1.NodeStatus{node(2, v1alpha1.NodeRunning)},
	}}))
	if lost.Ahead || !next.Ahead {
		t.Errorf("first %+v, second %+v", lost, next)
	}
}

func TestReplaceOverwritesWhatWasLeftBehind(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{})
	must[Result](t)(store.Apply(t.Context(), ref, "", pages(200)))
	result := must[Result](t)(store.Replace(t.Context(), ref, pages(70)))
	if result.Added != 70 {
		t.Errorf("got %+v", result)
	}
	if got := load(t, store, LoadOptions{Revision: highest(result)}).Records(); len(got) != 70 {
		t.Errorf("%d nodes are left", len(got))
	}
}

func TestDeleteAndSweep(t *testing.T) {
	backend := storagetest.Start(t)
	clock := clocktesting.NewFakePassiveClock(time.Now())
	store := open(t, backend, Options{Clock: clock})
	count := func() int64 {
		return must[*clientv3.GetResponse](t)(backend.Client.Get(t.Context(), storagetest.Prefix+"/", clientv3.WithPrefix(), clientv3.WithCountOnly())).Count
	}
	other := func(uid types.UID) Ref { return Ref{Namespace: "ns", Name: "x", UID: uid} }
	must[Result](t)(store.Apply(t.Context(), ref, "", pages(64*300)))
	for _, uid := range []types.UID{"0b6", "0b6f1", "zz"} {
		must[Result](t)(store.Apply(t.Context(), other(uid), "", pages(65)))
	}
	if err := store.Delete(t.Context(), ref); err != nil || count() != 6 {
		t.Fatalf("error %v, %d pages left, want those of the three others", err, count())
	}
	live := func(context.Context) (sets.Set[types.UID], error) { return sets.New[types.UID]("0b6f1"), nil }
	if removed, err := store.Sweep(t.Context(), live); err != nil || removed != 0 || count() != 6 {
		t.Errorf("fresh pages: removed %d, error %v", removed, err)
	}
	clock.SetTime(clock.Now().Add(2 * time.Hour))
	must[Result](t)(store.Apply(t.Context(), other("fresh"), "", pages(1)))
	if removed, err := store.Sweep(t.Context(), live); err != nil || removed != 2 || count() != 3 {
		t.Errorf("removed %d, %d pages left, error %v", removed, count(), err)
	}
	if err := store.Delete(t.Context(), other("unknown")); err != nil {
		t.Errorf("no pages: %v", err)
	}
}

func TestHydrationLimit(t *testing.T) {
	store := open(t, storagetest.Start(t), Options{HydrationLimit: 4})
	must[Result](t)(store.Apply(t.Context(), ref, "", pages(64*3)))
	first := must[*Table](t)(store.Load(t.Context(), ref, LoadOptions{Expected: 3}))
	_, err := store.Load(t.Context(), ref, LoadOptions{Expected: 3})
	if delay, ok := apierrors.SuggestsClientDelay(err); !apierrors.IsTooManyRequests(err) || !ok || delay < 1 {
		t.Errorf("want 429 with Retry-After, got %v", err)
	}
	load(t, store, LoadOptions{Expected: 1, Limit: 1})

	waited := make(chan error, 1)
	go func() {
		table, err := store.Load(context.Background(), ref, LoadOptions{Expected: 4, Wait: true})
		table.Release()
		waited <- err
	}()
	first.Release()
	first.Release() // once counts
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Load(cancelled, ref, LoadOptions{Expected: 100, Wait: true}); err == nil {
		t.Error("a cancelled wait must fail")
	}
	select {
	case err := <-waited:
		t.Errorf("one page is still held, but four were given: %v", err)
	default:
	}
	var nothing *Table
	nothing.Release()
}

// What is stored is a NodePage that any JSON reader understands.
func TestStoredForm(t *testing.T) {
	backend := storagetest.Start(t)
	store := open(t, backend, Options{})
	odd := node(1, v1alpha1.NodeFailed)
	odd.ID, odd.Message = "a\"b\\c\nd:{}", "line one\nline \"two\" </script>"
	odd.Children, odd.OutboundNodes = []string{"x"}, []string{"y"}
	must[Result](t)(store.Apply(t.Context(), ref, "", []v1alpha1.NodePageChange{{Set: []v1alpha1.NodeStatus{node(0, ""), odd}}}))

	got := must[*clientv3.GetResponse](t)(backend.Client.Get(t.Context(), storagetest.Prefix+"/"+v1alpha1.GroupName+"/workflownodes/ns/0b6f/000000"))
	if len(got.Kvs) != 1 {
		t.Fatal("the page is not where it belongs")
	}
	data, _, err := zstd.NewTransformer(nil).TransformFromStorage(t.Context(), got.Kvs[0].Value, nil)
	if err != nil {
		t.Fatal(err)
	}
	var page v1alpha1.NodePage
	if err := json.Unmarshal(data, &page); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if page.Format != 1 || page.Kind != "NodePage" || page.Namespace != "ns" || page.Name != "0b6f/000000" || len(page.Nodes) != 2 {
		t.Errorf("got %+v", page)
	}
	if stored := page.Nodes[odd.ID]; stored.Message != odd.Message || stored.Children != nil || stored.OutboundNodes != nil {
		t.Errorf("got %+v", stored)
	}
	read := load(t, store, LoadOptions{}).Records()
	if read[1].ID != odd.ID || read[1].Message != odd.Message {
		t.Errorf("read %+v", read[1])
	}
}

func TestDamagedPages(t *testing.T) {
	for _, data := range []string{
		"", "{}", `{"format":1,"nodes":{`, `{"format":1,"nodes":{` + "\n", `{"format":2,"nodes":{` + "\n}}", `{"format":1,,"nodes":{` + "\n}}",
		`{"format":1,"nodes":{` + "\n\"a\"{}\n}}", `{"format":1,"nodes":{` + "\n\"a\n}}", `{"format":1,"nodes":{` + "\n\n}}", `{"format":1,"nodes":{` + "\n\"\\u0061\"\n}}",
	} {
		if _, _, err := (pageCodec{}).Decode([]byte(data), nil, &page{}); err == nil {
			t.Errorf("%q: want an error", data)
		}
	}
}
