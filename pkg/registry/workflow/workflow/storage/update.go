package storage

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

// scope says which changes of a status an endpoint takes.
type scope int

const (
	// wholeObject takes the recognised transitions only: `update workflows` is a right that many have.
	wholeObject scope = iota
	// wholeStatus takes all changes.
	wholeStatus
	// ownStatus is that of a workflow which the server itself has made out of another one.
	ownStatus
)

// statusIgnored is the warning for a status that was not stored.
const statusIgnored = "the change of status was not stored: through an update of the workflow itself only these are: resuming or setting a suspended step, and resetting the workflow for a retry. Metadata and spec were stored. " +
	"Use workflows/status for anything else"

// writer takes one write of a whole object through: it finds out what became of the nodes, and how the object and its pages
// have to be stored.
type writer struct {
	tables
	scope  scope
	commit *commit
	// clock tells when somebody acted; only writes of the whole object need it.
	clock clock.PassiveClock

	// table is what was read of a workflow in pages.
	table *nodes.Table
	// records are the nodes as they are after the write, if that is known.
	records []v1alpha1.NodeStatus
	// warned tells the client what of the status was not taken; empty: all was.
	warned string
	// action is what a change of status that was taken amounts to.
	action string
	err    error
}

func (t tables) newWriter(s scope) *writer {
	return &writer{tables: t, scope: s, commit: &commit{nodes: t.nodes}}
}

// release lets go of what was read.
func (w *writer) release() { w.table.Release() }

// reset forgets an attempt: after a conflict the update is made anew from the newer object.
func (w *writer) reset() {
	w.table.Release()
	w.table, w.records, w.warned, w.action = nil, nil, "", ""
	w.commit.changes, w.commit.first = nil, false
}

// wrap returns the update with its nodes sorted out.
func (w *writer) wrap(info rest.UpdatedObjectInfo) rest.UpdatedObjectInfo {
	return wholeUpdate{UpdatedObjectInfo: info, writer: w}
}

type wholeUpdate struct {
	rest.UpdatedObjectInfo
	writer *writer
}

// Preconditions implements rest.UpdatedObjectInfo.
func (u wholeUpdate) Preconditions() *metav1.Preconditions {
	return u.UpdatedObjectInfo.Preconditions()
}

// UpdatedObject implements rest.UpdatedObjectInfo. Most updates (a label, spec.suspend, spec.shutdown) do not touch the
// nodes, so they are first tried on the header alone; a patch that needs the nodes is repeated with them.
func (u wholeUpdate) UpdatedObject(ctx context.Context, object runtime.Object) (runtime.Object, error) {
	w, old := u.writer, object.(*v1alpha1.Workflow)
	w.reset()
	updated, err := u.UpdatedObjectInfo.UpdatedObject(ctx, old)
	if old.ResourceVersion == "" {
		if err != nil {
			return nil, err
		}
		// Server-side apply creates this way.
		actor.Created(ctx, updated.(*v1alpha1.Workflow), w.clock.Now())
		w.prepareCreate(updated.(*v1alpha1.Workflow))
		return updated, w.err
	}
	if err == nil && updated.(*v1alpha1.Workflow).ResourceVersion != old.ResourceVersion {
		return updated, nil // the store refuses it
	}
	if paged(old) && (err != nil || carriesNodes(&updated.(*v1alpha1.Workflow).Status)) {
		if w.table, w.err = w.load(ctx, old, false); w.err != nil {
			return nil, hydrationError(w.err)
		}
		if err != nil || !replaces(ctx) {
			updated, err = u.UpdatedObjectInfo.UpdatedObject(ctx, hydrated(old, w.table.Records()))
		}
	}
	if err != nil {
		return nil, err
	}
	workflow := updated.(*v1alpha1.Workflow)
	if err := w.reconcile(ctx, workflow, old); err != nil {
		return nil, err
	}
	if w.scope == wholeObject {
		w.noteActor(ctx, workflow, old)
	}
	return workflow, nil
}

// noteActor notes who acted on the workflow, when the write does what a verb would have done.
func (w *writer) noteActor(ctx context.Context, workflow, old *v1alpha1.Workflow) {
	actor.KeepActor(workflow, old)
	action := w.action
	if action == "" {
		action = specAction(&old.Spec, &workflow.Spec)
	}
	if action != "" {
		actor.Acted(ctx, workflow, action, w.clock.Now())
	}
}

// replaces is true for PUT: the body is the new object whatever the old one is.
func replaces(ctx context.Context) bool {
	request, ok := genericapirequest.RequestInfoFrom(ctx)
	return ok && request.Verb == "update"
}

// now is the time that is noted; whole seconds are all that objects have.
func (w *writer) now() metav1.Time { return metav1.NewTime(w.clock.Now().UTC().Truncate(time.Second)) }

func carriesNodes(status *v1alpha1.WorkflowStatus) bool {
	return len(status.Nodes) > 0 || status.CompressedNodes != ""
}

// reconcile decides what is stored of the new status, and plans the change of the pages.
func (w *writer) reconcile(ctx context.Context, workflow, old *v1alpha1.Workflow) error {
	status := &workflow.Status
	if err := decodeCompressedNodes(status); err != nil {
		return err
	}
	if len(status.Nodes) == 0 && apiequality.Semantic.DeepEqual(headerStatus(status), v1alpha1.WorkflowStatus{}) {
		*status = old.Status
		return nil
	}
	status.Retries = old.Status.Retries
	var stored []v1alpha1.NodeStatus
	var change tableChange
	switch {
	case w.table != nil:
		stored = w.table.Records()
		change = compareTables(stored, status.Nodes)
	case !paged(old):
		stored = node.FromWire(old.Status.Nodes)
		change = compareTables(stored, status.Nodes)
		if len(status.Nodes) == 0 && !retriesOnlyNode(status, &change) {
			change = tableChange{records: stored} // absent nodes are no change of the nodes, as with those in pages
		}
	}
	switch {
	case change.empty() && apiequality.Semantic.DeepEqual(headerStatus(status), headerStatus(&old.Status)):
		*status = old.Status
	case w.scope == wholeObject:
		if w.action = recognised(old, status, stored, &change, w.now()); w.action != "" {
			return w.take(ctx, status, old, change)
		}
		*status = old.Status
		w.warned = statusIgnored
	default:
		if old.Status.Phase.Completed() && !status.Phase.Completed() {
			status.Retries++
		}
		return w.take(ctx, status, old, change)
	}
	if w.table != nil {
		w.records = stored
	}
	return nil
}

// take plans how the new status is stored.
func (w *writer) take(ctx context.Context, status *v1alpha1.WorkflowStatus, old *v1alpha1.Workflow, change tableChange) error {
	status.OffloadNodeStatusVersion = ""
	status.NodeStorage = old.Status.NodeStorage
	switch {
	case w.table != nil:
		// The client saw the pages of the last commit. Some may be ahead of it, because a writer ended before its header
		// was stored; the change is made to those, and what else is new in them stays.
		versions, err := w.nodes.Versions(ctx, refOf(old))
		if err != nil {
			return hydrationError(err)
		}
		status.Nodes = nil
		w.commit.changes = change.pages(versions)
		w.records = change.records
	case paged(old):
		status.Nodes = nil
	case change.empty():
		status.Nodes = old.Status.Nodes
	default:
		w.place(status, change.records)
	}
	return nil
}

// headerStatus is a status without its nodes and without the fields that say where they are.
func headerStatus(status *v1alpha1.WorkflowStatus) v1alpha1.WorkflowStatus {
	header := *status
	header.Nodes, header.NodeStorage, header.CompressedNodes, header.OffloadNodeStatusVersion = nil, nil, "", ""
	return header
}

// finish makes the answer of a write: the stored object with its nodes.
func (w *writer) finish(ctx context.Context, stored runtime.Object, err error) (runtime.Object, error) {
	if err != nil {
		return nil, tooLarge(err)
	}
	if w.warned != "" {
		warning.AddWarning(ctx, "", w.warned)
	}
	header, ok := stored.(*v1alpha1.Workflow)
	if !ok || headersOnly(ctx) {
		return stored, nil
	}
	if w.records != nil && header.Status.Nodes == nil {
		return hydrated(header, w.records), nil
	}
	if !paged(header) {
		return header, nil
	}
	table, err := w.load(ctx, header, false)
	if err != nil {
		// The write has happened, which is what matters.
		klog.V(4).InfoS("Answering a write without the nodes", "workflow", klog.KObj(header), "err", err)
		return header, nil
	}
	context.AfterFunc(ctx, table.Release)
	return hydrated(header, table.Records()), nil
}

// tooLarge turns the store's refusal of a large object into one that names the way out.
func tooLarge(err error) error {
	if !nodes.IsTooLarge(err) {
		return err
	}
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
		"the workflow is too large to be stored, even compressed and without its nodes (%v). Nodes have no such limit: "+
			"controllers write them with POST workflows/{name}/nodes. Move large inputs to artifacts or ConfigMaps, and templates to a WorkflowTemplate", err))
}
