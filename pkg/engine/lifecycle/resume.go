package lifecycle

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// Resume ends suspensions (OPS-09). Without a selector all that are active end, and outputs that nobody has set take their
// defaults; with one only those that it picks, and their outputs stay as they are. actor tells who resumed, and joins the
// message. The workflow's own spec.suspend is the caller's to clear. It returns the changed nodes.
func Resume(nodes []v1alpha1.NodeStatus, selector Selector, actor map[string]string, now time.Time) ([]v1alpha1.NodeStatus, error) {
	var changed []v1alpha1.NodeStatus
	for i := range nodes {
		if !suspended(&nodes[i]) || !selector.Matches(&nodes[i]) {
			continue
		}
		n := *nodes[i].DeepCopy()
		if selector.Empty() {
			outputs, err := engine.SuppliedOutputs(n.Outputs, n.Inputs)
			if err != nil {
				return nil, err
			}
			n.Outputs = outputs
		}
		n.Phase, n.FinishedAt = v1alpha1.NodeSucceeded, stamp(now)
		if len(actor) > 0 {
			n.Message = joined(n.Message, fmt.Sprintf("Resumed by: %v", actor))
		}
		changed = append(changed, n)
	}
	if len(changed) == 0 && !selector.Empty() {
		return nil, fmt.Errorf("currently, set only targets suspend nodes: no suspend nodes matching nodeFieldSelector: %s", selector)
	}
	return changed, nil
}

// Change is what `set` does to suspensions; empty fields change nothing.
type Change struct {
	Phase   v1alpha1.NodePhase // Succeeded, Failed or Error
	Message string
	Outputs map[string]string // output parameters that are `supplied` and not set yet
}

// Set changes the active suspensions that a selector picks (OPS-12). It returns the changed nodes; picking none is an error.
func Set(nodes []v1alpha1.NodeStatus, selector Selector, change Change, now time.Time) ([]v1alpha1.NodeStatus, error) {
	if selector.Empty() {
		return nil, fmt.Errorf("set needs a nodeFieldSelector")
	}
	var changed []v1alpha1.NodeStatus
	for i := range nodes {
		if !suspended(&nodes[i]) || !selector.Matches(&nodes[i]) {
			continue
		}
		n := *nodes[i].DeepCopy()
		if err := setOutputs(&n, change.Outputs); err != nil {
			return nil, err
		}
		if change.Phase != "" {
			n.Phase = change.Phase
			if n.Phase.Completed() {
				n.FinishedAt = stamp(now)
			}
		}
		if change.Message != "" {
			n.Message = change.Message
		}
		changed = append(changed, n)
	}
	if len(changed) == 0 {
		return nil, fmt.Errorf("currently, set only targets suspend nodes: no suspend nodes matching nodeFieldSelector: %s", selector)
	}
	return changed, nil
}

func setOutputs(n *v1alpha1.NodeStatus, outputs map[string]string) error {
	for name, text := range outputs {
		var p *v1alpha1.Parameter
		if n.Outputs != nil {
			p = n.Outputs.GetParameterByName(name)
		}
		switch {
		case p == nil:
			return fmt.Errorf("node %s has no output parameter %q", n.Name, name)
		case p.Value != nil:
			return fmt.Errorf("output parameter %q of node %s is set already", name, n.Name)
		case p.ValueFrom == nil || p.ValueFrom.Supplied == nil:
			return fmt.Errorf("output parameter %q of node %s is not supplied by users (valueFrom.supplied)", name, n.Name)
		}
		value := v1alpha1.AnyString(text)
		p.Value, p.ValueFrom = &value, nil
	}
	return nil
}

func suspended(n *v1alpha1.NodeStatus) bool {
	return n.Type == v1alpha1.NodeTypeSuspend && (n.Phase == v1alpha1.NodeRunning || n.Phase == v1alpha1.NodePending)
}

func joined(old, message string) string {
	if old == "" {
		return message
	}
	return old + "; " + message
}

func stamp(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }
