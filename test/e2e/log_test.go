//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const talksAWhile = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: talks-
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - {name: one, template: count}
        - - {name: two, template: count}
    - name: count
      container:
        image: busybox
        command: [sh, -c, "for i in 1 2 3; do echo word $i; sleep 1; done; printf 'no newline at the end'"]
`

// A follower that comes before the first pod gets everything, of each pod in order, and is let go at the end. A line that
// does not end comes when its container's log does, which may be after the first lines of the next step.
func TestLogIsFollowedToTheEnd(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, talksAWhile)
	text := kubectl(t, "get", "--raw", logPath(ns, name)+"?follow=true&prefix=true")
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	said := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if pod, words, ok := strings.Cut(line, ": "); ok {
			said[pod] += words + "|"
		}
	}
	for pod, words := range said {
		if words != "word 1|word 2|word 3|no newline at the end|" {
			t.Errorf("pod %s said %q", pod, words)
		}
	}
	if len(said) != 2 {
		t.Errorf("followed log = %q, want that of both steps", text)
	}
	if tail := kubectl(t, "get", "--raw", logPath(ns, name)+"?tailLines=1"); strings.Contains(tail, "word 1") {
		t.Errorf("tailLines=1 gave %q", tail)
	}
}
