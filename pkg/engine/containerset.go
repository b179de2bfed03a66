package engine

import (
	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// openContainers makes the nodes of a container set's members below the pod's node, or takes up stored ones (TPL-12).
func (r *Run) openContainers(e *entry, set *v1alpha1.ContainerSetTemplate) {
	for i := range set.Containers {
		member := &set.Containers[i]
		c := *e.call
		c.name = node.Child(e.st.Name, member.Name)
		c.boundary, c.slot, c.group, c.attempt, c.flag, c.outbound = e, nil, e, nil, nil, false
		c.parents = []string{e.st.ID}
		if len(member.Dependencies) > 0 {
			c.parents = nil
			for _, name := range member.Dependencies {
				c.parents = append(c.parents, node.ID(r.name, node.Child(e.st.Name, name)))
			}
		}
		if stored := r.find(c.name); stored != nil {
			r.takeUp(stored, &c)
		} else {
			r.create(&c, v1alpha1.NodeTypeContainer, v1alpha1.NodePending, "")
		}
	}
}

// watchContainers takes over what the pod's status says of the members of a set.
func (r *Run) watchContainers(e *entry, pod *corev1.Pod) {
	for _, m := range e.members {
		if m.st.Fulfilled() {
			continue
		}
		for i := range pod.Status.ContainerStatuses {
			c := &pod.Status.ContainerStatuses[i]
			if node.Child(e.st.Name, c.Name) != m.st.Name {
				continue
			}
			switch t := c.State.Terminated; {
			case t != nil && t.ExitCode == 0:
				r.setPhase(m, v1alpha1.NodeSucceeded, "")
			case t != nil:
				r.setPhase(m, v1alpha1.NodeFailed, exitText(c.Name, t))
			case c.State.Running != nil:
				r.setPhase(m, v1alpha1.NodeRunning, "")
			case c.State.Waiting != nil && c.State.Waiting.Reason != "PodInitializing" && c.State.Waiting.Reason != "ContainerCreating":
				r.setPhase(m, v1alpha1.NodePending, reasonText(c.State.Waiting.Reason, c.State.Waiting.Message))
			}
		}
	}
}

// endContainers ends the members of a set whose pod is over.
func (r *Run) endContainers(e *entry) {
	for _, m := range e.members {
		if m.st.Fulfilled() {
			continue
		}
		phase, message := e.st.Phase, e.st.Message
		switch {
		case e.st.Message == podDeleted:
			message = "container deleted"
		case e.st.FailedOrError() && m.st.Phase == v1alpha1.NodeRunning:
			message = "Pod Failed whilst container running"
		}
		r.setPhase(m, phase, message)
	}
}
