package v1alpha1

import (
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

// The group is read before anything is registered, so that generated code and clients use the same.
func TestGroupFromEnvironment(t *testing.T) {
	const other = "workflows.example.com"
	if os.Getenv(GroupNameEnv) == other {
		scheme := runtime.NewScheme()
		if err := AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		gvks, _, err := scheme.ObjectKinds(&Workflow{})
		if err != nil || gvks[0].Group != other || Resource("workflows").Group != other || Kind("Workflow").Group != other {
			t.Errorf("registered as %v, %v", gvks, err)
		}
		return
	}
	if os.Getenv(GroupNameEnv) == "" && GroupName != DefaultGroupName {
		t.Errorf("group %s", GroupName)
	}
	command := exec.Command(os.Args[0], "-test.run=^TestGroupFromEnvironment$")
	command.Env = append(os.Environ(), GroupNameEnv+"="+other)
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

func TestFieldSelectors(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		kind, label string
		allowed     bool
	}{
		{"Workflow", "metadata.name", true},
		{"Workflow", "metadata.namespace", true},
		{"Workflow", "status.phase", true},
		{"Workflow", "spec.workflowTemplateRef.name", true},
		{"Workflow", "spec.entrypoint", true},
		{"Workflow", "spec.priority", false},
		{"CronWorkflow", "metadata.name", true},
		{"CronWorkflow", "status.phase", false},
		{"WorkflowTaskResult", "metadata.namespace", true},
	} {
		_, _, err := scheme.ConvertFieldLabel(SchemeGroupVersion.WithKind(tc.kind), tc.label, "x")
		if (err == nil) != tc.allowed {
			t.Errorf("%s %s: %v", tc.kind, tc.label, err)
		}
		if err != nil && !strings.Contains(err.Error(), "metadata.name") {
			t.Errorf("%s %s: the message does not say what to use: %v", tc.kind, tc.label, err)
		}
	}
}

func TestNodesOptionsFromQuery(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query   string
		want    NodesOptions
		problem string
	}{
		{query: ""},
		{query: "phase=Failed&type=Pod&changedSince=12&limit=5&continue=c&latest=true",
			want: NodesOptions{Phase: string(NodeFailed), Type: string(NodeTypePod), ChangedSince: "12", Limit: 5, Continue: "c", Latest: true}},
		{query: "latest", want: NodesOptions{Latest: true}},
		{query: "limit=-1", problem: "limit must be"},
		{query: "limit=a", problem: "limit must be"},
		{query: "latest=perhaps", problem: "latest must be"},
	} {
		values, err := url.ParseQuery(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		var got NodesOptions
		err = scheme.Convert(&values, &got, nil)
		switch {
		case tc.problem == "" && (err != nil || !reflect.DeepEqual(got, tc.want)):
			t.Errorf("%q: %+v, %v", tc.query, got, err)
		case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
			t.Errorf("%q: error %v, want one with %s", tc.query, err, tc.problem)
		}
	}
}
