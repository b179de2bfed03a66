package main

import (
	"context"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// resumedMessage is what clients write on a node that they resume, in the form of the records.
const resumedMessage = "Resumed by: map[User:kubernetes-admin]"

// waiting are the running suspensions that somebody has to end: those that no time ends.
func waiting(wf *v1alpha1.Workflow) []string {
	timed := map[string]bool{}
	for _, spec := range []*v1alpha1.WorkflowSpec{&wf.Spec, wf.Status.StoredWorkflowSpec} {
		for i := 0; spec != nil && i < len(spec.Templates); i++ {
			if t := spec.Templates[i]; t.Suspend != nil && t.Suspend.Duration != "" {
				timed[t.Name] = true
			}
		}
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(wf.Status.Nodes)) {
		n := wf.Status.Nodes[id]
		if n.Type == v1alpha1.NodeTypeSuspend && n.Phase == v1alpha1.NodeRunning && !timed[n.TemplateName] {
			ids = append(ids, id)
		}
	}
	return ids
}

// resume ends suspensions as clients of the reference do: it gives outputs their values (those of the record), marks the
// nodes as done, and writes the whole object. Losing against the controller is no error: it is tried again at the next look.
func (c *cluster) resume(ctx context.Context, wf *v1alpha1.Workflow, ids []string, want record) error {
	wf = wf.DeepCopy()
	texts := newNormaliser(wf.Namespace, wf.Name)
	for _, id := range ids {
		n := wf.Status.Nodes[id]
		supply(&n, texts, want)
		n.Phase, n.Message, n.FinishedAt = v1alpha1.NodeSucceeded, resumedMessage, metav1.NewTime(time.Now())
		wf.Status.Nodes[id] = n
	}
	_, err := c.workflows.ArgoprojV1alpha1().Workflows(wf.Namespace).Update(ctx, wf, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// supply sets the outputs of a node that users are to supply.
func supply(n *v1alpha1.NodeStatus, texts normaliser, want record) {
	if n.Outputs == nil {
		return
	}
	n.Outputs = n.Outputs.DeepCopy()
	for i := range n.Outputs.Parameters {
		p := &n.Outputs.Parameters[i]
		if p.ValueFrom == nil || p.ValueFrom.Supplied == nil {
			continue
		}
		if value := want.outputOf(texts.text(n.Name), p.Name); value != nil {
			text := v1alpha1.AnyString(*value)
			p.Value, p.ValueFrom = &text, nil
		}
	}
}
