package workflow

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
	"fairlead.dev/fairlead/pkg/engine"
)

// Repositories finds the artifact repository of a workflow.
type Repositories interface {
	// Resolve finds the repository that a workflow of a namespace uses; ref is what it refers to, or nil. nil: there is none.
	Resolve(ctx context.Context, namespace string, ref *wfv1.ArtifactRepositoryRef) (*wfv1.ArtifactRepositoryRefStatus, error)
	// StoresLogs tells, from memory, whether the default repository of a namespace stores the logs of all workflows.
	StoresLogs(namespace string) bool
}

// CredentialSharer brings the credentials of the installation's own artifact store to a namespace.
type CredentialSharer interface {
	Ensure(ctx context.Context, namespace string) error
}

// configure sets up what follows the configuration.
func (c *Controller) configure(deps Dependencies) {
	if c.config == nil {
		c.config = func() *config.Config { return &config.Config{} }
	}
	labelled := deps.NamespaceLimit
	if labelled == nil {
		labelled = func(string) (int, bool) { return 0, false }
	}
	c.throttle = newThrottle(func() (int, int) {
		current := c.config()
		return current.Parallelism, current.NamespaceParallelism
	}, labelled, c.enqueue)
	c.rate = &podRate{clock: c.clock, limit: func() *config.ResourceRateLimit { return c.config().ResourceRateLimit }}
}

// Reconsider lets workflows start that newly set limits allow.
func (c *Controller) Reconsider() { c.throttle.recheck() }

// ours tells whether a workflow is for this controller, where there are several (CFG-05).
func (c *Controller) ours(wf *wfv1.Workflow) bool {
	return wf.Labels[wfv1.LabelKeyControllerInstanceID] == c.options.InstanceID
}

// engineOptions are the switches of the engine for a run that is loaded now.
func (c *Controller) engineOptions(header *wfv1.Workflow) engine.Options {
	options, current := c.options.Engine, c.config()
	if e := current.NodeEvents.Enabled; e != nil {
		options.NodeEvents = *e
	}
	if times, pause := current.Restarts(); times > 0 {
		options.RestartFailedPods, options.RestartPause = times, pause
	}
	options.Defaults = current.WorkflowDefaults
	options.Policy.TemplatesOnly = current.Referencing() != ""
	options.Policy.Unchanged = current.Referencing() == config.ReferencingSecure
	options.RepositoryForAll = c.repositories != nil && c.repositories.StoresLogs(header.Namespace)
	return options
}

// hold tells whether a workflow that has not started has to wait: for its initial delay (CTL-08), or for its turn (CTL-04).
func (c *Controller) hold(ctx context.Context, header *wfv1.Workflow) (bool, error) {
	key := types.NamespacedName{Namespace: header.Namespace, Name: header.Name}
	if !hasStarted(header) {
		if wait := header.CreationTimestamp.Add(c.config().InitialDelay.Duration).Sub(c.clock.Now()); c.config().InitialDelay.Duration > 0 && wait > 0 {
			c.queue.AddAfter(key, wait)
			return true, nil
		}
	}
	if c.throttle.admit(header) {
		return false, nil
	}
	if header.Status.Phase == wfv1.WorkflowPending && header.Status.Message == postponedMessage || !c.writes.seen(key, header.UID, header.ResourceVersion) {
		return true, nil
	}
	r := &activeRun{key: key}
	r.adopt(header)
	status := header.Status
	status.Phase, status.Message, status.Nodes, status.NodeStorage = wfv1.WorkflowPending, postponedMessage, nil, nil
	update := r.update()
	update.Status = &status
	// What a predecessor has left half stored stays marked so.
	update.Partial = header.Status.NodeStorage != nil && header.Status.NodeStorage.Incomplete
	update.Metadata.Labels = map[string]string{wfv1.LabelKeyPhase: string(wfv1.WorkflowPending)}
	answer, err := c.workflows.UpdateNodes(ctx, update)
	if err != nil {
		return true, err
	}
	c.writes.wroteAt(key, header.UID, answer.Metadata.ResourceVersion)
	phaseCount.WithLabelValues(string(wfv1.WorkflowPending), key.Namespace).Inc()
	return true, nil
}

// tell emits the Events of a decision (CTL-10), as far as they are wanted.
func (c *Controller) tell(r *activeRun, d *engine.Decision) {
	if len(d.Events) == 0 {
		return
	}
	current := c.config()
	for _, e := range d.Events {
		if e.NodeID == "" {
			if current.EmitsWorkflowEvents() {
				c.recorder.Event(r.workflow, e.Type, e.Reason, e.Message)
			}
			continue
		}
		if pods, ok := c.recorder.(podEventRecorder); ok && current.NodeEvents.SendAsPod {
			if name, uid := r.podOf(e.NodeID, d); uid != "" {
				pods.PodEvent(r.key.Namespace, name, uid, e.Type, e.Reason, e.Message)
				continue
			}
		}
		c.recorder.Event(r.workflow, e.Type, e.Reason, e.Message)
	}
}

// podOf finds the pod of a node that a decision is about; no UID: it has none.
func (r *activeRun) podOf(nodeID string, d *engine.Decision) (string, types.UID) {
	for i := range d.Nodes {
		if n := &d.Nodes[i]; n.ID == nodeID && n.Type == wfv1.NodeTypePod {
			return r.podNameOf(n), n.PodUID
		}
	}
	return "", ""
}

// repositoryOf answers the engine's question for the artifact repository.
func (c *Controller) repositoryOf(ctx context.Context, namespace string, request engine.TemplateRequest) (*wfv1.ArtifactRepositoryRefStatus, error) {
	var ref *wfv1.ArtifactRepositoryRef
	if request.Explicit {
		ref = &wfv1.ArtifactRepositoryRef{ConfigMap: request.Name, Key: request.Key}
	}
	if c.repositories == nil {
		if ref != nil {
			return nil, errors.New("this controller was given no way to read artifact repositories")
		}
		return nil, nil
	}
	found, err := c.repositories.Resolve(ctx, namespace, ref)
	if err != nil || found == nil {
		return nil, err
	}
	if found.Default && c.credentials != nil {
		switch err := c.credentials.Ensure(ctx, namespace); {
		case err == nil:
		case isTransient(err):
			return nil, err
		default:
			klog.FromContext(ctx).Error(err, "The artifact store will not be reachable from this namespace", "namespace", namespace)
		}
	}
	return found, nil
}

// repositoryIn is the repository that a workflow uses; nil: none.
func repositoryIn(status *wfv1.WorkflowStatus) *wfv1.ArtifactRepository {
	if status == nil || status.ArtifactRepositoryRef == nil {
		return nil
	}
	return status.ArtifactRepositoryRef.ArtifactRepository
}

// logPod writes a pod into the log, when that is wanted.
func (c *Controller) logPod(ctx context.Context, built *corev1.Pod, err error) {
	switch strategy := c.config().PodSpecLogStrategy; {
	case strategy.AllPods, strategy.FailedPod && err != nil:
		klog.FromContext(ctx).Info("Pod", "pod", klog.KObj(built), "refused", err, "spec", built.Spec)
	}
}
