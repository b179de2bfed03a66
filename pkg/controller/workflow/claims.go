package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// ClaimControl makes and removes the objects that a workflow has as a whole: volume claims and its disruption budget.
type ClaimControl interface {
	// EnsureClaim creates a volume claim and tells whether it did; one of the name that the same workflow owns is as good.
	EnsureClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) (created bool, err error)
	// DeleteClaim deletes a volume claim of the workflow, releasing it from the protection that waits for its pods. A claim
	// that is gone, or belongs to somebody else, is no error.
	DeleteClaim(ctx context.Context, namespace, name string, owner types.UID) error
	// EnsureBudget creates a disruption budget; one that exists is as good.
	EnsureBudget(ctx context.Context, budget *policyv1.PodDisruptionBudget) error
	// DeleteBudget deletes a disruption budget; one that is gone is no error.
	DeleteBudget(ctx context.Context, namespace, name string) error
}

// claimProtection is the finalizer by which Kubernetes keeps a claim while pods use it.
const claimProtection = "kubernetes.io/pvc-protection"

type clientClaims struct {
	client kubernetes.Interface
	// protect leaves Kubernetes' protection on claims that are deleted: they go when the pods that use them are gone.
	protect bool
}

// NewClaimControl works on claims and budgets through client-go. protect leaves the protection on claims that are deleted,
// so that they stay until the pods that use them are deleted as well.
func NewClaimControl(client kubernetes.Interface, protect bool) ClaimControl {
	return clientClaims{client, protect}
}

// EnsureClaim creates a claim unless it is there. One that is about to go, by itself or with an earlier workflow of the name, is
// waited for (V-256).
func (c clientClaims) EnsureClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) (bool, error) {
	claims := c.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	_, err := claims.Create(ctx, claim, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err == nil, err
	}
	found, err := claims.Get(ctx, claim.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, transient{fmt.Errorf("PersistentVolumeClaim %s/%s existed a moment ago and is gone", claim.Namespace, claim.Name)}
	}
	if err != nil {
		return false, err
	}
	owner, wanted := metav1.GetControllerOfNoCopy(found), claim.OwnerReferences[0]
	switch {
	case found.DeletionTimestamp != nil:
		return false, transient{fmt.Errorf("PersistentVolumeClaim %s/%s is being deleted", claim.Namespace, claim.Name)}
	case owner != nil && owner.UID == wanted.UID:
		return false, nil
	case owner != nil && owner.Kind == wanted.Kind && owner.Name == wanted.Name:
		return false, transient{fmt.Errorf("PersistentVolumeClaim %s/%s of an earlier workflow of this name still exists", claim.Namespace, claim.Name)}
	}
	return false, permanent{fmt.Errorf("PersistentVolumeClaim %s/%s exists and does not belong to this workflow: delete it, or give the workflow another name", claim.Namespace, claim.Name)}
}

// DeleteClaim deletes a claim and takes our protection off it.
func (c clientClaims) DeleteClaim(ctx context.Context, namespace, name string, owner types.UID) error {
	claims := c.client.CoreV1().PersistentVolumeClaims(namespace)
	found, err := claims.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return notThisPod(err)
	}
	if ref := metav1.GetControllerOfNoCopy(found); ref == nil || ref.UID != owner {
		return nil
	}
	if err := claims.Delete(ctx, name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(found.UID))}); err != nil {
		return notThisPod(err)
	}
	if c.protect {
		return nil
	}
	return c.releaseClaim(ctx, namespace, name, found.UID)
}

// releaseClaim takes the protection off a claim that is being deleted: it would wait for the deletion of pods that have
// ended. Before the deletion it would be in vain, as the cluster puts it on again.
func (c clientClaims) releaseClaim(ctx context.Context, namespace, name string, uid types.UID) error {
	claims := c.client.CoreV1().PersistentVolumeClaims(namespace)
	found, err := claims.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return notThisPod(err)
	}
	rest := slices.DeleteFunc(slices.Clone(found.Finalizers), func(f string) bool { return f == claimProtection })
	if found.UID != uid || len(rest) == len(found.Finalizers) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": uid, "resourceVersion": found.ResourceVersion, "finalizers": rest}})
	if err != nil {
		return err
	}
	_, err = claims.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	// A conflict is not forgiven here: somebody changed the claim, and it is still protected.
	return ignoreNotFound(err)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// EnsureBudget creates a disruption budget unless it is there.
func (c clientClaims) EnsureBudget(ctx context.Context, budget *policyv1.PodDisruptionBudget) error {
	_, err := c.client.PolicyV1().PodDisruptionBudgets(budget.Namespace).Create(ctx, budget, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// DeleteBudget deletes a disruption budget if it is there.
func (c clientClaims) DeleteBudget(ctx context.Context, namespace, name string) error {
	return notThisPod(c.client.PolicyV1().PodDisruptionBudgets(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
}
