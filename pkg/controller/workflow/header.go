package workflow

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// commit stores a decision. Nothing of it may be carried out before.
func (c *Controller) commit(ctx context.Context, r *activeRun, d *engine.Decision) error {
	status := c.nextStatus(r, d)
	if status == nil && len(d.Nodes)+len(d.Removed)+len(d.Labels)+len(d.Annotations) == 0 {
		return nil
	}
	removed, err := c.removedByPage(ctx, r, d.Removed)
	if err != nil {
		return err
	}
	writes := r.pages.changes(d.Nodes, removed)
	if len(writes) == 0 {
		writes = append(writes, nil)
	}
	for i, pages := range writes {
		update := r.update()
		for j := range pages {
			pages[j].ResourceVersion = r.pages.version(pages[j].Index)
		}
		update.Pages = pages
		// The header comes last: it says what the nodes before it already show. Should this process end in between, the
		// next one sees that a part is missing.
		update.Partial = i < len(writes)-1
		if !update.Partial {
			update.Status = withoutStored(status, r.status)
			update.Metadata.Labels, update.Metadata.Annotations = d.Labels, d.Annotations
		}
		if err := c.store(ctx, r, update); err != nil {
			return err
		}
	}
	if status != nil {
		if status.Phase != r.status.Phase {
			phaseCount.WithLabelValues(string(status.Phase), r.key.Namespace).Inc()
		}
		r.status = status
		r.statusDirty = false
		if status.StoredWorkflowSpec != nil {
			r.spec = status.StoredWorkflowSpec
		}
	}
	return nil
}

// nextStatus is the header status to store: the engine's, with the claims that this loop made; nil when nothing changed.
func (c *Controller) nextStatus(r *activeRun, d *engine.Decision) *wfv1.WorkflowStatus {
	status := d.Status
	if status == nil {
		if !r.statusDirty {
			return nil
		}
		copied := *r.status
		status = &copied
	}
	status.PersistentVolumeClaims = r.claims
	// Where the nodes are is the server's to say.
	status.Nodes, status.NodeStorage = nil, nil
	return status
}

// withoutStored is a status without the spec and the templates that the stored one has already: they can be much larger than
// all the rest, and are only ever added to.
func withoutStored(status, stored *wfv1.WorkflowStatus) *wfv1.WorkflowStatus {
	if status == nil {
		return nil
	}
	sent := *status
	if stored.StoredWorkflowSpec != nil {
		sent.StoredWorkflowSpec = nil
	}
	if len(stored.StoredTemplates) == len(status.StoredTemplates) {
		sent.StoredTemplates = nil
	}
	return &sent
}

// update is a NodesUpdate that compares with the version of the workflow that this run has seen.
func (r *activeRun) update() *wfv1.NodesUpdate {
	return &wfv1.NodesUpdate{
		Metadata: metav1.ObjectMeta{
			Name:            r.key.Name,
			Namespace:       r.key.Namespace,
			UID:             r.workflow.UID,
			ResourceVersion: r.resourceVersion,
		},
	}
}

func (c *Controller) store(ctx context.Context, r *activeRun, update *wfv1.NodesUpdate) error {
	answer, err := c.workflows.UpdateNodes(ctx, update)
	if err != nil {
		return err
	}
	if answer.Metadata.ResourceVersion == "" {
		return fmt.Errorf("workflow %s: the server did not say which version it stored", r.key)
	}
	r.resourceVersion = answer.Metadata.ResourceVersion
	r.pages.stored(answer)
	c.writes.wroteAt(r.key, r.workflow.UID, r.resourceVersion)
	c.runs.keep(r)
	return nil
}

// removedByPage finds the pages of nodes to remove. Only a retry of a run removes nodes, so the pages are read again rather
// than the place of every node kept in memory.
func (c *Controller) removedByPage(ctx context.Context, r *activeRun, ids []string) (map[int32][]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := c.workflows.Nodes(ctx, r.key)
	if err != nil {
		return nil, fmt.Errorf("read the nodes to remove some: %w", err)
	}
	return removals(list.Items, ids), nil
}

// removals groups those of the nodes that are to be removed by their page.
func removals(nodes []wfv1.NodeStatus, ids []string) map[int32][]string {
	wanted := sets.New(ids...)
	byPage := map[int32][]string{}
	for i := range nodes {
		if n := &nodes[i]; wanted.Has(n.ID) {
			byPage[pageOf(n)] = append(byPage[pageOf(n)], n.ID)
		}
	}
	return byPage
}

// abandon ends a workflow that the engine cannot run or whose state cannot be stored.
func (c *Controller) abandon(ctx context.Context, r *activeRun, phase wfv1.WorkflowPhase, message string) error {
	status := *r.status
	status.Nodes, status.NodeStorage = nil, nil
	now := metav1.NewTime(c.clock.Now())
	if status.StartedAt.IsZero() {
		status.StartedAt = now
	}
	status.FinishedAt = now
	status.Phase = phase
	status.Message = message
	status.Conditions = slices.Clone(status.Conditions)
	status.Conditions.UpsertCondition(wfv1.Condition{Type: wfv1.ConditionTypeCompleted, Status: metav1.ConditionTrue})

	update := r.update()
	update.Status = &status
	update.Metadata.Labels = map[string]string{wfv1.LabelKeyPhase: string(phase), wfv1.LabelKeyCompleted: "true"}
	if err := c.store(ctx, r, update); err != nil {
		return err
	}
	r.status = &status
	c.recorder.Event(r.workflow, "Warning", "Workflow"+string(phase), message)
	c.finish(r)
	// Pods that still run are stopped as those of any other completed workflow.
	for _, pod := range c.podCache.ownedBy(r.workflow.UID) {
		if !terminal(pod) {
			if err := c.stopPod(ctx, pod); err != nil {
				return err
			}
		}
	}
	return nil
}
