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

// calm is how many members that have ended well, or never ran, are drawn of a group that is too big: they are all alike.
const calm = 5

// choose returns the members of a group to draw, at most limit, and what is left out: those that failed and those that run come
// before the others. A single one is never left out: the line that says so would be no shorter. Members keep their order, unless
// all of them run side by side, where it says nothing: then failures stand on top.
func choose(inside *branch, kids []*branch, limit int) ([]*branch, rest) {
	var hidden rest
	if len(kids) <= limit+1 {
		return kids, hidden
	}
	order := make([]int, len(kids))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return urgency(kids[a]) - urgency(kids[b]) })
	urgent := 0
	for urgent < len(order) && urgency(kids[order[urgent]]) < ended {
		urgent++
	}
	limit = min(limit, urgent+calm)
	chosen := order[:limit]
	if !sideBySide(inside, kids) {
		slices.Sort(chosen)
	}
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

// sideBySide tells whether the order of the kids means nothing: they are of one group of steps, or of one fan-out.
func sideBySide(inside *branch, kids []*branch) bool {
	if inside.node.Type == v1alpha1.NodeTypeTaskGroup {
		return true
	}
	first := kids[0].group
	return first != 0 && !slices.ContainsFunc(kids, func(b *branch) bool { return b.group != first })
}

// ended is the least urgency of what nothing more will come of.
const ended = 3

// urgency orders what people look for: failures, then what is going on, then what waits, then what ran.
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
	case v1alpha1.NodeSkipped, v1alpha1.NodeOmitted:
		return ended + 1
	}
	return ended
}
