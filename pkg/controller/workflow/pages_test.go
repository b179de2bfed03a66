package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Big decisions go in several writes, in order of creation, each page in one of them.
func TestChangesAreCutByPageAndSize(t *testing.T) {
	long := wfv1.AnyString(strings.Repeat("x", 2000))
	var nodes []wfv1.NodeStatus
	for i := range 1000 {
		n := podNode("n", int64(999-i))
		n.Inputs = &wfv1.Inputs{Parameters: []wfv1.Parameter{{Name: "p", Value: &long}}}
		nodes = append(nodes, n)
	}
	pages := nodePages{versions: map[int32]string{3: "30"}}
	writes := pages.changes(nodes, map[int32][]string{40: {"old"}})
	if len(writes) < 2 {
		t.Fatalf("%d writes for about 2.7 MB", len(writes))
	}
	next := int64(0)
	seen := map[int32]bool{}
	for _, write := range writes {
		for _, page := range write {
			if seen[page.Index] {
				t.Errorf("page %d is in two writes", page.Index)
			}
			seen[page.Index] = true
			for _, n := range page.Set {
				if n.Ordinal != next || pageOf(&n) != page.Index {
					t.Fatalf("node %d in page %d, expected %d", n.Ordinal, page.Index, next)
				}
				next++
			}
		}
	}
	if next != 1000 || !seen[40] {
		t.Errorf("%d nodes, pages %v", next, seen)
	}
}

func TestPageVersionsFollowTheServer(t *testing.T) {
	var pages nodePages
	if pages.paged() || pages.version(0) != "" {
		t.Error("a run starts inline")
	}
	pages.stored(&wfv1.NodesUpdate{})
	if pages.paged() {
		t.Error("an inline write made it paged")
	}
	answer := &wfv1.NodesUpdate{
		Pages:  []wfv1.NodePageChange{{Index: 0, ResourceVersion: "7"}, {Index: 1, ResourceVersion: "8"}},
		Status: &wfv1.WorkflowStatus{NodeStorage: &wfv1.NodeStorage{Pages: 2, Revision: "8", Nodes: 70}},
	}
	pages.stored(answer)
	if !pages.paged() || pages.version(1) != "8" || pages.revision != "8" {
		t.Errorf("%+v", pages)
	}
}

// Pages are written before their header; who reads them in between has to tell the engine.
func TestPagesAheadOfTheirHeader(t *testing.T) {
	header := &wfv1.Workflow{Status: wfv1.WorkflowStatus{NodeStorage: &wfv1.NodeStorage{Pages: 2, Revision: "90"}}}
	cases := map[string]struct {
		versions []string
		want     bool
	}{
		"as committed":       {[]string{"9", "90"}, false},
		"one page newer":     {[]string{"100", "90"}, true},
		"a page too many":    {[]string{"9", "90", "91"}, true},
		"committed in parts": {[]string{"70", "71"}, false},
	}
	for name, c := range cases {
		var read []wfv1.NodePageVersion
		for i, version := range c.versions {
			read = append(read, wfv1.NodePageVersion{Index: int32(i), ResourceVersion: version})
		}
		var pages nodePages
		pages.loaded(header, read)
		if got := pages.ahead(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	var inline nodePages
	inline.loaded(&wfv1.Workflow{}, nil)
	if inline.ahead() {
		t.Error("nodes inside the object cannot be ahead of it")
	}
}

func TestRemovalsByPage(t *testing.T) {
	nodes := []wfv1.NodeStatus{podNode("a", 0), podNode("b", 63), podNode("c", 64), podNode("d", 200)}
	got := removals(nodes, []string{"d", "unknown", "b", "a"})
	if fmt.Sprint(got) != "map[0:[a b] 3:[d]]" {
		t.Errorf("%v", got)
	}
}

func TestTransientErrors_CTL11(t *testing.T) {
	pods := corev1.Resource("pods")
	cases := map[string]struct {
		err  error
		want bool
	}{
		"quota":              {overQuota, true},
		"kind not known yet": {apierrors.NewForbidden(pods, "p", errors.New("cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion")), true},
		"forbidden":          {apierrors.NewForbidden(pods, "p", errors.New("no")), false},
		"invalid":            {apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Pod").GroupKind(), "p", nil), false},
		"bad request":        {apierrors.NewBadRequest("no"), false},
		"too many requests":  {apierrors.NewTooManyRequests("wait", 1), true},
		"conflict":           {apierrors.NewConflict(pods, "p", errors.New("resourcequotas")), true},
		"server timeout":     {apierrors.NewServerTimeout(pods, "create", 1), true},
		"internal":           {apierrors.NewInternalError(errors.New("webhook")), true},
		"no such object":     {apierrors.NewNotFound(pods, "p"), false},
		"no such API":        {apierrors.NewGenericServerResponse(404, "GET", pods, "p", "404 page not found", 0, true), true},
		"deadline":           {context.DeadlineExceeded, true},
		"connection refused": {errors.New("dial tcp 10.0.0.1:443: connect: connection refused"), true},
		"said so":            {transient{errors.New("x")}, true},
		"said otherwise":     {permanent{errors.New("connection refused")}, false},
		"anything else":      {errors.New("x"), false},
		"wrapped":            {fmt.Errorf("read it: %w", transient{errors.New("x")}), true},
		"no error":           {nil, false},
	}
	for name, c := range cases {
		if got := isTransient(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSignificantChanges_CTL01(t *testing.T) {
	base := func() *corev1.Pod {
		pod := &corev1.Pod{}
		pod.ResourceVersion = "1"
		setPhase(pod, corev1.PodRunning)
		return pod
	}
	cases := map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"nothing": {func(*corev1.Pod) {}, false},
		"host":    {func(p *corev1.Pod) { p.Spec.NodeName = "x" }, false},
		"scheduled": {func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: "True"}}
		}, false},
		"phase":      {func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, true},
		"address":    {func(p *corev1.Pod) { p.Status.PodIP = "10.0.0.1" }, true},
		"terminated": {func(p *corev1.Pod) { setPhase(p, corev1.PodSucceeded); p.Status.Phase = corev1.PodRunning }, true},
		"unschedulable": {func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: "False", Reason: "Unschedulable"}}
		}, true},
		"ready": {func(p *corev1.Pod) { p.Status.ContainerStatuses[0].Ready = true }, true},
	}
	for name, c := range cases {
		after := base()
		after.ResourceVersion = "2"
		c.change(after)
		if got := significant(base(), after); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
