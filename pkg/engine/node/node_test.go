package node

import (
	"reflect"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestIDs_NOD11(t *testing.T) {
	if got := ID("demo", "demo"); got != "demo" {
		t.Errorf("the root's ID is the workflow's name, got %q", got)
	}
	// FNV-1a of "a" is a published test vector: 0xe40c292c.
	if got := ID("demo", "a"); got != "demo-3826002220" {
		t.Errorf("ID = %q", got)
	}
}

func TestNames_NOD10(t *testing.T) {
	for got, want := range map[string]string{
		Group("demo", 1):                          "demo[1]",
		Child(Group("demo", 0), "gen"):            "demo[0].gen",
		Item("demo[1].fan", 0, "a"):               "demo[1].fan(0:a)",
		Item("x", 2, "f(1)"):                      "x(2:f1)",
		Attempt("demo[2].flaky", 0):               "demo[2].flaky(0)",
		Exit("demo"):                              "demo.onExit",
		Hook("demo", "running"):                   "demo.hooks.running",
		Display("demo[0].gen", "demo"):            "gen",
		Display("demo[0]", "demo"):                "[0]",
		Display("demo[3].sub.A", "demo[3].sub"):   "A",
		Display("demo", ""):                       "demo",
		Display("demo[1].fan(0:a[1].b)", "demo"):  "fan(0:a[1].b)",
		Display("demo[0].hello1.onExit", "demo"):  "hello1.onExit",
		Display("demo.A(0:k:v,l:w)(1)", "demo"):   "A(0:k:v,l:w)(1)",
		PodName("v2", "demo", "demo", "whalesay"): "demo",
		PodName("v1", "demo", "a", "t"):           "demo-3826002220",
		PodName("v2", "demo", "a", "t"):           "demo-t-3826002220",
		PodName("", "demo", "a", ""):              "demo-3826002220",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTrap05_PodNamePrefixIsCut_NOD13(t *testing.T) {
	got := PodName("v2", strings.Repeat("w", 200), "a", strings.Repeat("t", 100))
	if len(got) != 242+1+len("3826002220") || !strings.HasSuffix(got, "-3826002220") {
		t.Errorf("length %d: %s", len(got), got)
	}
}

func TestTrap06_Edges_NOD17(t *testing.T) {
	hook := &v1alpha1.NodeFlag{Hooked: true}
	attempt := &v1alpha1.NodeFlag{Retried: true}
	records := []v1alpha1.NodeStatus{
		{ID: "d", Type: v1alpha1.NodeTypeDAG, Phase: v1alpha1.NodeSucceeded},
		{ID: "r", Type: v1alpha1.NodeTypeRetry, BoundaryID: "d", Parents: []string{"d"}, Phase: v1alpha1.NodeSucceeded},
		{ID: "r0", Type: v1alpha1.NodeTypePod, BoundaryID: "d", Parents: []string{"r"}, NodeFlag: attempt},
		{ID: "r1", Type: v1alpha1.NodeTypePod, BoundaryID: "d", Parents: []string{"r"}, NodeFlag: attempt},
		{ID: "rx", Type: v1alpha1.NodeTypePod, BoundaryID: "d", Parents: []string{"r"}, NodeFlag: hook},
		{ID: "s", Type: v1alpha1.NodeTypeSteps, BoundaryID: "d", Parents: []string{OutboundOf("r")}, Phase: v1alpha1.NodeSucceeded},
		{ID: "s0", Type: v1alpha1.NodeTypeStepGroup, BoundaryID: "s", Parents: []string{"s"}},
		{ID: "a", Type: v1alpha1.NodeTypePod, BoundaryID: "s", Parents: []string{"s0"}},
		{ID: "b", Type: v1alpha1.NodeTypePod, BoundaryID: "s", Parents: []string{"s0"}},
		{ID: "g", Type: v1alpha1.NodeTypeTaskGroup, BoundaryID: "d", Parents: []string{OutboundOf("s")}, Outbound: true},
		{ID: "g0", Type: v1alpha1.NodeTypePod, BoundaryID: "d", Parents: []string{"g"}},
		{ID: "g1", Type: v1alpha1.NodeTypePod, BoundaryID: "d", Parents: []string{"g"}},
	}
	for i := range records {
		records[i].Ordinal, records[i].Name = int64(i), records[i].ID
	}
	wire := ToWire(records)
	for id, want := range map[string][]string{
		"d": {"r"}, "r": {"r0", "r1", "rx"}, "r0": nil, "r1": {"s"}, "s0": {"a", "b"}, "a": {"g"}, "b": {"g"}, "g": {"g0", "g1"},
	} {
		if got := wire[id].Children; !reflect.DeepEqual(got, want) {
			t.Errorf("children of %s = %v, want %v", id, got, want)
		}
	}
	if got := wire["d"].OutboundNodes; !reflect.DeepEqual(got, []string{"g0", "g1"}) {
		t.Errorf("outbound of the DAG = %v", got)
	}
	if got := wire["s"].OutboundNodes; !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("outbound of the steps = %v", got)
	}
	again := ToWire(FromWire(wire))
	if !reflect.DeepEqual(again, wire) {
		t.Errorf("round trip differs:\n%v\n%v", wire, again)
	}
}

func TestFromWireGivesOrdinalsToOldNodes(t *testing.T) {
	nodes := v1alpha1.Nodes{
		"b": {ID: "b", Name: "b", Children: nil},
		"a": {ID: "a", Name: "a", Children: []string{"b"}},
	}
	records := FromWire(nodes)
	if records[0].ID != "a" || records[1].Ordinal != 1 || !reflect.DeepEqual(records[1].Parents, []string{"a"}) {
		t.Errorf("records = %+v", records)
	}
}
