package workflow

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
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

// PGC-02: pods are deleted with the configured grace period, and only the one that is meant.
func TestGraceOfDeletedPods_PGC02(t *testing.T) {
	for name, grace := range map[string]*int64{"the pod's own": nil, "configured": ptr.To[int64](7)} {
		client := fake.NewClientset()
		var options metav1.DeleteOptions
		client.PrependReactor("delete", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
			options = action.(clienttesting.DeleteActionImpl).DeleteOptions
			return true, nil, nil
		})
		if err := NewPodControl(client.CoreV1(), func() *int64 { return grace }).Delete(t.Context(), "n", "p", "u"); err != nil {
			t.Fatal(err)
		}
		if ptr.Deref(options.GracePeriodSeconds, -1) != ptr.Deref(grace, -1) || options.Preconditions == nil || *options.Preconditions.UID != "u" {
			t.Errorf("%s: %+v", name, options)
		}
	}
}

// PGC-04: pods that delete artifacts, and pods that are done with, are not the loop's.
func TestPodSelector_PGC04(t *testing.T) {
	selector, err := labels.Parse(PodSelector)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		labels labels.Set
		want   bool
	}{
		"a step's":          {labels.Set{"workflows.argoproj.io/workflow": "w", "workflows.argoproj.io/completed": "false"}, true},
		"done with":         {labels.Set{"workflows.argoproj.io/workflow": "w", "workflows.argoproj.io/completed": "true"}, false},
		"deletes artifacts": {labels.Set{"workflows.argoproj.io/workflow": "w", "workflows.argoproj.io/completed": "false", "workflows.argoproj.io/component": "artifact-gc"}, false},
		"somebody else's":   {labels.Set{"app": "w"}, false},
	} {
		if got := selector.Matches(c.labels); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// PGC-01, LIM-20: a pod whose step succeeded is one that succeeded, whatever it was ended for, and whatever its containers are called.
func TestSucceededBesideOthers_PGC01(t *testing.T) {
	for _, c := range []struct {
		strategy wfv1.PodGCStrategy
		pod      corev1.PodPhase
		well     bool
		want     cleanup
	}{
		{wfv1.PodGCOnPodSuccess, corev1.PodSucceeded, true, cleanupDelete},
		{wfv1.PodGCOnPodSuccess, corev1.PodSucceeded, false, cleanupDelete},
		{wfv1.PodGCOnPodSuccess, corev1.PodFailed, true, cleanupDelete},
		{wfv1.PodGCOnPodSuccess, corev1.PodFailed, false, cleanupLabel},
		{wfv1.PodGCOnPodNone, corev1.PodFailed, true, cleanupLabel},
	} {
		policy := newGarbagePolicy(&wfv1.PodGC{Strategy: c.strategy}, wfv1.WorkflowRunning, 0).ofStep(c.well)
		if what, _ := policy.decide(&corev1.Pod{Status: corev1.PodStatus{Phase: c.pod}}); what != c.want {
			t.Errorf("%+v: %v", c, what)
		}
	}
}
