package fakekube

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// The fake behaves like the real thing where controllers rely on it: names are unique, preconditions hold, and an informer
// with a selector follows everything, in protobuf as in JSON.
func TestPods(t *testing.T) {
	s := Start(t, nil)
	config := s.Config()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.LabelSelector = "done!=true"
	}))
	seen := factory.Core().V1().Pods().Informer().GetStore()
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	factory.WaitForCacheSync(stop)

	pods := client.CoreV1().Pods("work")
	pod, err := pods.Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}}}, metav1.CreateOptions{})
	if err != nil || pod.UID == "" || pod.ResourceVersion == "" || pod.Namespace != "work" {
		t.Fatalf("%v %+v", err, pod)
	}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("second pod of the name: %v", err)
	}
	if err := pods.Delete(ctx, "a", *metav1.NewPreconditionDeleteOptions("other")); !apierrors.IsConflict(err) {
		t.Errorf("delete with another UID: %v", err)
	}
	await(t, func() bool { return len(seen.List()) == 1 })
	s.RunPods(t, 10*time.Millisecond)
	await(t, func() bool {
		objects := seen.List()
		return len(objects) == 1 && objects[0].(*corev1.Pod).Status.Phase == corev1.PodSucceeded
	})
	if _, err := pods.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"uid":"other"}}`), metav1.PatchOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("patch with another UID: %v", err)
	}
	if _, err := pods.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"done":"true"}}}`), metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
	await(t, func() bool { return len(seen.List()) == 0 })
	if err := pods.Delete(ctx, "a", *metav1.NewPreconditionDeleteOptions(string(pod.UID))); err != nil {
		t.Error(err)
	}
	if _, err := pods.Get(ctx, "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get after delete: %v", err)
	}
}

func await(t *testing.T, met func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 5*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return met(), nil })
	if err != nil {
		t.Fatal(err)
	}
}
