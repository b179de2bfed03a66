package workflow

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A retry forgets nodes, and new ones take their IDs and the names of their pods. The pods of before must then be neither
// adopted nor left: each pod carries how often its workflow had been retried when it was created, and a pod of an earlier
// round counts only for the node that has its UID on record.

// ofThisRound tells whether a pod was created since the last retry.
func (r *activeRun) ofThisRound(pod *corev1.Pod) bool {
	round := ""
	if retries := r.workflow.Status.Retries; retries > 0 {
		round = strconv.Itoa(int(retries))
	}
	return pod.Annotations[wfv1.AnnotationKeyRetries] == round
}

// clearEarlierRounds deletes the pods of forgotten nodes and drops what they reported. It is done before the first decision
// after a retry is stored, so a controller that dies over it begins again. Pods that are dealt with are out of the informer's
// sight; the API is asked.
func (c *Controller) clearEarlierRounds(ctx context.Context, r *activeRun, nodes []wfv1.NodeStatus) error {
	for _, result := range c.reports.take(r.key) {
		c.resultCleaner.clean(result)
	}
	recorded := make(map[types.UID]bool, len(nodes))
	for i := range nodes {
		recorded[nodes[i].PodUID] = true
	}
	pods, err := c.pods.List(ctx, r.key.Namespace, r.key.Name)
	if err != nil {
		return fmt.Errorf("list the pods from before the retry: %w", err)
	}
	errs := make([]error, len(pods))
	slots := make(chan struct{}, c.options.CreateParallelism)
	var wg sync.WaitGroup
	for i := range pods {
		pod := &pods[i]
		if owner := metav1.GetControllerOfNoCopy(pod); owner == nil || owner.UID != r.workflow.UID || recorded[pod.UID] || r.ofThisRound(pod) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = c.deleteForeign(ctx, pod)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
