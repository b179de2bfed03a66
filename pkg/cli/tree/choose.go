package tree

import (
	"slices"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// rest is what is left out of a group.
type rest struct {
	branches int
	tally
}

func (r *rest) total() int { return r.branches }

func (r *rest) summary() string {
	text := thousands(r.branches) + " more: " + r.counts()
	if steps := r.tally.total(); steps != r.branches {
		text = thousands(r.branches) + " more with " + r.steps() + ": " + r.counts()
	}
	return text
}

// choose returns the members of a group to draw, at most limit, in their order, and what is left out: those that failed and
// those that run come before the others. A single one is never left out: the line that says so would be no shorter.
func choose(kids []*branch, limit int) ([]*branch, rest) {
	var hidden rest
	if len(kids) <= limit+1 {
		return kids, hidden
	}
	order := make([]int, len(kids))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return urgency(kids[a]) - urgency(kids[b]) })
	chosen := order[:limit]
	slices.Sort(chosen)
	shown := make([]*branch, 0, limit)
	for _, i := range chosen {
		shown = append(shown, kids[i])
	}
	for _, i := range order[limit:] {
		hidden.branches++
		hidden.add(kids[i].tally)
	}
	return shown, hidden
}

// urgency orders what people look for: failures, then what is going on, then what waits.
func urgency(b *branch) int {
	switch b.node.Phase {
	case v1alpha1.NodeFailed, v1alpha1.NodeError:
		return 0
	case v1alpha1.NodeRunning:
		if b.tally[0]+b.tally[1] > 0 {
			return 0
		}
		return 1
	case v1alpha1.NodePending, "":
		return 2
	}
	return 3
}
