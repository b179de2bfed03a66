package storage

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/util/retry"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/admit"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

// ErrUnchanged is what a change returns that finds everything as it should be.
var ErrUnchanged = errors.New("nothing to change")

// Subject is a workflow that a verb is about to change.
type Subject struct {
	// Workflow is the stored one without nodes, to be changed in place.
	Workflow *v1alpha1.Workflow
	// Nodes reads the newest nodes, in record form and in order of creation; they must not be changed in place.
	Nodes func() ([]v1alpha1.NodeStatus, error)
}

// NodeChanges are the nodes that a verb changes: new versions, whole and in record form, and IDs of those to remove.
type NodeChanges struct {
	Set     []v1alpha1.NodeStatus
	Removed []string
}

// ChangeFunc decides what becomes of a workflow. It is called again when somebody else has written the workflow meanwhile.
type ChangeFunc func(ctx context.Context, subject *Subject) (NodeChanges, error)

// Changer changes workflows as the verbs do: header and nodes in one commit, pages first.
type Changer struct {
	headers *genericregistry.Store
	written *genericregistry.Store
	// admission is asked about each change as about an update of the workflow.
	admission *admit.Chain
	// managers notes who changed what.
	managers *managers.Recorder
	tables
}

// Get returns a workflow as it is, without changing it.
func (c *Changer) Get(ctx context.Context, name string, pre Precondition) (*Subject, error) {
	object, err := c.headers.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	header := object.(*v1alpha1.Workflow)
	if err := pre.Check("workflows", header); err != nil {
		return nil, err
	}
	w := c.newWriter(wholeStatus)
	context.AfterFunc(ctx, func() { w.release() })
	return w.subject(ctx, header), nil
}

// Change has a workflow changed through a subresource and returns it as stored, with its nodes. Conflicts with other writers are
// resolved by deciding again, unless the precondition names a resource version.
func (c *Changer) Change(ctx context.Context, name, subresource string, pre Precondition, options *metav1.CreateOptions, change ChangeFunc) (*v1alpha1.Workflow, error) {
	var answer runtime.Object
	noted := true
	attempt := func() (err error) {
		answer, err = c.attempt(ctx, name, pre, options, change, subresource, noted)
		if noted && nodes.IsTooLarge(err) {
			// As with any write: better done than noted.
			noted = false
			answer, err = c.attempt(ctx, name, pre, options, change, subresource, noted)
		}
		return err
	}
	retriable := func(err error) bool {
		var refused *refusal
		return apierrors.IsConflict(err) && !errors.As(err, &refused) && pre.ResourceVersion == ""
	}
	if err := retry.OnError(retry.DefaultBackoff, retriable, attempt); err != nil {
		var refused *refusal
		if errors.As(err, &refused) {
			return nil, refused.error
		}
		return nil, err
	}
	return answer.(*v1alpha1.Workflow), nil
}

// attempt is one try. noted: managed fields tell who made the change.
func (c *Changer) attempt(ctx context.Context, name string, pre Precondition, options *metav1.CreateOptions, change ChangeFunc, subresource string, noted bool) (runtime.Object, error) {
	w := c.newWriter(wholeStatus)
	defer w.release()
	update := &metav1.UpdateOptions{DryRun: options.DryRun, FieldManager: options.FieldManager}
	info := &changeInfo{writer: w, precondition: pre, change: change, mutate: func(ctx context.Context, workflow, stored *v1alpha1.Workflow) error {
		if noted {
			c.managers.Changed(ctx, stored, workflow, subresource, options.FieldManager)
		}
		return c.admission.Mutate(ctx, workflow, stored, update)
	}}
	validate := c.admission.Update(ctx, &v1alpha1.Workflow{}, name, update)
	stored, _, err := c.written.Update(withCommit(ctx, w.commit), name, info, nil, validate, false, update)
	if info.refused != nil {
		return nil, info.refused
	}
	if errors.Is(err, ErrUnchanged) {
		stored, err = info.old, nil
	}
	return w.finish(ctx, stored, err)
}

// refusal is an error of the change itself: trying again would not help.
type refusal struct{ error }

// Unwrap implements errors.Unwrap.
func (r *refusal) Unwrap() error { return r.error }

// changeInfo makes the new workflow from the stored one.
type changeInfo struct {
	writer       *writer
	precondition Precondition
	change       ChangeFunc
	mutate       func(ctx context.Context, workflow, stored *v1alpha1.Workflow) error
	old          *v1alpha1.Workflow
	refused      *refusal
}

var _ rest.UpdatedObjectInfo = &changeInfo{}

// Preconditions implements rest.UpdatedObjectInfo. UpdatedObject compares them, with a better message.
func (i *changeInfo) Preconditions() *metav1.Preconditions { return nil }

// UpdatedObject implements rest.UpdatedObjectInfo.
func (i *changeInfo) UpdatedObject(ctx context.Context, object runtime.Object) (runtime.Object, error) {
	w, old := i.writer, object.(*v1alpha1.Workflow)
	w.reset()
	i.old, i.refused = old, nil
	if err := i.precondition.Check("workflows", old); err != nil {
		return nil, i.refuse(err)
	}
	subject := w.subject(ctx, old)
	changes, err := i.change(ctx, subject)
	if errors.Is(err, ErrUnchanged) {
		return nil, err
	}
	if err != nil {
		return nil, i.refuse(err)
	}
	if err := w.put(ctx, subject, old, changes); err != nil {
		return nil, err
	}
	return subject.Workflow, i.admit(ctx, subject.Workflow, old)
}

// admit has plugins change the workflow as they may change any update. Its status is the server's own work: who answers for
// metadata and spec has no say in it.
func (i *changeInfo) admit(ctx context.Context, workflow, old *v1alpha1.Workflow) error {
	given := *workflow
	given.ObjectMeta, given.Spec = *workflow.ObjectMeta.DeepCopy(), *workflow.Spec.DeepCopy()
	if err := i.mutate(ctx, &given, old); err != nil {
		return i.refuse(err)
	}
	workflow.ObjectMeta, workflow.Spec = given.ObjectMeta, given.Spec
	return nil
}

func (i *changeInfo) refuse(err error) error {
	i.refused = &refusal{err}
	return i.refused
}

// subject presents a stored workflow to a verb.
func (w *writer) subject(ctx context.Context, old *v1alpha1.Workflow) *Subject {
	header := *old
	header.Status.Nodes = nil
	subject := &Subject{Workflow: header.DeepCopy()}
	subject.Nodes = func() ([]v1alpha1.NodeStatus, error) {
		if w.records != nil {
			return w.records, nil
		}
		if !paged(old) {
			w.records = node.FromWire(old.Status.Nodes)
			return w.records, nil
		}
		// The newest pages: what a writer stored without its header is a fact that a verb must not undo.
		var err error
		if w.table, err = w.loadNewest(ctx, old); err != nil {
			return nil, hydrationError(err)
		}
		w.records = w.table.Records()
		return w.records, nil
	}
	return subject
}

// put plans how a changed workflow is stored.
func (w *writer) put(ctx context.Context, subject *Subject, old *v1alpha1.Workflow, changes NodeChanges) error {
	status := &subject.Workflow.Status
	status.NodeStorage, status.CompressedNodes, status.OffloadNodeStatusVersion = old.Status.NodeStorage, "", ""
	if len(changes.Set)+len(changes.Removed) == 0 {
		status.Nodes = old.Status.Nodes
		if paged(old) {
			w.records = nil // what was read may be newer than what is committed
		}
		return nil
	}
	stored, err := subject.Nodes()
	if err != nil {
		return err
	}
	change := changes.on(stored)
	if !paged(old) {
		w.records = nil
		w.place(status, change.records)
		return nil
	}
	versions := make(map[int32]string, len(w.table.Pages))
	for i := range w.table.Pages {
		versions[w.table.Pages[i].Index] = w.table.Pages[i].ResourceVersion
	}
	status.Nodes = nil
	w.commit.changes = change.pages(versions)
	w.records = change.records
	return nil
}

// on is what the changes make of a table.
func (c NodeChanges) on(stored []v1alpha1.NodeStatus) tableChange {
	change := tableChange{set: c.Set, records: make([]v1alpha1.NodeStatus, 0, len(stored))}
	set := make(map[string]int, len(c.Set))
	for i := range c.Set {
		set[c.Set[i].ID] = i
	}
	removed := make(map[string]bool, len(c.Removed))
	for _, id := range c.Removed {
		removed[id] = true
	}
	for i := range stored {
		id := stored[i].ID
		switch at, changed := set[id]; {
		case removed[id]:
			change.removed = append(change.removed, stored[i])
		case changed:
			change.records = append(change.records, c.Set[at])
			delete(set, id)
		default:
			change.records = append(change.records, stored[i])
		}
	}
	for i := range c.Set {
		if _, isNew := set[c.Set[i].ID]; isNew {
			change.records = append(change.records, c.Set[i])
		}
	}
	slices.SortStableFunc(change.records, func(a, b v1alpha1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
	return change
}
