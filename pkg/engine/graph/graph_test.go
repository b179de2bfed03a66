package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestDepends_DAG03(t *testing.T) {
	tasks := map[string]*v1alpha1.DAGTask{"A-1": {Name: "A-1"}, "B": {Name: "B", ContinueOn: &v1alpha1.ContinueOn{Failed: true}}}
	byName := func(n string) *v1alpha1.DAGTask { return tasks[n] }
	results := func(n string) Results {
		if n == "B" {
			return Results{Failed: true}
		}
		return Results{Succeeded: true}
	}
	for _, tc := range []struct {
		task v1alpha1.DAGTask
		want bool
		err  string
	}{
		{v1alpha1.DAGTask{Depends: "A-1"}, true, ""},
		{v1alpha1.DAGTask{Depends: "A-1 && B"}, false, ""},
		{v1alpha1.DAGTask{Depends: "A-1.Succeeded && (B.Failed || B.Errored)"}, true, ""},
		{v1alpha1.DAGTask{Depends: "!B"}, true, ""},
		{v1alpha1.DAGTask{Dependencies: []string{"A-1", "B"}}, true, ""},
		{v1alpha1.DAGTask{}, true, ""},
		{v1alpha1.DAGTask{Depends: "C"}, false, "not in this dag"},
		{v1alpha1.DAGTask{Depends: "B.Foo"}, false, "no result"},
		{v1alpha1.DAGTask{Depends: "B &&"}, false, "cannot parse"},
	} {
		d, err := (&DependsParser{}).Parse(&tc.task, byName)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%+v: %v", tc.task, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Eval(results); got != tc.want || err != nil {
			t.Errorf("%q %v: %v %v", tc.task.Depends, tc.task.Dependencies, got, err)
		}
	}
}

func TestDAGOrder_DAG01(t *testing.T) {
	tasks := []v1alpha1.DAGTask{{Name: "D", Depends: "B && C"}, {Name: "B", Depends: "A"}, {Name: "C", Depends: "A"}, {Name: "A"}, {Name: "X"}}
	g, err := BuildDAG(tasks, "D")
	if err != nil || fmt.Sprint(g.Order) != "[3 1 2 0]" || g.Tasks[4].Rank != -1 {
		t.Errorf("order %v, %v", g.Order, err)
	}
	if g, _ = BuildDAG(tasks, ""); fmt.Sprint(g.Targets) != "[0 4]" {
		t.Errorf("targets %v", g.Targets)
	}
	if _, err = BuildDAG([]v1alpha1.DAGTask{{Name: "A", Depends: "B"}, {Name: "B", Depends: "A"}, {Name: "C"}}, "A"); err == nil {
		t.Error("a cycle must be refused")
	}
}

func TestItems_LOOP(t *testing.T) {
	for _, tc := range []struct{ step, want string }{
		{`{"withItems":["a",1,true,{"b":2,"a":"x"},[1,2]]}`, `a|1|true|a:x,b:2|[1,2]`},
		{`{"withParam":"[\"q\", {\"k\": \"v\"}]"}`, `q|k:v`},
		{`{"withSequence":{"count":"3"}}`, `0|1|2`},
		{`{"withSequence":{"start":5,"end":3,"format":"%02d"}}`, `05|04|03`},
		{`{"withSequence":{"count":0}}`, ``},
		{`{"withSequence":{"count":-2}}`, ``},
		{`{"withParam":"[]"}`, ``},
	} {
		var step v1alpha1.WorkflowStep
		if err := json.Unmarshal([]byte(tc.step), &step); err != nil {
			t.Fatal(err)
		}
		items, loops, err := Items(&step)
		var got []string
		for _, it := range items {
			got = append(got, it.Rendered())
		}
		if err != nil || !loops || strings.Join(got, "|") != tc.want {
			t.Errorf("%s: %v %v %v", tc.step, got, loops, err)
		}
	}
	if _, _, err := Items(&v1alpha1.WorkflowStep{WithParam: "x"}); err == nil || !strings.HasPrefix(err.Error(), "withParam value could not be parsed as a JSON list: ") {
		t.Errorf("error %v", err)
	}
	for _, huge := range []string{`{"withSequence":{"count":"2000000000"}}`, `{"withSequence":{"start":"-9223372036854775808","end":"9223372036854775807"}}`} {
		var step v1alpha1.WorkflowStep
		if err := json.Unmarshal([]byte(huge), &step); err != nil {
			t.Fatal(err)
		}
		if items, _, err := Items(&step); err == nil || !strings.Contains(err.Error(), "are more than 1000000 values") {
			t.Errorf("%s: %d values, %v", huge, len(items), err)
		}
	}
	it := Item{raw: json.RawMessage(`{"a":"x","n":{"z":1}}`)}
	if v := it.Variables(); v["item.a"] != "x" || v["item.n"] != `{"z":1}` || v["item"] != `{"a":"x","n":{"z":1}}` {
		t.Errorf("variables %v", v)
	}
}
