package workflow

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/ended"
	"fairlead.dev/fairlead/pkg/engine"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

const (
	// baselineRefresh is how long an estimate is used before a newer run is looked for.
	baselineRefresh = time.Minute
	// baselineTimeout bounds the search: an estimate is not worth waiting for.
	baselineTimeout = 5 * time.Second
	// baselineNodes is how many nodes a run may have for the durations of its nodes to be kept.
	baselineNodes = 2000
	// baselineCount is for how many templates estimates are kept.
	baselineCount = 512
)

// RunHistory finds earlier runs.
type RunHistory interface {
	// LatestSucceeded is the newest workflow with this label that succeeded: its times, and its nodes if there are not too
	// many; nil when there is none.
	LatestSucceeded(ctx context.Context, namespace, label, value string) (*wfv1.Workflow, error)
}

type clientHistory struct {
	workflows typed.ArgoprojV1alpha1Interface
	headers   cache.Indexer
}

// NewRunHistory finds earlier runs in the indexer of an informer with ended.Indexers, and reads their nodes.
func NewRunHistory(workflows typed.ArgoprojV1alpha1Interface, headers cache.Indexer) RunHistory {
	return clientHistory{workflows: workflows, headers: headers}
}

// LatestSucceeded finds the run in memory. Its nodes are read only if they may be few enough to be of use.
func (h clientHistory) LatestSucceeded(ctx context.Context, namespace, label, value string) (*wfv1.Workflow, error) {
	found, err := h.headers.ByIndex(ended.OriginIndex, ended.Origin(namespace, label, value))
	if err != nil {
		return nil, err
	}
	var latest *wfv1.Workflow
	for _, obj := range found {
		if wf, ok := obj.(*wfv1.Workflow); ok && (latest == nil || latest.CreationTimestamp.Before(&wf.CreationTimestamp)) {
			latest = wf
		}
	}
	if latest == nil {
		return nil, nil
	}
	run := &wfv1.Workflow{ObjectMeta: latest.ObjectMeta, Status: latest.Status}
	if storage := latest.Status.NodeStorage; storage != nil && storage.Nodes > baselineNodes {
		return run, nil
	}
	list := &wfv1.NodeList{}
	err = h.workflows.RESTClient().Get().
		Namespace(namespace).Resource("workflows").Name(latest.Name).SubResource("nodes").
		Do(ctx).Into(list)
	if apierrors.IsNotFound(err) { // deleted a moment ago: how long it took is known
		return run, nil
	}
	if err != nil {
		return nil, err
	}
	run.Status.Nodes = make(wfv1.Nodes, len(list.Items))
	for _, n := range list.Items {
		run.Status.Nodes[n.ID] = n
	}
	return run, nil
}

// baselines keeps, for each template, how long its latest run took.
type baselines struct {
	history RunHistory
	clock   clock.PassiveClock
	known   *lru.Cache
	// searches has the runs of one template that start at once share a search.
	searches singleflight.Group
}

type baselineKey struct{ namespace, label, value string }

type baseline struct {
	estimate *engine.Estimate
	looked   time.Time
}

// newBaselines returns nil, which estimates nothing, without a history.
func newBaselines(history RunHistory, clock clock.PassiveClock) *baselines {
	if history == nil {
		return nil
	}
	return &baselines{history: history, clock: clock, known: lru.New(baselineCount)}
}

// estimate is how long a workflow will take by what its template's latest run took; nil when nothing tells.
func (b *baselines) estimate(ctx context.Context, wf *wfv1.Workflow) *engine.Estimate {
	if b == nil {
		return nil
	}
	key, ok := baselineOf(wf)
	if !ok {
		return nil
	}
	if found, ok := b.known.Get(key); ok && b.clock.Since(found.(baseline).looked) < baselineRefresh {
		return found.(baseline).estimate
	}
	found, _, _ := b.searches.Do(key.namespace+"/"+key.label+"/"+key.value, func() (any, error) {
		return b.search(ctx, key), nil
	})
	return found.(*engine.Estimate)
}

// search looks for the latest run, and keeps what it finds.
func (b *baselines) search(ctx context.Context, key baselineKey) *engine.Estimate {
	ctx, cancel := context.WithTimeout(ctx, baselineTimeout)
	defer cancel()
	found := baseline{looked: b.clock.Now()}
	earlier, err := b.history.LatestSucceeded(ctx, key.namespace, key.label, key.value)
	switch {
	case err != nil:
		klog.FromContext(ctx).V(2).Info("No estimate: cannot look for earlier runs", "namespace", key.namespace, key.label, key.value, "reason", err.Error())
	case earlier != nil:
		found.estimate = engine.EstimateFrom(earlier, baselineNodes)
	}
	b.known.Add(key, found)
	return found.estimate
}

// baselineOf names the template that a workflow was made from.
func baselineOf(wf *wfv1.Workflow) (baselineKey, bool) {
	if ref := wf.Spec.WorkflowTemplateRef; ref != nil {
		label := wfv1.LabelKeyWorkflowTemplate
		if ref.ClusterScope {
			label = wfv1.LabelKeyClusterWorkflowTemplate
		}
		return baselineKey{wf.Namespace, label, ref.Name}, true
	}
	for _, label := range []string{wfv1.LabelKeyWorkflowTemplate, wfv1.LabelKeyClusterWorkflowTemplate, wfv1.LabelKeyCronWorkflow} {
		if value := wf.Labels[label]; value != "" {
			return baselineKey{wf.Namespace, label, value}, true
		}
	}
	return baselineKey{}, false
}
