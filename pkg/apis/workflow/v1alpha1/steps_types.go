package v1alpha1

import (
	"encoding/json"
	"fmt"

	kjson "sigs.k8s.io/json"
)

// ParallelSteps is a group of steps that run at the same time. In JSON it is a bare list of steps.
type ParallelSteps struct {
	// The steps of the group.
	// +listType=atomic
	Steps []WorkflowStep `json:"-"`
}

// WorkflowStep runs one template, or many times the same template in a loop. Exactly one of template, templateRef and
// inline is set.
type WorkflowStep struct {
	// Name of the step, unique in the template. Later steps read `{{steps.NAME.outputs...}}`.
	// +optional
	Name string `json:"name,omitempty"`
	// Name of a template of the same object.
	// +optional
	Template string `json:"template,omitempty"`
	// A template written in place. It has no name and cannot itself contain inline templates.
	// +optional
	Inline *Template `json:"inline,omitempty"`
	// Values for the inputs of the template.
	// +optional
	Arguments Arguments `json:"arguments,omitempty,omitzero"`
	// A template of another object.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// Runs the step once for each item of this list; `{{item}}` is the item.
	// +optional
	// +listType=atomic
	WithItems []Item `json:"withItems,omitempty"`
	// Runs the step once for each item of this JSON list, which usually comes from an earlier step.
	// +optional
	WithParam string `json:"withParam,omitempty"`
	// Runs the step once for each number of a range.
	// +optional
	WithSequence *Sequence `json:"withSequence,omitempty"`
	// Condition, e.g. `{{steps.flip.outputs.result}} == heads`. When it is false the step is skipped. In a loop it is
	// judged for each item.
	// +optional
	When string `json:"when,omitempty"`
	// Ends of the step that do not fail its group.
	// +optional
	ContinueOn *ContinueOn `json:"continueOn,omitempty"`
	// Name of a template to run when the step is over. `hooks.exit` does the same and takes arguments.
	// +optional
	OnExit string `json:"onExit,omitempty"`
	// Templates to run on events of the step, by name. `exit` runs at its end.
	// +optional
	// +patchStrategy=replace
	Hooks LifecycleHooks `json:"hooks,omitempty" patchStrategy:"replace"`
}

// UnmarshalJSON reads a list of steps. Unknown and duplicate fields are errors whatever the decoder around it does: a
// decoder that checks strictly cannot look into a type that decodes itself.
func (p *ParallelSteps) UnmarshalJSON(data []byte) error {
	var steps []WorkflowStep
	strict, err := kjson.UnmarshalStrict(data, &steps)
	if err != nil {
		return fmt.Errorf("a group of parallel steps must be a list of steps: %w", err)
	}
	if len(strict) > 0 {
		return fmt.Errorf("in a group of parallel steps: %w", strict[0])
	}
	p.Steps = steps
	return nil
}

// MarshalJSON writes a bare list of steps.
func (p ParallelSteps) MarshalJSON() ([]byte, error) {
	if p.Steps == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(p.Steps)
}

// OpenAPISchemaType says that the group is a list in JSON; what its items are is added where the OpenAPI document is put together.
func (ParallelSteps) OpenAPISchemaType() []string { return []string{"array"} }

// OpenAPISchemaFormat is empty: lists have no format.
func (ParallelSteps) OpenAPISchemaFormat() string { return "" }
