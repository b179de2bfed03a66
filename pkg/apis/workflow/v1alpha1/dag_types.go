package v1alpha1

// DAGTemplate runs tasks in the order of their dependencies.
type DAGTemplate struct {
	// Names of the tasks to reach, separated by spaces; only they and what they depend on run. May contain `{{...}}`
	// tags. Default: all tasks.
	// +optional
	Target string `json:"target,omitempty"`
	// The tasks.
	// +listType=map
	// +listMapKey=name
	// +patchStrategy=merge
	// +patchMergeKey=name
	Tasks []DAGTask `json:"tasks" patchStrategy:"merge" patchMergeKey:"name"`
	// True, the default, starts no further task once one has failed. False lets all branches run to their end.
	// +optional
	FailFast *bool `json:"failFast,omitempty"`
}

// DAGTask runs one template, or many times the same template in a loop, after the tasks that it depends on. Exactly one
// of template, templateRef and inline is set.
type DAGTask struct {
	// Name of the task, unique in the DAG. Dependants read `{{tasks.NAME.outputs...}}`.
	Name string `json:"name"`
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
	// Names of tasks that must have succeeded, or been skipped, before this one. `depends` can say more; use one of the two.
	// +optional
	// +listType=atomic
	Dependencies []string `json:"dependencies,omitempty"`
	// Runs the task once for each item of this list; `{{item}}` is the item.
	// +optional
	// +listType=atomic
	WithItems []Item `json:"withItems,omitempty"`
	// Runs the task once for each item of this JSON list, which usually comes from another task.
	// +optional
	WithParam string `json:"withParam,omitempty"`
	// Runs the task once for each number of a range.
	// +optional
	WithSequence *Sequence `json:"withSequence,omitempty"`
	// Condition, e.g. `{{tasks.flip.outputs.result}} == heads`. When it is false the task is skipped. In a loop it is
	// judged for each item.
	// +optional
	When string `json:"when,omitempty"`
	// Ends of the task that count as success for its dependants. Only with `dependencies`; `depends` says it in the expression.
	// +optional
	ContinueOn *ContinueOn `json:"continueOn,omitempty"`
	// Name of a template to run when the task is over. `hooks.exit` does the same and takes arguments.
	// +optional
	OnExit string `json:"onExit,omitempty"`
	// Which ends of other tasks this one needs, e.g. `a && (b.Succeeded || c.Failed)`. A bare name means
	// `(NAME.Succeeded || NAME.Skipped || NAME.Daemoned)`.
	// +optional
	Depends string `json:"depends,omitempty"`
	// Templates to run on events of the task, by name. `exit` runs at its end.
	// +optional
	// +patchStrategy=replace
	Hooks LifecycleHooks `json:"hooks,omitempty" patchStrategy:"replace"`
}

// ContinueOn lists ends of a step that the flow does not stop for.
type ContinueOn struct {
	// Go on when the step ends in an error (something around the user's code went wrong).
	// +optional
	Error bool `json:"error,omitempty"`
	// Go on when the step fails.
	// +optional
	Failed bool `json:"failed,omitempty"`
}
