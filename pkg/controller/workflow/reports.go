package workflow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

// ResultControl removes task results.
type ResultControl interface {
	// Delete deletes a result. One that is gone, or another one of the name, is no error.
	Delete(ctx context.Context, namespace, name string, uid types.UID) error
}

type clientResultControl struct {
	client typed.WorkflowTaskResultsGetter
}

// NewResultControl removes results through the generated client.
func NewResultControl(client typed.WorkflowTaskResultsGetter) ResultControl {
	return clientResultControl{client}
}

// Delete deletes the result with this UID and no later one of its name.
// Delete implements ResultControl.
func (c clientResultControl) Delete(ctx context.Context, namespace, name string, uid types.UID) error {
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(uid))}
	return notThisPod(c.client.WorkflowTaskResults(namespace).Delete(ctx, name, options))
}

// KeepTaskResult is the transform of the informer of task results.
func KeepTaskResult(obj any) (any, error) {
	if result, ok := obj.(*wfv1.WorkflowTaskResult); ok {
		result.ManagedFields = nil
	}
	return obj, nil
}

// reportBox keeps what pods reported about the nodes of each workflow until its next sync: of each node the newest.
type reportBox struct {
	mu      sync.Mutex
	reports map[types.NamespacedName]map[string]*wfv1.WorkflowTaskResult
}

func newReportBox() *reportBox {
	return &reportBox{reports: map[types.NamespacedName]map[string]*wfv1.WorkflowTaskResult{}}
}

func (b *reportBox) put(key types.NamespacedName, result *wfv1.WorkflowTaskResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	box := b.reports[key]
	if box == nil {
		box = map[string]*wfv1.WorkflowTaskResult{}
		b.reports[key] = box
	}
	if known := box[result.Name]; known == nil || known.UID != result.UID || newer(result.ResourceVersion, known.ResourceVersion) {
		box[result.Name] = result
	}
}

// take empties the box of a workflow, in order of names.
func (b *reportBox) take(key types.NamespacedName) []*wfv1.WorkflowTaskResult {
	b.mu.Lock()
	box := b.reports[key]
	delete(b.reports, key)
	b.mu.Unlock()
	results := make([]*wfv1.WorkflowTaskResult, 0, len(box))
	for _, name := range slices.Sorted(maps.Keys(box)) {
		results = append(results, box[name])
	}
	return results
}

func (c *Controller) addResult(obj any) {
	result, ok := obj.(*wfv1.WorkflowTaskResult)
	if !ok {
		return
	}
	key := types.NamespacedName{Namespace: result.Namespace, Name: result.Labels[wfv1.LabelKeyWorkflow]}
	if key.Name == "" {
		return
	}
	c.reports.put(key, result)
	c.enqueue(key)
}

// isFinal tells whether nothing more will be reported.
func isFinal(result *wfv1.WorkflowTaskResult) bool {
	return result.Labels[wfv1.LabelKeyReportOutputsCompleted] == "true"
}

// reportEvents turns what was reported into events of the engine. Who may report what is decided by the API server, when it
// takes the result. What an earlier workflow of the same name left is removed.
func (c *Controller) reportEvents(r *activeRun) []engine.Event {
	r.reports = c.reports.take(r.key)
	var events []engine.Event
	for _, result := range r.reports {
		if owner := metav1.GetControllerOfNoCopy(result); owner != nil && owner.UID != r.workflow.UID {
			c.resultCleaner.clean(result)
			continue
		}
		events = append(events, engine.ResultReported{NodeID: result.Name, Result: result.NodeResult, Final: isFinal(result)})
	}
	return events
}

// settleReports removes the final results that a stored decision has taken over.
func (c *Controller) settleReports(r *activeRun) {
	for _, result := range r.reports {
		if isFinal(result) {
			c.resultCleaner.clean(result)
		}
	}
	r.reports = nil
}

// dropReports removes results of a workflow that is over or gone: nobody will read them.
func (c *Controller) dropReports(ctx context.Context, key types.NamespacedName) error {
	results := c.reports.take(key)
	if len(results) == 0 {
		return nil
	}
	wf, err := c.workflows.Header(ctx, key)
	if err != nil {
		for _, result := range results {
			c.reports.put(key, result)
		}
		return fmt.Errorf("read a workflow that has results left: %w", err)
	}
	if wf != nil && !c.ours(wf) {
		return nil
	}
	for _, result := range results {
		if wf == nil || wf.Status.Phase.Completed() {
			c.resultCleaner.clean(result)
		} else {
			c.reports.put(key, result) // the informer will tell of the workflow
		}
	}
	return nil
}

// resultCleaner deletes results beside the work on workflows. Nothing about it is stored: after a restart the results that
// are left come in again and go the same way.
type resultCleaner struct {
	results ResultControl
	queue   workqueue.TypedRateLimitingInterface[resultItem]
}

type resultItem struct {
	namespace, name string
	uid             types.UID
}

func newResultCleaner(results ResultControl, clock clock.WithTicker) *resultCleaner {
	return &resultCleaner{
		results: results,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[resultItem](100*time.Millisecond, time.Minute),
			workqueue.TypedRateLimitingQueueConfig[resultItem]{Name: "result_cleanup_queue", Clock: clock}),
	}
}

func (c *resultCleaner) clean(result *wfv1.WorkflowTaskResult) {
	c.queue.Add(resultItem{namespace: result.Namespace, name: result.Name, uid: result.UID})
}

func (c *resultCleaner) processNextWorkItem(ctx context.Context) bool {
	item, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(item)
	err := c.results.Delete(ctx, item.namespace, item.name, item.uid)
	if err == nil {
		c.queue.Forget(item)
		return true
	}
	if ctx.Err() == nil {
		klog.FromContext(ctx).Error(err, "Cannot delete a task result, will try again", "result", klog.KRef(item.namespace, item.name))
		c.queue.AddRateLimited(item)
	}
	return true
}
