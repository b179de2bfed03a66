package workflow

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// load rebuilds a run from what is stored: the header as the informer has it, the nodes by themselves, read at their
// newest. Header and nodes have to be of one version; while they are not, the answer is errBehind. A workflow that cannot
// be run at all ends here, and the answer is nil.
func (c *Controller) load(ctx context.Context, header *wfv1.Workflow) (*activeRun, error) {
	key := types.NamespacedName{Namespace: header.Namespace, Name: header.Name}
	if !c.writes.seen(key, header.UID, header.ResourceVersion) {
		return nil, errBehind
	}
	r := &activeRun{
		key:      key,
		attempts: map[string]*attempt{},
		over:     map[string]overNode{},
		pages:    nodePages{},
		creates:  newCreateQueue(),
		claims:   header.Status.PersistentVolumeClaims,
	}
	r.adopt(header)

	var nodes []wfv1.NodeStatus
	// A workflow that has no phase was never looked at: it has nodes only if it was retried or brought some.
	r.fresh = header.Status.Phase == wfv1.WorkflowUnknown && header.Status.Nodes == nil && header.Status.NodeStorage == nil && header.Status.Retries == 0
	if !r.fresh {
		list, err := c.workflows.Nodes(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("read the nodes: %w", err)
		}
		if list.ResourceVersion != header.ResourceVersion {
			return nil, errBehind
		}
		nodes = list.Items
		r.pages.loaded(header, list.Pages)
		if header.Status.Phase == wfv1.WorkflowUnknown && header.Status.Retries > 0 {
			if err := c.clearEarlierRounds(ctx, r, nodes); err != nil {
				return nil, err
			}
		}
	}

	options := c.engineOptions(header)
	storage := header.Status.NodeStorage
	options.Uncommitted = r.pages.ahead() || storage != nil && storage.Incomplete
	options.Estimate = c.baselines.estimate(ctx, header)
	run, err := c.newRun(header, nodes, options)
	if err != nil {
		phase, message := wfv1.WorkflowError, err.Error()
		if len(nodes) == 0 {
			phase = wfv1.WorkflowFailed
			if !strings.HasPrefix(message, "invalid spec: ") {
				message = "invalid spec: " + message
			}
		}
		return nil, c.abandon(ctx, r, phase, message)
	}
	r.run = run
	r.note(nodes)
	r.namePods(nodes)
	c.runs.keep(r)
	if len(nodes) > 0 {
		if err := c.review(ctx, r, nodes); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// namePods derives the pod names of the attempts under way.
func (r *activeRun) namePods(nodes []wfv1.NodeStatus) {
	for i := range nodes {
		n := &nodes[i]
		if a := r.attempts[n.ID]; a != nil {
			a.podName = r.podNameOf(n)
		}
	}
}

// podNameOf is the name that the pod of a node has.
func (r *activeRun) podNameOf(n *wfv1.NodeStatus) string {
	template := n.TemplateName
	if n.TemplateRef != nil {
		template = n.TemplateRef.Template
	}
	return node.PodName(r.workflow.Annotations[wfv1.AnnotationKeyPodNameVersion], r.workflow.Name, n.Name, template)
}

// review looks at all pods of a run that was just loaded: what happened to them while nobody watched becomes mail, and
// what was decided about them without being carried out is carried out.
func (c *Controller) review(ctx context.Context, r *activeRun, nodes []wfv1.NodeStatus) error {
	seen := map[types.UID]bool{}
	for _, pod := range c.podCache.ownedBy(r.workflow.UID) {
		seen[pod.UID] = true
		c.mail.putBack(r.key, letter{pod: pod, arrived: c.clock.Now()})
		if r.isOver(pod) {
			// Its end may have been decided by a process that died before it stopped the pod.
			if err := c.stopPod(ctx, pod); err != nil {
				return err
			}
		}
	}
	for id, o := range r.over {
		if !seen[o.uid] {
			delete(r.over, id)
		}
	}
	for i := range nodes {
		n := &nodes[i]
		if a := r.attempts[n.ID]; a != nil && a.uid != "" && !seen[a.uid] {
			c.mail.putBack(r.key, letter{pod: missingPod(r, n.ID, a), vanished: true, arrived: c.clock.Now()})
		}
	}
	return nil
}
