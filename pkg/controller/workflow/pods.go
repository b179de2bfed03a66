package workflow

import (
	"context"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// PodControl is what the loop does to pods. Every call that changes one names its UID, and changes no other pod of the name.
type PodControl interface {
	// Create creates a pod and returns it as stored.
	Create(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error)
	// Get reads a pod as it is now, not as an informer has it.
	Get(ctx context.Context, namespace, name string) (*corev1.Pod, error)
	// List reads the pods that carry the name of a workflow, as they are now.
	List(ctx context.Context, namespace, workflow string) ([]corev1.Pod, error)
	// Delete deletes a pod. A pod that is gone, or another one of the name, is no error.
	Delete(ctx context.Context, namespace, name string, uid types.UID) error
	// LabelCompleted marks a pod as done with. A pod that is gone, or another one of the name, is no error.
	LabelCompleted(ctx context.Context, namespace, name string, uid types.UID) error
	// Expire makes the kubelet end a pod at once by its deadline; its log stays readable.
	Expire(ctx context.Context, namespace, name string, uid types.UID) error
	// Release lets a pod go that was kept until its end is recorded. A pod that is gone, or another one of the name, is no
	// error.
	Release(ctx context.Context, namespace, name string, uid types.UID) error
	// Reclaim labels a pod as one of a workflow that is not done with. A pod that is gone, or another one of the name, is no error.
	Reclaim(ctx context.Context, namespace, name string, uid types.UID, workflow string) error
	// Announce tells the containers of a pod which of them have ended.
	Announce(ctx context.Context, namespace, name string, uid types.UID, containers []string) error
}

type clientPodControl struct {
	client corev1client.PodsGetter
	grace  func() *int64
}

// NewPodControl works on pods through client-go. grace is the grace period with which pods are deleted, in seconds (PGC-02);
// nil, or nil from it: the pod's own.
func NewPodControl(client corev1client.PodsGetter, grace func() *int64) PodControl {
	if grace == nil {
		grace = func() *int64 { return nil }
	}
	return clientPodControl{client, grace}
}

// Create creates a pod. In the first half minute of an installation the cluster cannot look up whether its creator may
// block the deletion of a Workflow, and refuses any pod that asks for it; such a pod is created without.
func (c clientPodControl) Create(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	created, err := c.client.Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !isUnmapped(err.Error()) {
		return created, err
	}
	pod = pod.DeepCopy()
	for i := range pod.OwnerReferences {
		pod.OwnerReferences[i].BlockOwnerDeletion = nil
	}
	return c.client.Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{})
}

// Get reads the pod from the API, not from a cache.
func (c clientPodControl) Get(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return c.client.Pods(namespace).Get(ctx, name, metav1.GetOptions{})
}

// podsPerList is how many pods are read at once.
const podsPerList = 500

// List reads the pods from the API, not from a cache, whether or not they are dealt with.
func (c clientPodControl) List(ctx context.Context, namespace, workflow string) ([]corev1.Pod, error) {
	selector := labels.SelectorFromSet(labels.Set{wfv1.LabelKeyWorkflow: workflow}).String()
	var pods []corev1.Pod
	for token := ""; ; {
		list, err := c.client.Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: podsPerList, Continue: token})
		if err != nil {
			return nil, err
		}
		pods = append(pods, list.Items...)
		if token = list.Continue; token == "" {
			return pods, nil
		}
	}
}

// Delete deletes the pod with this UID and no other of its name.
func (c clientPodControl) Delete(ctx context.Context, namespace, name string, uid types.UID) error {
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(uid)), GracePeriodSeconds: c.grace()}
	return notThisPod(c.client.Pods(namespace).Delete(ctx, name, options))
}

// LabelCompleted marks the pod with this UID as dealt with.
func (c clientPodControl) LabelCompleted(ctx context.Context, namespace, name string, uid types.UID) error {
	return notThisPod(c.patch(ctx, namespace, name, map[string]any{
		"metadata": map[string]any{"uid": uid, "labels": map[string]string{wfv1.LabelKeyCompleted: "true"}},
	}))
}

// expired is the deadline, in seconds, by which a pod is ended at once.
const expired = int64(1)

// Expire ends the pod with this UID by its deadline.
func (c clientPodControl) Expire(ctx context.Context, namespace, name string, uid types.UID) error {
	return notThisPod(c.patch(ctx, namespace, name, map[string]any{
		"metadata": map[string]any{"uid": uid},
		"spec":     map[string]any{"activeDeadlineSeconds": expired},
	}))
}

// Release takes our finalizer off the pod with this UID, and no other one.
func (c clientPodControl) Release(ctx context.Context, namespace, name string, uid types.UID) error {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": uid, "$deleteFromPrimitiveList/finalizers": []string{wfv1.FinalizerPodStatus}},
	})
	if err != nil {
		return err
	}
	_, err = c.client.Pods(namespace).Patch(ctx, name, types.StrategicMergePatchType, body, metav1.PatchOptions{})
	return notThisPod(err)
}

// Reclaim labels the pod with this UID as one of a workflow that is not done with.
func (c clientPodControl) Reclaim(ctx context.Context, namespace, name string, uid types.UID, workflow string) error {
	return notThisPod(c.patch(ctx, namespace, name, map[string]any{
		"metadata": map[string]any{"uid": uid, "labels": map[string]string{wfv1.LabelKeyWorkflow: workflow, wfv1.LabelKeyCompleted: "false"}},
	}))
}

// Announce tells the pod with this UID that containers of it have ended.
func (c clientPodControl) Announce(ctx context.Context, namespace, name string, uid types.UID, containers []string) error {
	return notThisPod(c.patch(ctx, namespace, name, map[string]any{
		"metadata": map[string]any{"uid": uid, "annotations": map[string]string{task.EndedAnnotation: strings.Join(containers, ",")}},
	}))
}

// patch sends a merge patch; the UID in it makes the API refuse it for another pod of the name.
func (c clientPodControl) patch(ctx context.Context, namespace, name string, change any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = c.client.Pods(namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// notThisPod forgives that the pod is gone or has been replaced by another one.
func notThisPod(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// terminal tells whether the containers of a pod have ended for good.
func terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
