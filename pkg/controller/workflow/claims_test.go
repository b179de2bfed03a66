package workflow

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
)

// TestVOL03ClaimIsReleasedOnceItIsBeingDeleted: a protected claim goes although pods that have ended still name it; other
// finalizers and claims of others are left alone.
func TestVOL03ClaimIsReleasedOnceItIsBeingDeleted(t *testing.T) {
	tests := []struct {
		name       string
		owner      types.UID
		finalizers []string
		wantGone   bool
		wantLeft   []string
		protect    bool
	}{
		{name: "protected", owner: "wf", finalizers: []string{claimProtection}, wantGone: true},
		{name: "protection is to stay", owner: "wf", finalizers: []string{claimProtection}, protect: true, wantLeft: []string{claimProtection}},
		{name: "unprotected", owner: "wf", wantGone: true},
		{name: "somebody else waits", owner: "wf", finalizers: []string{"example.com/backup", claimProtection}, wantLeft: []string{"example.com/backup"}},
		{name: "of another workflow", owner: "other", finalizers: []string{claimProtection}, wantLeft: []string{claimProtection}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := fake.NewClientset(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
				Name: "run-work", Namespace: "ns", UID: "claim", Finalizers: test.finalizers,
				OwnerReferences: []metav1.OwnerReference{{Kind: "Workflow", Name: "run", UID: test.owner, Controller: ptr.To(true)}},
			}})
			deleting := asServersDelete(client)
			if err := NewClaimControl(client, test.protect).DeleteClaim(t.Context(), "ns", "run-work", "wf"); err != nil {
				t.Fatal(err)
			}
			left, err := client.CoreV1().PersistentVolumeClaims("ns").Get(t.Context(), "run-work", metav1.GetOptions{})
			if gone := apierrors.IsNotFound(err) || *deleting && len(left.Finalizers) == 0; gone != test.wantGone {
				t.Fatalf("gone: %v, want %v (%v)", gone, test.wantGone, left)
			}
			if !test.wantGone && !slices.Equal(left.Finalizers, test.wantLeft) {
				t.Errorf("finalizers left: %v, want %v", left.Finalizers, test.wantLeft)
			}
		})
	}
}

// V-256, VOL-03: a claim of the computed name that belongs to somebody else is not taken, and its content stays theirs.
func TestClaimOfSomebodyElse_V256(t *testing.T) {
	claimOf := func(name string, owner types.UID) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
			Name: "run-work", Namespace: "ns", OwnerReferences: []metav1.OwnerReference{{Kind: "Workflow", Name: name, UID: owner, Controller: ptr.To(true)}},
		}}
	}
	going := claimOf("run", "wf")
	going.DeletionTimestamp, going.Finalizers = &metav1.Time{Time: time.Unix(1, 0)}, []string{claimProtection}
	for name, tc := range map[string]struct {
		found  *corev1.PersistentVolumeClaim
		want   string
		passes bool
	}{
		"our own":          {found: claimOf("run", "wf")},
		"our own, going":   {found: going, want: "PersistentVolumeClaim ns/run-work is being deleted", passes: true},
		"an earlier run's": {found: claimOf("run", "earlier"), want: "of an earlier workflow of this name still exists", passes: true},
		"another run's":    {found: claimOf("other", "other"), want: "PersistentVolumeClaim ns/run-work exists and does not belong to this workflow"},
		"made by a person": {found: &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "run-work", Namespace: "ns"}}, want: "exists and does not belong to this workflow"},
	} {
		t.Run("V-256 "+name, func(t *testing.T) {
			created, err := NewClaimControl(fake.NewClientset(tc.found), false).EnsureClaim(t.Context(), claimOf("run", "wf"))
			if created || (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) || isTransient(err) != tc.passes {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// asServersDelete has the client keep an object with finalizers when it is deleted, as a server does. The answer becomes
// true with the deletion.
func asServersDelete(client *fake.Clientset) *bool {
	deleting := new(bool)
	client.PrependReactor("delete", "persistentvolumeclaims", func(clienttesting.Action) (bool, runtime.Object, error) {
		*deleting = true
		return true, nil, nil
	})
	client.PrependReactor("patch", "persistentvolumeclaims", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !*deleting {
			// The protection comes back on a claim that is not being deleted.
			return true, &corev1.PersistentVolumeClaim{}, nil
		}
		return false, nil, nil
	})
	return deleting
}
