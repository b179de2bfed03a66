package workflow

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
)

// A cluster that does not know the kind Workflow yet refuses owner references that block deletion, and only those.
func TestPodsAreCreatedBeforeTheClusterKnowsWorkflows(t *testing.T) {
	for name, test := range map[string]struct {
		refusal string
		creates int
		created bool
	}{
		"unmapped":  {"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for Kind Workflow", 2, true},
		"forbidden": {"the namespace does not allow it", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			creates := 0
			client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				creates++
				pod := action.(clienttesting.CreateAction).GetObject().(*corev1.Pod)
				if name == "unmapped" && pod.OwnerReferences[0].BlockOwnerDeletion == nil {
					return false, nil, nil
				}
				return true, nil, apierrors.NewForbidden(corev1.Resource("pods"), pod.Name, errors.New(test.refusal))
			})
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p", OwnerReferences: []metav1.OwnerReference{{
				Kind: "Workflow", Name: "w", Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}}}}
			created, err := NewPodControl(client.CoreV1(), nil).Create(context.Background(), pod)
			if creates != test.creates || (err == nil) != test.created {
				t.Fatalf("%d creates, error %v", creates, err)
			}
			if test.created && !*created.OwnerReferences[0].Controller {
				t.Error("the pod lost its owner")
			}
			if !*pod.OwnerReferences[0].BlockOwnerDeletion {
				t.Error("the caller's pod was changed")
			}
		})
	}
}
