package tree

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// phases in the order in which counts of them are shown: what needs attention first.
var phases = []v1alpha1.NodePhase{
	v1alpha1.NodeFailed, v1alpha1.NodeError, v1alpha1.NodeRunning, v1alpha1.NodePending,
	v1alpha1.NodeSucceeded, v1alpha1.NodeSkipped, v1alpha1.NodeOmitted,
}

// waiting are steps that wait for somebody; the API says of them that they run.
const waiting = 7

// tally is how many steps are in which phase, in the order of phases, and how many wait.
type tally [waiting + 1]int

func (t *tally) one(n *v1alpha1.NodeStatus) {
	if n.Type == v1alpha1.NodeTypeSuspend && n.Phase == v1alpha1.NodeRunning {
		t[waiting]++
		return
	}
	for i, phase := range phases {
		if n.Phase == phase {
			t[i]++
			return
		}
	}
	t[3]++ // no phase yet
}

func (t *tally) add(other tally) {
	for i := range other {
		t[i] += other[i]
	}
}

func (t *tally) total() int {
	sum := 0
	for _, n := range t {
		sum += n
	}
	return sum
}

// counts returns the numbers that are not 0, as `3 failed, 1,200 succeeded`.
func (t *tally) counts() string {
	var parts []string
	count := func(n int, what string) {
		if n > 0 {
			parts = append(parts, thousands(n)+" "+what)
		}
	}
	for i, phase := range phases {
		count(t[i], strings.ToLower(string(phase)))
		if phase == v1alpha1.NodeRunning {
			count(t[waiting], "waiting")
		}
	}
	return strings.Join(parts, ", ")
}

func (t *tally) steps() string {
	if n := t.total(); n != 1 {
		return thousands(n) + " steps"
	}
	return "1 step"
}

// thousands writes a number with commas: long ones are read rather than counted.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
