package parts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

var wf = owner{"ns", "uid-1"}

func open(t *testing.T, backend *storagetest.Store, options Options) *Store {
	t.Helper()
	s, destroy, err := NewStore(backend.Getter, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(destroy)
	return s
}

// given is a part with one template of that name, as JSON and with its digest.
func given(t *testing.T, template string) ([]byte, string) {
	t.Helper()
	c := content{Templates: []v1alpha1.Template{{Name: template, Suspend: &v1alpha1.SuspendTemplate{}}}}
	data, digest, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	return data, digest
}

func (s *Store) mustSave(t *testing.T, of owner, template string) string {
	t.Helper()
	data, digest := given(t, template)
	if err := s.save(t.Context(), of, digest, data); err != nil {
		t.Fatal(err)
	}
	return digest
}

// stored counts the records.
func (s *Store) stored(t *testing.T) int {
	t.Helper()
	list := &recordList{}
	if err := s.raw.GetList(t.Context(), s.prefix+"/", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, list); err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

func (s *Store) mustSweep(t *testing.T, live map[types.UID][]string) int {
	t.Helper()
	removed, err := s.Sweep(t.Context(), func(context.Context) (map[types.UID][]string, error) { return live, nil })
	if err != nil {
		t.Fatal(err)
	}
	return removed
}

func TestSaveAndLoad(t *testing.T) {
	backend := storagetest.Start(t)
	s := open(t, backend, Options{})
	digest := s.mustSave(t, wf, "a")
	s.mustSave(t, wf, "a")
	if s.stored(t) != 1 {
		t.Errorf("the same content is stored %d times", s.stored(t))
	}
	for name, store := range map[string]*Store{"the one that stored it": s, "another server": open(t, backend, Options{})} {
		loaded, err := store.load(t.Context(), wf, digest)
		if err != nil || len(loaded.Templates) != 1 || loaded.Templates[0].Name != "a" {
			t.Errorf("%s: %+v %v", name, loaded, err)
		}
	}
	if _, err := s.load(t.Context(), wf, "none"); !errors.Is(err, errMissing) {
		t.Errorf("one that was never stored: %v", err)
	}
}

// A part is read with the defaults of a workflow that is read in one piece.
func TestDefaults(t *testing.T) {
	c, err := decode([]byte(`{"templates":[{"name":"a","container":{"image":"x","ports":[{"containerPort":80}]}}],` +
		`"storedWorkflowTemplateSpec":{"templates":[{"name":"b","container":{"image":"x","ports":[{"containerPort":80}]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Templates[0].Container.Ports[0].Protocol != "TCP" || c.StoredWorkflowSpec.Templates[0].Container.Ports[0].Protocol != "TCP" {
		t.Errorf("%+v", c)
	}
}

func TestSweep(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	s := open(t, storagetest.Start(t), Options{Clock: clock})
	used, left := s.mustSave(t, wf, "used"), s.mustSave(t, wf, "left")
	s.mustSave(t, owner{"other", "gone"}, "deleted")
	live := map[types.UID][]string{wf.uid: {used}}

	for i := range 3 {
		if removed := s.mustSweep(t, live); removed != 0 {
			t.Fatalf("sweep %d removed %d that a write under way may need", i, removed)
		}
	}
	clock.Step(sweepAge + time.Second)
	if removed := s.mustSweep(t, live); removed != 0 {
		t.Fatalf("%d were removed at first sight", removed)
	}
	s.mustSave(t, wf, "left") // a write begins that goes back to it
	if removed := s.mustSweep(t, live); removed != 1 || s.stored(t) != 2 {
		t.Fatalf("removed %d, left are %d", removed, s.stored(t))
	}
	if _, err := s.load(t.Context(), wf, left); err != nil {
		t.Error(err)
	}
	clock.Step(sweepAge + time.Second)
	if removed := s.mustSweep(t, live) + s.mustSweep(t, live); removed != 1 || s.stored(t) != 1 {
		t.Errorf("removed %d, left are %d", removed, s.stored(t))
	}
	if _, err := open(t, storagetest.Start(t), Options{}).Sweep(t.Context(), func(context.Context) (map[types.UID][]string, error) {
		return nil, errors.New("not now")
	}); err == nil {
		t.Error("a sweep without knowing what is used")
	}
}

// More records than are read at once.
func TestSweepOfMany(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	s := open(t, storagetest.Start(t), Options{Clock: clock})
	live := map[types.UID][]string{}
	for i := range 3 * sweepChunk {
		of := owner{"ns", types.UID(fmt.Sprint("uid-", i))}
		if digest := s.mustSave(t, of, "a"); i%2 == 0 {
			live[of.uid] = []string{digest}
		}
	}
	clock.Step(sweepAge + time.Second)
	s.mustSweep(t, live)
	if removed := s.mustSweep(t, live); removed != 3*sweepChunk/2 || s.stored(t) != 3*sweepChunk/2 {
		t.Errorf("removed %d, left are %d", removed, s.stored(t))
	}
}

func TestCache(t *testing.T) {
	c := newCache(100)
	for i := range 100 {
		c.put(fmt.Sprint(i), &content{}, 10)
		if c.get("0") == nil {
			t.Fatalf("what is used all the time is forgotten after %d others", i)
		}
	}
	if len(c.young)+len(c.old) > 10 {
		t.Errorf("holds %d parts of 10 bytes", len(c.young)+len(c.old))
	}
	first := &content{}
	c.put("shared", first, 10)
	if c.put("shared", &content{}, 10) != first {
		t.Error("two copies of one part are handed out")
	}
}

func TestDamagedRecords(t *testing.T) {
	for _, data := range []string{``, `{`, `{"format":2,"part":{}}`} {
		if _, _, err := (recordCodec{}).Decode([]byte(data), nil, &record{}); err == nil || !strings.HasPrefix(err.Error(), "parts of workflows: stored value") {
			t.Errorf("%q: %v", data, err)
		}
	}
	if _, err := decode([]byte(`{"templates":7}`)); err == nil {
		t.Error("a part that is none was decoded")
	}
}

func TestReferencesAreNobodysBusiness(t *testing.T) {
	for name, test := range map[string]struct{ stored, seen map[string]string }{
		"none":           {nil, nil},
		"others":         {map[string]string{"a": "b"}, map[string]string{"a": "b"}},
		"one":            {map[string]string{parts[0].annotation: "x"}, nil},
		"both":           {map[string]string{parts[0].annotation: "x", parts[1].annotation: "y"}, nil},
		"one and others": {map[string]string{parts[0].annotation: "x", "a": "b"}, map[string]string{"a": "b"}},
	} {
		stored := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Annotations: test.stored}}
		before := fmt.Sprint(test.stored)
		got := joined(stored, loaded{}).Annotations
		if fmt.Sprint(got) != fmt.Sprint(test.seen) || (got == nil) != (test.seen == nil) {
			t.Errorf("%s: %v", name, got)
		}
		if fmt.Sprint(test.stored) != before {
			t.Errorf("%s: the stored workflow was changed", name)
		}
	}
}
