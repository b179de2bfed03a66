package workflow

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/ended"
)

// watch registers the loop with its informers.
func (c *Controller) watch(deps Dependencies) error {
	workflows, err := deps.WorkflowInformer.AddEventHandler(ended.Except(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.addWorkflow,
		UpdateFunc: func(_, obj any) { c.addWorkflow(obj) },
		DeleteFunc: c.deleteWorkflow,
	}))
	if err != nil {
		return fmt.Errorf("watch workflows: %w", err)
	}
	pods, err := deps.PodInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.addPod,
		UpdateFunc: c.updatePod,
		DeleteFunc: c.deletePod,
	})
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	c.hasSynced = []cache.InformerSynced{workflows.HasSynced, pods.HasSynced}
	if deps.ResultInformer == nil {
		return nil
	}
	results, err := deps.ResultInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.addResult,
		UpdateFunc: func(_, obj any) { c.addResult(obj) },
	})
	if err != nil {
		return fmt.Errorf("watch task results: %w", err)
	}
	c.hasSynced = append(c.hasSynced, results.HasSynced)
	return nil
}

func (c *Controller) addWorkflow(obj any) {
	wf, ok := obj.(*wfv1.Workflow)
	if !ok {
		return
	}
	key := types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}
	c.throttle.note(wf)
	// The echo of our own write tells nothing new.
	if !c.runs.isCurrent(key, wf.UID, wf.ResourceVersion) {
		c.enqueue(key)
	}
}

func (c *Controller) deleteWorkflow(obj any) {
	last := obj
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		last = gone.Obj
	}
	if wf, ok := last.(*wfv1.Workflow); ok && c.custom != nil {
		c.custom.End(wf.UID) // also when it was deleted while it ran
	}
	if name, err := cache.DeletionHandlingObjectToName(obj); err == nil {
		key := types.NamespacedName{Namespace: name.Namespace, Name: name.Name}
		c.throttle.release(key)
		c.enqueue(key)
	}
}

func (c *Controller) addPod(obj any) { c.notePod(obj, false) }

func (c *Controller) updatePod(old, obj any) {
	before, ok1 := old.(*corev1.Pod)
	after, ok2 := obj.(*corev1.Pod)
	if ok1 && ok2 && before.UID == after.UID && !significant(before, after) {
		return
	}
	c.notePod(obj, false)
}

func (c *Controller) deletePod(obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
		if pod, is := obj.(*corev1.Pod); is && !terminal(pod) {
			// What happened to it since is not known: it may have run.
			last := *pod
			last.Status = corev1.PodStatus{}
			obj = &last
		}
	}
	c.notePod(obj, true)
}

func (c *Controller) notePod(obj any, vanished bool) {
	pod, ok := obj.(*corev1.Pod)
	if !ok || metav1.GetControllerOfNoCopy(pod) == nil {
		return
	}
	if vanished {
		if holds(pod) && !c.cleaner.has(pod.UID) {
			c.cleaner.reclaim(pod)
		}
		c.cleaner.forget(pod.UID)
	} else if c.cleaner.has(pod.UID) || c.cleaner.arrived(pod) {
		return
	}
	key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[wfv1.LabelKeyWorkflow]}
	c.mail.put(key, letter{pod: pod, vanished: vanished, arrived: c.clock.Now()})
	c.enqueue(key)
}

// significant tells whether a change of a pod could change a decision; heartbeats and bookkeeping could not.
func significant(a, b *corev1.Pod) bool {
	if a.ResourceVersion == b.ResourceVersion {
		return false
	}
	sa, sb := &a.Status, &b.Status
	if sa.Phase != sb.Phase || sa.Reason != sb.Reason || sa.Message != sb.Message || sa.PodIP != sb.PodIP ||
		(a.DeletionTimestamp == nil) != (b.DeletionTimestamp == nil) {
		return true
	}
	for _, t := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodReady} {
		ca, cb := condition(sa, t), condition(sb, t)
		if ca.Reason != cb.Reason || ca.Message != cb.Message || (ca.Status != cb.Status && t == corev1.PodReady) {
			return true
		}
	}
	return containersDiffer(sa.InitContainerStatuses, sb.InitContainerStatuses) ||
		containersDiffer(sa.ContainerStatuses, sb.ContainerStatuses)
}

func condition(s *corev1.PodStatus, t corev1.PodConditionType) corev1.PodCondition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == t {
			return s.Conditions[i]
		}
	}
	return corev1.PodCondition{}
}

func containersDiffer(a, b []corev1.ContainerStatus) bool {
	if len(a) != len(b) {
		return true
	}
	for i := range a {
		x, y := &a[i].State, &b[i].State
		if (x.Running == nil) != (y.Running == nil) || (x.Terminated == nil) != (y.Terminated == nil) || a[i].Ready != b[i].Ready {
			return true
		}
		if x.Waiting != nil && y.Waiting != nil && (x.Waiting.Reason != y.Waiting.Reason || x.Waiting.Message != y.Waiting.Message) {
			return true
		}
	}
	return false
}
