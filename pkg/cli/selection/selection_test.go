package selection

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// CLI-11, CLI-16: what the server filters by labels and what is left to Keep give the right workflows together.
func TestWorkflows(t *testing.T) {
	type workflow struct {
		name     string
		labels   map[string]string
		created  time.Duration
		finished time.Duration // ago; 0: not
	}
	phase := func(p v1alpha1.WorkflowPhase, more ...string) map[string]string {
		set := map[string]string{v1alpha1.LabelKeyPhase: string(p), v1alpha1.LabelKeyCompleted: "false"}
		if p.Completed() {
			set[v1alpha1.LabelKeyCompleted] = "true"
		}
		for _, key := range more {
			set[key] = "x"
		}
		return set
	}
	all := []workflow{
		{"new", nil, time.Minute, 0},
		{"pending", phase("Pending"), time.Hour, 0},
		{"running", phase("Running"), 2 * time.Hour, 0},
		{"good", phase("Succeeded"), 30 * time.Hour, 25 * time.Hour},
		{"bad", phase("Failed", v1alpha1.LabelKeyPreviousWorkflowName), 50 * time.Hour, 30 * time.Minute},
	}
	tests := []struct {
		name   string
		filter Workflows
		given  string
		want   string
	}{
		{name: "all", want: "new pending running good bad"},
		{name: "completed", filter: Workflows{Completed: true}, want: "good bad"},
		{name: "running", filter: Workflows{Running: true}, want: "new pending running"},
		{name: "status", filter: Workflows{Statuses: []string{"SUCCEEDED", "failed"}}, want: "good bad"},
		{name: "pending", filter: Workflows{Statuses: []string{"pending"}}, want: "new pending"},
		{name: "resubmitted", filter: Workflows{Resubmitted: true}, want: "bad"},
		{name: "older", filter: Workflows{Older: Age(24 * time.Hour)}, want: "good"},
		{name: "since", filter: Workflows{Since: Age(3 * time.Hour)}, want: "new pending running"},
		{name: "prefix", filter: Workflows{Prefix: "p"}, want: "pending"},
		{name: "given selector", given: v1alpha1.LabelKeyPhase + "!=Running", filter: Workflows{Running: true}, want: "new pending"},
		{name: "all at once", filter: Workflows{Statuses: []string{"failed"}, Completed: true, Prefix: "b", Since: Age(100 * time.Hour)}, want: "bad"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.filter.Validate(); err != nil {
				t.Fatal(err)
			}
			selector, err := labels.Parse(test.filter.Selector(test.given))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range all {
				meta := &metav1.ObjectMeta{Name: w.name, Labels: w.labels, CreationTimestamp: metav1.NewTime(epoch.Add(-w.created))}
				finished := time.Time{}
				if w.finished > 0 {
					finished = epoch.Add(-w.finished)
				}
				if selector.Matches(labels.Set(w.labels)) && test.filter.Keep(meta, finished, epoch) {
					got = append(got, w.name)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for _, bad := range []Workflows{{Completed: true, Running: true}, {Statuses: []string{"odd"}}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "10m": 10 * time.Minute, "3h": 3 * time.Hour, "1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "2d": 48 * time.Hour,
	} {
		var age Age
		if err := age.Set(text); err != nil || time.Duration(age) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(age), err)
		}
	}
	for _, text := range []string{"", "5", "d", "-1d", "-5m", "1w", "0s", "99999999d", "1d-5m"} {
		var age Age
		if err := age.Set(text); err == nil {
			t.Errorf("%q is taken, as %v", text, time.Duration(age))
		}
	}
}

// OPS-18.
func TestNodes(t *testing.T) {
	n := &v1alpha1.NodeStatus{
		ID: "w-1", Name: "w[0].a", DisplayName: "a", TemplateName: "", Phase: v1alpha1.NodeFailed, Type: v1alpha1.NodeTypePod,
		TemplateRef: &v1alpha1.TemplateRef{Name: "lib", Template: "t"},
		Inputs:      &v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "os", Value: ptr.To(v1alpha1.AnyString("linux"))}}},
	}
	for selector, want := range map[string]bool{
		"displayName=a": true, "displayName==a": true, "displayName!=a": false, "id=w-1": true, "name=w[0].a": true, "phase=Failed": true,
		"phase=Failed,displayName=b": false, "templateRef.name=lib,templateRef.template=t": true, "templateName=t": false,
		"inputs.parameters.os.value=linux": true, "inputs.parameters.os.value!=linux": false, "inputs.parameters.none.value=x": false, "type=Pod": true,
	} {
		matches, err := Nodes(selector)
		if err != nil || matches(n) != want {
			t.Errorf("%s: want %v; %v", selector, want, err)
		}
	}
	for _, selector := range []string{"colour=red", "displayName", "inputs.parameters.os=linux"} {
		if _, err := Nodes(selector); err == nil {
			t.Errorf("%q is taken", selector)
		}
	}
	if matches, err := Nodes(""); matches != nil || err != nil {
		t.Error("an empty selector selects")
	}
}

func TestPhases(t *testing.T) {
	matches, err := Phases([]string{"failed", "ERROR"})
	if err != nil {
		t.Fatal(err)
	}
	for phase, want := range map[v1alpha1.NodePhase]bool{"Failed": true, "Error": true, "Succeeded": false, "": false} {
		if matches(&v1alpha1.NodeStatus{Phase: phase}) != want {
			t.Errorf("%q", phase)
		}
	}
	if _, err := Phases([]string{"odd"}); err == nil {
		t.Error("an unknown phase is taken")
	}
}
