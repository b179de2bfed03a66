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

// A follower that comes before the first pod gets everything, from both pods in order, and is let go at the end.
func TestLogIsFollowedToTheEnd(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, talksAWhile)
	text := kubectl(t, "get", "--raw", logPath(ns, name)+"?follow=true")
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	once := "word 1\nword 2\nword 3\nno newline at the end"
	if strings.Count(text, once) != 2 {
		t.Errorf("followed log = %q, want %q of both steps", text, once)
	}
	if tail := kubectl(t, "get", "--raw", logPath(ns, name)+"?tailLines=1"); strings.Contains(tail, "word 1") {
		t.Errorf("tailLines=1 gave %q", tail)
	}
}
