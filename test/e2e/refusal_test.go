//go:build e2e

package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Mistakes are refused when a workflow is created, with the path of the field, and nothing is stored.
func TestMistakesAreRefusedWithTheirPath(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	head := "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: mistake-}\nspec:\n"
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{
			"unknown field",
			head + "  entrypoint: main\n  templates: [{name: main, container: {image: busybox, comand: [\"true\"]}}]\n",
			[]string{"unknown field", "spec.templates[0].container.comand"},
		},
		{
			"unknown field at the top",
			head + "  entrypont: main\n  templates: [{name: main, container: {image: busybox}}]\n",
			[]string{"unknown field", "spec.entrypont"},
		},
		{
			"wrong type",
			head + "  entrypoint: main\n  parallelism: many\n  templates: [{name: main, container: {image: busybox}}]\n",
			[]string{"parallelism"},
		},
		{
			"missing template",
			head + "  entrypoint: nowhere\n  templates: [{name: main, container: {image: busybox}}]\n",
			[]string{"spec.entrypoint", "nowhere"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, err := runKubectl(t.Context(), manifest(test.text), "create", "-n", ns, "-f", "-")
			if err == nil {
				t.Fatalf("accepted: %s", stdout)
			}
			for _, part := range test.want {
				if !strings.Contains(stderr, part) {
					t.Errorf("the message lacks %q: %s", part, stderr)
				}
			}
		})
	}
	stored, err := fairlead.ArgoprojV1alpha1().Workflows(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(stored.Items) != 0 {
		t.Errorf("%d workflows are stored (%v)", len(stored.Items), err)
	}
}

// kubectl apply works on aggregated kinds as on any other, client-side and server-side.
func TestApply(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	text := manifest("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: shared}\nspec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: [\"true\"]}}]}\n")
	for _, step := range []struct {
		text string
		args []string
		want string
	}{
		{text, []string{"apply"}, "created"},
		{text, []string{"apply"}, "unchanged"},
		{strings.Replace(text, "busybox", "alpine", 1), []string{"apply"}, "configured"},
		{strings.Replace(text, "busybox", "alpine", 1), []string{"apply", "--server-side", "--force-conflicts"}, "serverside-applied"},
	} {
		stdout, stderr, err := runKubectl(t.Context(), step.text, append(step.args, "-n", ns, "-f", "-")...)
		if err != nil || !strings.Contains(stdout, step.want) {
			t.Fatalf("kubectl %v: %v, %q %s; want %s", step.args, err, stdout, stderr, step.want)
		}
	}
	if image := kubectl(t, "get", "wftmpl", "shared", "-n", ns, "-o", "jsonpath={.spec.templates[0].container.image}"); image != "alpine" {
		t.Errorf("image = %q", image)
	}
}
