package integration

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// TestPlan reads what a workflow would run: its templates are looked up, nothing is stored.
func TestPlan(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	create := func(resource, kind, name, rest string) {
		t.Helper()
		client := server.Dynamic.Resource(gvr(resource))
		var err error
		if kind == "ClusterWorkflowTemplate" {
			object := newObject(t, kind, name, rest)
			object.SetNamespace("")
			_, err = client.Create(t.Context(), object, metav1.CreateOptions{})
		} else {
			_, err = client.Namespace(namespace).Create(t.Context(), newObject(t, kind, name, rest), metav1.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	create("clusterworkflowtemplates", "ClusterWorkflowTemplate", "shared", `
spec:
  templates:
  - name: twice
    steps: [[{name: each, template: leaf, withItems: [1, 2]}]]
  - name: leaf
    container: {image: busybox}
`)
	create("workflowtemplates", "WorkflowTemplate", "local", `
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, templateRef: {name: shared, template: twice, clusterScope: true}}
      - {name: b, template: wait, depends: a}
  - name: wait
    suspend: {}
`)
	create("workflows", "Workflow", "planned", "spec: {workflowTemplateRef: {name: local}}\n")

	plan := &v1alpha1.WorkflowPlan{}
	read := func(name string) error {
		return server.Client.ArgoprojV1alpha1().RESTClient().Get().Namespace(namespace).Resource("workflows").Name(name).SubResource("plan").
			Do(t.Context()).Into(plan)
	}
	if err := read("planned"); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, n := range plan.Nodes {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %v", n.Name, n.Type, n.Outcome, n.Pods, n.After))
	}
	want := `planned DAG Runs 2 []
planned.a Steps Runs 2 []
planned.a[0].each Pod Runs 2 []
planned.b Suspend Runs 0 [planned.a]`
	if got := strings.Join(lines, "\n"); got != want || plan.Pods != 2 || !plan.Exact || plan.Name != "planned" {
		t.Errorf("%d pods\n%s", plan.Pods, got)
	}
	if err := read("missing"); !apierrors.IsNotFound(err) {
		t.Errorf("plan of a workflow that is not there: %v", err)
	}
}
