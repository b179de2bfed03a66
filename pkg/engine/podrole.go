package engine

import (
	"maps"
	"slices"
)

// podRole is what the template of a node says about its pod.
func (r *Run) podRole(e *entry) podRole {
	if e.call == nil {
		return podRole{daemon: e.st.IsDaemoned(), unknown: true}
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return podRole{unknown: true}
	}
	role := podRole{daemon: t.spec.IsDaemon(), reports: t.spec.Resource != nil || t.spec.Data != nil}
	if set := t.spec.ContainerSet; set != nil {
		for i := range set.Containers {
			role.set = append(role.set, set.Containers[i].Name)
			role.ordered = role.ordered || len(set.Containers[i].Dependencies) > 0
		}
	}
	if len(t.spec.Sidecars) > 0 {
		leaf := r.leafOf(e) // the names of sidecars may have tags
		role.unknown = leaf == nil
		for i := 0; leaf != nil && i < len(leaf.Sidecars); i++ {
			role.sidecars = append(role.sidecars, leaf.Sidecars[i].Name)
		}
	}
	return role
}

// noteUnclear keeps in mind a pod that was seen before its template was found again, after a restart: not all that its status tells
// was understood, and it may never change again.
func (r *Run) noteUnclear(ev PodObserved, role podRole) {
	if role.unknown {
		r.unclear[ev.NodeID] = ev
	} else {
		delete(r.unclear, ev.NodeID)
	}
}

// lookAgain takes in such pods once their templates are known, unless the node has got another pod since, or is to get one.
func (r *Run) lookAgain() {
	if len(r.unclear) == 0 || !r.booted || r.over {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(r.unclear)) {
		ev := r.unclear[id]
		switch e := r.table[id]; {
		case e == nil || e.st.PodUID != ev.Pod.UID:
			delete(r.unclear, id)
		case !r.podRole(e).unknown:
			r.observePod(ev)
		}
	}
}
