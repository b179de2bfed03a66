package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// slot is a place in a frame that one node fills: a step, a task, an attempt, a hook. The slot is done when the node is
// fulfilled and so are its hooks.
type slot struct {
	owner slotOwner
	index int
	item  int
	e     *entry
	hooks *hookFrame // nil: no hooks
	done  bool
}

// slotOwner is told what becomes of its slots.
type slotOwner interface {
	frame
	// slotDone: the node and its hooks are fulfilled. Called once.
	slotDone(*slot)
	// slotReopened: the node changed its phase after slotDone. Only a daemon does.
	slotReopened(*slot)
}

// fulfilled goes on to the hooks, or tells the owner.
func (s *slot) fulfilled(r *Run) {
	if s.hooks != nil {
		r.touch(s.hooks)
		return
	}
	s.finish()
}

func (s *slot) finish() {
	if !s.done {
		s.done = true
		s.owner.slotDone(s)
	}
}

// changed is called for a phase that hooks may wait for, and for a daemon that ends.
func (s *slot) changed(r *Run) {
	if s.hooks != nil {
		r.touch(s.hooks)
	}
	if s.done {
		s.owner.slotReopened(s)
	}
}

// call is everything that has to be known to run a template as a node.
type call struct {
	name     string
	ref      reference
	in       origin // where the names in ref are looked up
	args     v1alpha1.Arguments
	boundary *entry
	outer    *template // template of the boundary
	up       *entry
	group    *entry // StepGroup or TaskGroup that the node is a member of
	parents  []string
	outbound bool
	onExit   bool
	flag     *v1alpha1.NodeFlag
	depth    int
	caller   string     // name of the step or task
	dag      bool       // the caller is a task
	extra    expr.Scope // more variables: workflow.status in exit handlers, lastRetry in attempts
	attempt  *retryFrame
	result   bool // somebody reads the result
	slot     *slot
}

// refusal is why a node could not be run; it ends in Error without a pod.
func (c *call) refusal(err error) string {
	if c.dag {
		return fmt.Sprintf("task '%s' errored: %s", c.name, err)
	}
	return err.Error()
}

// broken reports whether a node never came to run what it stands for, so that its caller is at fault as well.
func (e *entry) broken() bool {
	if e.st.Phase != v1alpha1.NodeError {
		return false
	}
	return e.st.Type == v1alpha1.NodeTypeSkipped || (e.st.Type == v1alpha1.NodeTypePod && e.st.PodUID == "")
}
