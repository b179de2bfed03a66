package engine

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// WaitingForClaims is how the message begins of a workflow that is Pending because its volume claims cannot be made yet (VOL-02).
const WaitingForClaims = "Waiting for a PVC to be created."

// claimsThere has the volume claims of the workflow made before it begins: nothing of it runs without them, its deadline does not
// count yet, and who stops it has stopped it. It is asked for each time until it is answered. false: they are not there yet.
//
// Once there are nodes, from before a retry, a workflow that is shut down is gone through without claims, to end it.
func (r *Run) claimsThere() bool {
	if r.claimed || !r.unstarted() || len(r.spec.VolumeClaimTemplates) == 0 || r.shutdown().Enabled() {
		return true
	}
	claims, err := r.claimTemplates()
	if err != nil {
		r.abort(err.Error())
		return false
	}
	r.out.Claims = claims
	return false
}

// claimTemplates are the workflow's claim templates with its values put in.
func (r *Run) claimTemplates() ([]corev1.PersistentVolumeClaim, error) {
	claims := r.spec.VolumeClaimTemplates
	text, err := r.cache.ParseObject(claims)
	if err != nil {
		return nil, fmt.Errorf("volumeClaimTemplates: %w", err)
	}
	if text.HasTags() {
		rendered, err := text.Render(r.globals, expr.Lenient)
		if err != nil {
			return nil, fmt.Errorf("volumeClaimTemplates: %w", err)
		}
		claims = nil
		if err := json.Unmarshal([]byte(rendered), &claims); err != nil {
			return nil, fmt.Errorf("volumeClaimTemplates with their values put in: %w", err)
		}
	}
	for i := range claims {
		if claims[i].Name == "" {
			return nil, fmt.Errorf("volumeClaimTemplates[%d].metadata.name is required", i)
		}
	}
	return claims, nil
}

// claimsRefused keeps the workflow Pending while its claims are refused for a reason that may pass, and ends it otherwise (V-256).
func (r *Run) claimsRefused(ev ClaimsRefused) {
	if r.over || r.booted {
		return
	}
	if !ev.Transient {
		r.abort(ev.Message)
		return
	}
	message := WaitingForClaims + " " + ev.Message
	st := &r.status
	if st.Phase == v1alpha1.WorkflowPending && st.Message == message {
		return
	}
	st.Phase, st.Message, st.StartedAt = v1alpha1.WorkflowPending, message, metav1.Time{}
	r.statusChanged = true
	r.setLabel(v1alpha1.LabelKeyPhase, string(v1alpha1.WorkflowPending))
}
