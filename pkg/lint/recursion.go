package lint

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// always tells whether a step runs whenever those before it succeed: it has no condition and is no loop that might be empty,
// and waits for no particular end of a task. A loop over items that are written there has as many.
func always(step *v1alpha1.WorkflowStep, depends string) bool {
	return step.When == "" && step.WithParam == "" && step.WithSequence == nil &&
		!strings.ContainsAny(depends, ".!|")
}

// endless warns of templates that call themselves without any condition on the way: they end only where the nesting becomes
// too deep (V-266).
func (p *program) endless() {
	const (
		open = iota + 1
		done
	)
	state := map[*unit]int{}
	var visit func(u *unit)
	visit = func(u *unit) {
		state[u] = open
		for _, c := range u.calls {
			if !c.always || c.callee == nil {
				continue
			}
			switch state[c.callee] {
			case open:
				p.warn(u.in, c.path, fmt.Sprintf("template %q calls itself this way without a condition, and so never ends by itself", c.callee.template.Name))
			case done:
			default:
				visit(c.callee)
			}
		}
		state[u] = done
	}
	for _, u := range p.order {
		if state[u] == 0 {
			visit(u)
		}
	}
}
