package v1alpha1

// LifecycleEvent names a hook.
type LifecycleEvent string

// ExitLifecycleEvent is the hook that runs at the end and needs no expression.
const ExitLifecycleEvent LifecycleEvent = "exit"

// LifecycleHooks are hooks by name.
type LifecycleHooks map[LifecycleEvent]LifecycleHook

// LifecycleHook runs a template on an event.
type LifecycleHook struct {
	// Name of a template of the same object.
	// +optional
	Template string `json:"template,omitempty"`
	// Values for the inputs of the template.
	// +optional
	Arguments Arguments `json:"arguments,omitempty,omitzero"`
	// A template of another object.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// Condition, e.g. `workflow.status == "Failed"`. The hook runs once, when it is true for the first time. Required,
	// except for the hook `exit`.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// HasExitHook tells whether there is a hook for the end.
func (h LifecycleHooks) HasExitHook() bool {
	hook, found := h[ExitLifecycleEvent]
	return found && (hook.Template != "" || hook.TemplateRef != nil)
}

// GetExitHook returns the hook for the end, nil when there is none.
func (h LifecycleHooks) GetExitHook() *LifecycleHook {
	if hook, found := h[ExitLifecycleEvent]; found {
		return &hook
	}
	return nil
}
