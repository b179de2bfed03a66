package workflow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	podbuilder "fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// makeClaims makes the volume claims that the engine waits for (VOL-02), all or none: a workflow that held some while it waits for
// more could keep them from another one that does the same. There is no answer while it is too early to try again.
func (c *Controller) makeClaims(ctx context.Context, r *activeRun, wanted []corev1.PersistentVolumeClaim) ([]engine.Event, error) {
	r.wantsClaims = len(wanted) > 0
	if !r.wantsClaims || c.clock.Now().Before(r.claimTries.notUntil) {
		return nil, nil
	}
	if !c.mayCreate() {
		return nil, errNotLeading
	}
	var volumes []corev1.Volume
	var made []string
	for i := range wanted {
		claim := r.claimOf(&wanted[i])
		created, err := c.claims.EnsureClaim(ctx, claim)
		if err != nil {
			if r.status.Retries == 0 {
				made = r.claimNamesOf(wanted)
			}
			return c.withoutClaims(ctx, r, made, err)
		}
		if created {
			made = append(made, claim.Name)
		}
		volumes = append(volumes, corev1.Volume{Name: wanted[i].Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
	}
	r.claims, r.wantsClaims = volumes, false
	r.claimTries.relax()
	return []engine.Event{engine.ClaimsMade{}}, nil
}

// withoutClaims gives back the claims that were made when another one is refused, in the first round of a workflow also by a
// controller that died meanwhile. Those that were there before a retry stay: they may hold what an earlier round has left.
func (c *Controller) withoutClaims(ctx context.Context, r *activeRun, made []string, refusal error) ([]engine.Event, error) {
	for _, name := range made {
		if err := c.claims.DeleteClaim(ctx, r.key.Namespace, name, r.workflow.UID); err != nil {
			return nil, fmt.Errorf("delete PersistentVolumeClaim %s/%s, as another one of the workflow is refused: %w", r.key.Namespace, name, err)
		}
	}
	atMost := maxCreateBackoff
	if isUnmapped(refusal.Error()) {
		atMost = maxUnmappedBackoff
	}
	r.claimTries.backOff(c.clock.Now(), atMost)
	return []engine.Event{engine.ClaimsRefused{Message: refusal.Error(), Transient: isTransient(refusal)}}, nil
}

// claimName is the name of the claim that is made from a claim template.
func (r *activeRun) claimName(template string) string { return r.key.Name + "-" + template }

// claimNamesOf are the names of the claims that are made from claim templates.
func (r *activeRun) claimNamesOf(templates []corev1.PersistentVolumeClaim) []string {
	var names []string
	for i := range templates {
		names = append(names, r.claimName(templates[i].Name))
	}
	return names
}

// claimOf is the claim that is made from a claim template.
func (r *activeRun) claimOf(template *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	claim := template.DeepCopy()
	claim.ObjectMeta = metav1.ObjectMeta{
		Name:            r.claimName(template.Name),
		Namespace:       r.key.Namespace,
		Labels:          maps.Clone(template.Labels),
		Annotations:     claim.Annotations,
		OwnerReferences: []metav1.OwnerReference{podbuilder.OwnerReference(r.workflow)},
	}
	if claim.Labels == nil {
		claim.Labels = map[string]string{}
	}
	claim.Labels[wfv1.LabelKeyWorkflow] = r.key.Name
	claim.Status = corev1.PersistentVolumeClaimStatus{}
	return claim
}

// ensureBudget makes the disruption budget of a workflow before its first pod (POD-18).
func (c *Controller) ensureBudget(ctx context.Context, r *activeRun) error {
	wanted := r.spec.PodDisruptionBudget
	if r.budgetMade || wanted == nil {
		return nil
	}
	spec := *wanted
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
	r.budgetMade = err == nil
	return err
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
	if r.spec.VolumeClaimGC.GetStrategy() == wfv1.VolumeClaimGCOnSuccess && phase != wfv1.WorkflowSucceeded {
		return nil
	}
	for _, name := range r.claimNames() {
		if err := c.claims.DeleteClaim(ctx, r.key.Namespace, name, r.workflow.UID); err != nil {
			return fmt.Errorf("delete PersistentVolumeClaim %s/%s: %w", r.key.Namespace, name, err)
		}
	}
	if len(r.claims) > 0 {
		r.claims = nil
		r.statusDirty = true
	}
	return nil
}

// claimNames are those of the claims that the workflow has, and of those that may have been made without having been stored, because
// the workflow was stopped at that moment.
func (r *activeRun) claimNames() []string {
	var names []string
	for _, volume := range r.claims {
		if volume.PersistentVolumeClaim != nil {
			names = append(names, volume.PersistentVolumeClaim.ClaimName)
		}
	}
	for i := range r.spec.VolumeClaimTemplates {
		name := r.claimName(r.spec.VolumeClaimTemplates[i].Name)
		if len(r.claims) == 0 && !strings.Contains(name, "{{") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
