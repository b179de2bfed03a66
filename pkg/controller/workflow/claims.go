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

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// ClaimControl makes and removes the objects that a workflow has as a whole: volume claims and its disruption budget.
type ClaimControl interface {
	// EnsureClaim creates a volume claim; one of the name that the same workflow owns is as good.
	EnsureClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) error
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

// EnsureClaim creates a claim unless it is there.
func (c clientClaims) EnsureClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	claims := c.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	_, err := claims.Create(ctx, claim, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	found, err := claims.Get(ctx, claim.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if owner := metav1.GetControllerOfNoCopy(found); owner == nil || owner.UID != claim.OwnerReferences[0].UID {
		return permanent{fmt.Errorf("PersistentVolumeClaim %s/%s exists and does not belong to this workflow", claim.Namespace, claim.Name)}
	}
	return nil
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

// ensureClaims makes the claims and the budget of a workflow before its first pod (VOL-02, POD-18).
func (c *Controller) ensureClaims(ctx context.Context, r *activeRun) error {
	if r.claimsMade {
		return nil
	}
	var volumes []corev1.Volume
	for i := range r.spec.VolumeClaimTemplates {
		claim := r.spec.VolumeClaimTemplates[i].DeepCopy()
		volume := claim.Name
		claim.ObjectMeta = metav1.ObjectMeta{
			Name:            r.key.Name + "-" + volume,
			Namespace:       r.key.Namespace,
			Labels:          claim.Labels,
			Annotations:     claim.Annotations,
			OwnerReferences: []metav1.OwnerReference{podbuilder.OwnerReference(r.workflow)},
		}
		if claim.Labels == nil {
			claim.Labels = map[string]string{}
		}
		claim.Labels[wfv1.LabelKeyWorkflow] = r.key.Name
		claim.Status = corev1.PersistentVolumeClaimStatus{}
		volumes = append(volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
		if slices.ContainsFunc(r.claims, func(v corev1.Volume) bool { return v.Name == volume }) {
			continue
		}
		if err := c.claims.EnsureClaim(ctx, claim); err != nil {
			return err
		}
		r.statusDirty = true
	}
	if budget := r.spec.PodDisruptionBudget; budget != nil {
		spec := *budget
		spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{wfv1.LabelKeyWorkflow: r.key.Name}}
		err := c.claims.EnsureBudget(ctx, &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{
				Name:            r.key.Name,
				Namespace:       r.key.Namespace,
				Labels:          map[string]string{wfv1.LabelKeyWorkflow: r.key.Name},
				OwnerReferences: []metav1.OwnerReference{podbuilder.OwnerReference(r.workflow)},
			},
			Spec: spec,
		})
		if err != nil {
			return err
		}
	}
	r.claims, r.claimsMade = volumes, true
	return nil
}

// removeClaims deletes claims (VOL-03) and budget of a workflow that is about to be completed. It comes before the end is
// stored, so that a controller that dies in between does it again.
func (c *Controller) removeClaims(ctx context.Context, r *activeRun, d *engine.Decision) error {
	if r.spec.PodDisruptionBudget != nil {
		if err := c.claims.DeleteBudget(ctx, r.key.Namespace, r.key.Name); err != nil {
			return fmt.Errorf("delete PodDisruptionBudget %s: %w", r.key, err)
		}
	}
	phase := r.status.Phase
	if d.Status != nil {
		phase = d.Status.Phase
	}
	if len(r.claims) == 0 || r.spec.VolumeClaimGC.GetStrategy() == wfv1.VolumeClaimGCOnSuccess && phase != wfv1.WorkflowSucceeded {
		return nil
	}
	for _, volume := range r.claims {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		name := volume.PersistentVolumeClaim.ClaimName
		if err := c.claims.DeleteClaim(ctx, r.key.Namespace, name, r.workflow.UID); err != nil {
			return fmt.Errorf("delete PersistentVolumeClaim %s/%s: %w", r.key.Namespace, name, err)
		}
	}
	r.claims = nil
	r.statusDirty = true
	return nil
}
