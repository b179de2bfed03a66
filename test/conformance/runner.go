package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// look is how often a workflow is looked at while it runs.
const look = 300 * time.Millisecond

// runner runs examples on a cluster.
type runner struct {
	cluster *cluster
	library *library
	timeout time.Duration
	output  string
	keep    bool
	all     bool
	// store: the installation has a default artifact repository.
	store bool
}

// run runs one example and compares. It never fails as such: what went wrong is a result too.
func (r *runner) run(ctx context.Context, e *example) result {
	res := result{path: e.path}
	applied, workflows := split(e)
	before, err := r.presumed(e)
	if err != nil {
		return res.failed(err)
	}
	if reason := r.skipReason(e, workflows, append(before, applied...)); reason != "" {
		return res.skipped(reason)
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	namespace, err := r.cluster.makeNamespace(ctx, e.path)
	if err != nil {
		return res.failed(err)
	}
	if !r.keep {
		defer func() { _ = r.cluster.deleteNamespace(context.WithoutCancel(ctx), namespace) }()
	}
	if n := needsOf(e.path); n.repositoryKey != "" {
		if err := r.cluster.makeRepository(ctx, namespace, n.repositoryKey, n.bucket); err != nil {
			return res.failed(err)
		}
	}
	for _, object := range append(before, applied...) {
		if _, err := r.cluster.create(ctx, namespace, object); err != nil {
			return res.failed(err)
		}
	}
	if len(workflows) == 0 {
		res.outcome, res.text = outcomeSame, "only applied, has no workflow"
		return res
	}
	if e.truth == nil {
		return r.succeedAll(ctx, res, namespace, workflows)
	}
	return r.compareAll(ctx, res, namespace, workflows, e.truth.records())
}

// compareAll runs the workflows of an example one after another, as the reference did.
func (r *runner) compareAll(ctx context.Context, res result, namespace string, workflows []*unstructured.Unstructured, want []record) result {
	if len(workflows) != len(want) {
		return res.failed(fmt.Errorf("the file makes %d workflows, the record has %d", len(workflows), len(want)))
	}
	var all differences
	for i, w := range workflows {
		wf, err := r.workflow(ctx, namespace, w, want[i])
		var room noRoom
		if errors.As(err, &room) {
			return res.skipped(room.Error())
		}
		if refusedAsRecorded(err, want[i]) {
			res.text = "refused when it is created, for the reason that the reference fails it for"
			continue
		}
		if err != nil {
			return res.failed(err)
		}
		got := recordOf(wf)
		d := compare(got, newNormaliser("", "").record(want[i]))
		if d.none() {
			continue
		}
		if err := keepTree(r.output, res.path, i, wf, got); err != nil {
			return res.failed(err)
		}
		if d.phase != "" {
			all.phase = d.phase
		}
		all.tree = append(all.tree, d.tree...)
	}
	return res.of(all)
}

// refusedAsRecorded tells whether a workflow was not accepted that the reference accepts and then fails before anything of it
// runs: the same mistake, told earlier.
func refusedAsRecorded(err error, want record) bool {
	return apierrors.IsInvalid(err) && want.Phase == string(v1alpha1.WorkflowFailed) && len(want.Nodes) == 0 &&
		strings.HasPrefix(want.Message, "invalid spec: ")
}

// succeedAll runs the workflows of an example that the reference has no record of: all have to succeed.
func (r *runner) succeedAll(ctx context.Context, res result, namespace string, workflows []*unstructured.Unstructured) result {
	var all differences
	for i, w := range workflows {
		wf, err := r.workflow(ctx, namespace, w, record{})
		if err != nil {
			return res.failed(err)
		}
		got := recordOf(wf)
		if want := (record{Phase: string(v1alpha1.WorkflowSucceeded)}); got.Phase != want.Phase {
			all.phase = fmt.Sprintf("%s, want %s", ending(got), ending(want))
			if err := keepTree(r.output, res.path, i, wf, got); err != nil {
				return res.failed(err)
			}
		}
	}
	return res.of(all)
}

// skipReason tells why an example is not run; empty when it is.
func (r *runner) skipReason(e *example, workflows, others []*unstructured.Unstructured) string {
	switch {
	case needsOf(e.path).lacking != "":
		return "needs " + needsOf(e.path).lacking
	case e.class == classStore && !r.store:
		return "needs an artifact repository, and the installation has none"
	case len(workflows) > 0 && e.truth == nil && e.class != classStore:
		return "the reference has no record of it"
	case len(workflows) > 0 && e.truth != nil && e.truth.inProgress():
		return "the record shows a workflow in progress"
	case r.all:
		return ""
	}
	found, err := missing(e, workflows, others)
	if err != nil {
		return err.Error()
	}
	if found == "" {
		return ""
	}
	return "needs " + found
}

// presumed returns the objects that an example needs beside it.
func (r *runner) presumed(e *example) ([]*unstructured.Unstructured, error) {
	n := needsOf(e.path)
	objects, err := parseDocuments([]byte(n.objects))
	if err != nil {
		return nil, err
	}
	for _, file := range n.files {
		other, ok := r.library.examples[file]
		if !ok {
			return nil, fmt.Errorf("it needs %s, which is not among the examples", file)
		}
		objects = append(objects, other.documents...)
	}
	return objects, nil
}

// workflow runs one workflow to its end, resuming it where it waits for somebody.
func (r *runner) workflow(ctx context.Context, namespace string, object *unstructured.Unstructured, want record) (*v1alpha1.Workflow, error) {
	made, err := r.cluster.create(ctx, namespace, object)
	if err != nil {
		return nil, err
	}
	client := r.cluster.workflows.ArgoprojV1alpha1().Workflows(namespace)
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	var last *v1alpha1.Workflow
	for {
		wf, err := client.Get(ctx, made.GetName(), metav1.GetOptions{})
		switch {
		case err == nil:
			last = wf
			if wf.Labels[v1alpha1.LabelKeyCompleted] == "true" {
				return wf, nil
			}
			if ids := waiting(wf); len(ids) > 0 {
				if err := r.cluster.resume(ctx, wf, ids, want); err != nil {
					return nil, fmt.Errorf("resume: %w", err)
				}
			}
		case !errors.Is(err, context.DeadlineExceeded) && last == nil:
			return nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, notEnded(last, r.timeout)
		}
	}
}

// noRoom is why a pod of an example fits on no node of this cluster.
type noRoom string

func (n noRoom) Error() string { return "needs a larger node: " + string(n) }

func notEnded(wf *v1alpha1.Workflow, after time.Duration) error {
	if wf == nil {
		return fmt.Errorf("not seen within %s", after)
	}
	text := fmt.Sprintf("not over after %s: %s %s %q", after, wf.Status.Phase, wf.Status.Progress, wf.Status.Message)
	for _, n := range wf.Status.Nodes {
		if n.Phase == v1alpha1.NodePending && strings.HasPrefix(n.Message, "Unschedulable: ") {
			return noRoom(n.Message)
		}
		if !n.Fulfilled() {
			text += fmt.Sprintf("; %s %s %s %q", n.Name, n.Type, n.Phase, n.Message)
		}
	}
	return errors.New(text)
}
