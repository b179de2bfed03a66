package engine

import "strings"

// WaitingForClaims is how the message begins of a workflow, and of its steps, whose volume claims cannot be made yet (VOL-02).
const WaitingForClaims = "Waiting for a PVC to be created."

// claimsMissing says of the workflow that it waits for its volume claims, when that is why a pod was refused.
func (r *Run) claimsMissing(why string) {
	if strings.HasPrefix(why, WaitingForClaims) && r.status.Message != why {
		r.status.Message, r.statusChanged = why, true
	}
}

// claimsMade takes that back once there is a pod.
func (r *Run) claimsMade() {
	if strings.HasPrefix(r.status.Message, WaitingForClaims) {
		r.status.Message, r.statusChanged = "", true
	}
}
