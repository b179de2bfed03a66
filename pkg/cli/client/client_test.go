package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var gv = schema.GroupVersion{Group: "workflows.example.com", Version: "v1alpha1"}

// The group is found whatever it is called, and CRDs of others are told from it (DESIGN 5).
func TestFindGroup(t *testing.T) {
	list := func(group string, resources ...string) *metav1.APIResourceList {
		l := &metav1.APIResourceList{GroupVersion: group + "/v1alpha1"}
		for _, name := range resources {
			kind := "Other"
			if strings.HasPrefix(name, "workflows") {
				kind = "Workflow"
			}
			l.APIResources = append(l.APIResources, metav1.APIResource{Name: name, Kind: kind})
		}
		return l
	}
	ours := []string{"workflows", "workflows/nodes", "workflows/log"}
	tests := []struct {
		name    string
		lists   []*metav1.APIResourceList
		wanted  string
		want    string
		wantErr string
	}{
		{name: "the usual group", lists: []*metav1.APIResourceList{list("aaa.io", "things"), list("argoproj.io", ours...)}, want: "argoproj.io"},
		{name: "another group", lists: []*metav1.APIResourceList{list("argoproj.io", "applications"), list("zzz.io", ours...)}, want: "zzz.io"},
		{name: "beside CRDs", lists: []*metav1.APIResourceList{list("argoproj.io", "workflows"), list("workflows.example.com", ours...)}, want: "workflows.example.com"},
		{name: "only CRDs", lists: []*metav1.APIResourceList{list("argoproj.io", "workflows")}, wantErr: "they are not Fairlead's"},
		{name: "none", lists: []*metav1.APIResourceList{list("apps", "things")}, wantErr: "does not serve workflows"},
		{name: "given", lists: []*metav1.APIResourceList{list("argoproj.io", ours...), list("zzz.io", ours...)}, wanted: "zzz.io", want: "zzz.io"},
		{name: "given, but not there", lists: []*metav1.APIResourceList{list("argoproj.io", ours...)}, wanted: "zzz.io", wantErr: `in the API group "zzz.io"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := memory.NewMemCacheClient(&fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: test.lists}})
			got, err := FindGroup(d, test.wanted)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil || got.Group != test.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// apiServer answers requests for one workflow.
type apiServer struct {
	mu       sync.Mutex
	workflow *v1alpha1.Workflow
	nodes    []v1alpha1.NodeStatus
	pages    map[int32]string
	requests []string
	// refuse answers requests of this kind with an error.
	refuse map[string]int
	// watches are the events of the watches to come; a watch without events ends at once.
	watches [][]metav1.WatchEvent
}

func (s *apiServer) start(t *testing.T) *Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	clock := testingclock.NewFakeClock(time.Unix(1_800_000_000, 0))
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				if clock.HasWaiters() {
					clock.Step(time.Minute)
				}
			}
		}
	}()
	c, err := New(&rest.Config{Host: server.URL}, gv, clock)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func table(w *v1alpha1.Workflow) *metav1.Table {
	data, _ := json.Marshal(w)
	return &metav1.Table{
		TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "Table"},
		Rows:     []metav1.TableRow{{Object: runtime.RawExtension{Raw: data}}},
	}
}

func event(kind string, w *v1alpha1.Workflow) metav1.WatchEvent {
	data, _ := json.Marshal(table(w))
	return metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Raw: data}}
}

func encodeError(w http.ResponseWriter, err *apierrors.StatusError) {
	err.ErrStatus.APIVersion, err.ErrStatus.Kind = "v1", "Status"
	_ = json.NewEncoder(w).Encode(err.ErrStatus)
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := "header"
	switch {
	case strings.HasSuffix(r.URL.Path, "/nodes"):
		kind = "nodes"
	case r.URL.Query().Get("watch") != "":
		kind = "watch"
	case !strings.Contains(r.Header.Get("Accept"), "as=Table"):
		kind = "whole"
	}
	s.requests = append(s.requests, kind)
	w.Header().Set("Content-Type", "application/json")
	if code := s.refuse[kind]; code != 0 {
		w.WriteHeader(code)
		encodeError(w, apierrors.NewGenericServerResponse(code, "get", schema.GroupResource{}, "w", "refused", 0, false))
		return
	}
	if s.workflow == nil && kind != "watch" {
		w.WriteHeader(http.StatusNotFound)
		encodeError(w, apierrors.NewNotFound(v1alpha1.Resource("workflows"), "w"))
		return
	}
	switch kind {
	case "header":
		_ = json.NewEncoder(w).Encode(table(s.workflow))
	case "whole":
		whole := s.workflow.DeepCopy()
		whole.Status.Nodes = v1alpha1.Nodes{}
		for _, n := range s.nodes {
			whole.Status.Nodes[n.ID] = n
		}
		_ = json.NewEncoder(w).Encode(whole)
	case "nodes":
		_ = json.NewEncoder(w).Encode(s.list(r.URL.Query().Get("changedSince")))
	case "watch":
		if len(s.watches) > 0 {
			for _, e := range s.watches[0] {
				_ = json.NewEncoder(w).Encode(e)
			}
			s.watches = s.watches[1:]
		}
	}
}

func (s *apiServer) list(since string) *v1alpha1.NodeList {
	list := &v1alpha1.NodeList{}
	changed := map[int32]bool{}
	for index, version := range s.pages {
		if version > since {
			changed[index] = true
			list.Pages = append(list.Pages, v1alpha1.NodePageVersion{Index: index, ResourceVersion: version})
		}
	}
	for _, n := range s.nodes {
		if changed[int32(n.Ordinal/v1alpha1.NodesPerPage)] {
			list.Items = append(list.Items, n)
		}
	}
	return list
}

func paged(revision string, nodes int64) *v1alpha1.Workflow {
	w := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", UID: "u", ResourceVersion: revision}}
	w.Status.NodeStorage = &v1alpha1.NodeStorage{Pages: 2, Revision: revision, Nodes: nodes}
	return w
}

func record(ordinal int64, phase v1alpha1.NodePhase) v1alpha1.NodeStatus {
	return v1alpha1.NodeStatus{ID: fmt.Sprintf("n%d", ordinal), Name: fmt.Sprintf("n%d", ordinal), Ordinal: ordinal, Phase: phase}
}

// Of pages only those are read that have changed, and what was removed is forgotten.
func TestNodesUpdate(t *testing.T) {
	s := &apiServer{pages: map[int32]string{0: "10", 1: "10"}, workflow: paged("10", 3)}
	s.nodes = []v1alpha1.NodeStatus{record(0, "Running"), record(1, "Running"), record(64, "Pending")}
	c := s.start(t)
	nodes := c.NewNodes()
	check := func(revision string, count int64, want string, wantRequests int) {
		t.Helper()
		s.requests = nil
		got, err := nodes.Update(t.Context(), paged(revision, count))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, ordinal := range []int64{0, 1, 2, 64, 65} {
			if n, ok := got[fmt.Sprintf("n%d", ordinal)]; ok {
				text += fmt.Sprintf("%s=%s ", n.ID, n.Phase)
			}
		}
		if strings.TrimSpace(text) != want || len(s.requests) != wantRequests {
			t.Errorf("at %s: %q after %d requests, want %q after %d", revision, text, len(s.requests), want, wantRequests)
		}
	}
	check("10", 3, "n0=Running n1=Running n64=Pending", 1)
	check("10", 3, "n0=Running n1=Running n64=Pending", 0)
	s.pages[1] = "11"
	s.nodes[2] = record(64, "Running")
	s.nodes[0] = record(0, "Failed") // in a page that has not changed: nobody may see it
	check("11", 3, "n0=Running n1=Running n64=Running", 1)
	s.pages[0] = "12"
	s.nodes = []v1alpha1.NodeStatus{record(0, "Failed"), record(64, "Running")}
	check("12", 2, "n0=Failed n64=Running", 1)
	// A page that is gone: only the count tells.
	delete(s.pages, 1)
	s.pages[0] = "13"
	s.nodes = s.nodes[:1]
	check("13", 1, "n0=Failed", 2)
}

// Roles made for Argo know the object only.
func TestNodesWithoutTheSubresource(t *testing.T) {
	s := &apiServer{workflow: paged("10", 1), nodes: []v1alpha1.NodeStatus{record(0, "Running")}, refuse: map[string]int{"nodes": http.StatusForbidden}}
	got, err := s.start(t).NewNodes().Update(t.Context(), paged("10", 1))
	if err != nil || len(got) != 1 || got["n0"].Phase != "Running" {
		t.Errorf("%v, %v", got, err)
	}
}

// A watch that breaks is opened again, from what is there now.
func TestFollow(t *testing.T) {
	phase := func(version string, p v1alpha1.WorkflowPhase) *v1alpha1.Workflow {
		w := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns", UID: "u", ResourceVersion: version}}
		w.Status.Phase = p
		return w
	}
	other := phase("9", "Running")
	other.UID = types.UID("another")
	stop := errors.New("enough")
	tests := []struct {
		name     string
		workflow *v1alpha1.Workflow
		watches  [][]metav1.WatchEvent
		refuse   map[string]int
		want     string
		wantErr  string
	}{
		{name: "over", workflow: phase("1", "Succeeded"), want: "1"},
		{name: "ends", workflow: phase("1", "Running"), watches: [][]metav1.WatchEvent{{event("MODIFIED", phase("2", "Running")), event("MODIFIED", phase("3", "Failed"))}}, want: "1 2 3"},
		{name: "breaks", workflow: phase("1", "Running"), watches: [][]metav1.WatchEvent{{event("MODIFIED", phase("2", "Running"))}, {}, {event("MODIFIED", phase("3", "Failed"))}}, want: "1 2 1 1 3"},
		{name: "may not watch", workflow: phase("1", "Running"), refuse: map[string]int{"watch": http.StatusForbidden}, want: "1 1 1 1 1", wantErr: "enough"},
		{name: "deleted", workflow: phase("1", "Running"), watches: [][]metav1.WatchEvent{{event("DELETED", phase("2", "Running"))}}, want: "1", wantErr: "was deleted"},
		{name: "replaced", workflow: phase("1", "Running"), watches: [][]metav1.WatchEvent{{event("ADDED", other)}}, want: "1", wantErr: "was deleted"},
		{name: "none", wantErr: "not found"},
		{name: "refused", workflow: phase("1", "Running"), refuse: map[string]int{"header": http.StatusForbidden}, wantErr: "refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &apiServer{workflow: test.workflow, watches: test.watches, refuse: test.refuse}
			var seen []string
			err := s.start(t).Follow(t.Context(), "ns", "w", func(w *v1alpha1.Workflow) (bool, error) {
				seen = append(seen, w.ResourceVersion)
				if len(seen) == 5 && test.wantErr == "enough" {
					return false, stop
				}
				return w.Status.Phase.Completed(), nil
			})
			if got := strings.Join(seen, " "); got != test.want {
				t.Errorf("saw %q, want %q", got, test.want)
			}
			if test.wantErr == "" && err != nil || test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)) {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if (test.wantErr == "was deleted") != IsGone(err) {
				t.Errorf("IsGone(%v) = %v", err, IsGone(err))
			}
		})
	}
}

// CLI-26: ranges, and what the server says when it refuses.
func TestDownload(t *testing.T) {
	const content = "0123456789"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/namespaces/ns/workflows/w/artifacts/n1/out") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			encodeError(w, apierrors.NewNotFound(v1alpha1.Resource("workflows"), "w"))
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Disposition", `attachment; filename="out.txt"`)
		http.ServeContent(w, r, "out.txt", time.Time{}, strings.NewReader(content))
	}))
	defer server.Close()
	c, err := New(&rest.Config{Host: server.URL}, gv, testingclock.NewFakeClock(time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		offset int64
		etag   string
		want   int64
	}{{0, "", 0}, {4, "", 4}, {4, `"1"`, 4}, {4, `"other"`, 0}} {
		part, err := c.Download(t.Context(), "ns", "w", "n1", "out", "", test.offset, test.etag)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 20)
		n, _ := part.Read(text)
		_ = part.Close()
		if part.Offset != test.want || part.Size != int64(len(content)) || part.ETag != `"1"` || part.Name != "out.txt" || string(text[:n]) != content[test.want:] {
			t.Errorf("from %d: %+v, %q", test.offset, part, text[:n])
		}
	}
	if _, err := c.Download(t.Context(), "ns", "w", "n1", "out", "", 10, ""); !errors.Is(err, ErrComplete) {
		t.Errorf("at the end: %v", err)
	}
	if _, err := c.Download(context.Background(), "ns", "w", "n1", "none", "", 0, ""); !apierrors.IsNotFound(err) {
		t.Errorf("what is not there: %v", err)
	}
}
