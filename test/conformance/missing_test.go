package main

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// aWorkflow has an entry template with one step of the name a, and what is given beside it.
const aWorkflow = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: w-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: leaf%s}
    - - {name: b, template: other%s}
  - name: leaf
    container: {image: busybox%s
  - name: other
    container: {image: busybox}
  - name: unused
    memoize: {key: k, cache: {configMap: {name: c}}}
    container: {image: busybox}
`

func TestMissing(t *testing.T) {
	tests := []struct {
		name              string
		step, later, leaf string
		truth             *truth
		want              string
	}{
		{name: "nothing", leaf: "}"},
		{name: "output parameter of a command", leaf: ", command: [x]}\n    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}"},
		{name: "output parameter of the image's command", leaf: "}\n    outputs: {parameters: [{name: p, valueFrom: {path: /p}}]}"},
		{name: "sidecar and artifact", leaf: "}\n    sidecars: [{name: s, image: busybox}]\n    inputs: {artifacts: [{name: f, path: /f}]}"},
		{name: "lock", leaf: "}\n    synchronization: {mutexes: [{name: m}]}", want: "synchronization"},
		{name: "cache", leaf: "}\n    memoize: {key: k, cache: {configMap: {name: c}}}", want: "memoization"},
		{name: "result", later: ", when: '{{steps.a.outputs.result}} == 1'", leaf: "}"},
		{name: "never came to it", leaf: "}\n    memoize: {key: k, cache: {configMap: {name: c}}}",
			truth: &truth{record: record{Nodes: []nodeRecord{{Type: "Skipped", Template: "leaf"}}}}},
		{name: "came to it", leaf: "}\n    memoize: {key: k, cache: {configMap: {name: c}}}",
			truth: &truth{record: record{Nodes: []nodeRecord{{Type: "Pod", Template: "leaf"}}}}, want: "memoization"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			documents, err := parseDocuments(fmt.Appendf(nil, aWorkflow, test.step, test.later, test.leaf))
			if err != nil {
				t.Fatal(err)
			}
			got, err := missing(&example{truth: test.truth}, documents, nil)
			if err != nil || got != test.want {
				t.Errorf("missing %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestMissingThroughReferences(t *testing.T) {
	documents, err := parseDocuments([]byte(`
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: {name: shared}
spec:
  templates:
  - name: get
    memoize: {key: k, cache: {configMap: {name: c}}}
    container: {image: busybox}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: w-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks: [{name: a, templateRef: {name: shared, template: get, clusterScope: true}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := missing(&example{}, documents[1:], documents[:1])
	if want := "memoization"; err != nil || got != want {
		t.Errorf("missing %q (%v), want %q", got, err, want)
	}
	if got, err := missing(&example{}, []*unstructured.Unstructured{ofTemplate(documents[0])}, documents[:1]); err != nil || got != "" {
		t.Errorf("a template without entry point: missing %q (%v), want nothing", got, err)
	}
}
