package workflow

import (
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// marks are the labels that say of a workflow what its status says (LBL-03). Controllers take a workflow that is marked as completed for
// one that is over: marked so by its author it would never start, and without the mark nothing would clean up after it.
var marks = []string{v1alpha1.LabelKeyPhase, v1alpha1.LabelKeyCompleted}

// keepMarks gives a written workflow the marks that it has to have, whatever the client sent or left out. A new one has none, unless it
// was over when it was saved; the controller sets them as it goes on.
func keepMarks(workflow, stored *v1alpha1.Workflow) {
	over := workflow.Status.Phase.Completed()
	switch {
	case stored != nil:
		for _, key := range marks {
			setMark(workflow, key, stored.Labels[key])
		}
		if stored.Status.Phase.Completed() && !over { // it is retried
			setMark(workflow, v1alpha1.LabelKeyCompleted, "")
		}
	case over:
		setMark(workflow, v1alpha1.LabelKeyPhase, string(workflow.Status.Phase))
		setMark(workflow, v1alpha1.LabelKeyCompleted, "true")
	default:
		for _, key := range marks {
			setMark(workflow, key, "")
		}
	}
}

// setMark sets a label, or takes it away when the value is empty.
func setMark(workflow *v1alpha1.Workflow, key, value string) {
	switch {
	case value == "":
		delete(workflow.Labels, key)
	case workflow.Labels == nil:
		workflow.Labels = map[string]string{key: value}
	default:
		workflow.Labels[key] = value
	}
}
