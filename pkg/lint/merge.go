package lint

import (
	"maps"
	"slices"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// mergedSpec lays a workflow's fields over those of the template that it runs, as far as they matter here.
func mergedSpec(below, above *v1alpha1.WorkflowSpec) *v1alpha1.WorkflowSpec {
	merged := *below
	merged.WorkflowTemplateRef = above.WorkflowTemplateRef
	if above.Entrypoint != "" {
		merged.Entrypoint = above.Entrypoint
	}
	if above.OnExit != "" {
		merged.OnExit = above.OnExit
	}
	if above.Priority != nil {
		merged.Priority = above.Priority
	}
	if above.TemplateDefaults != nil {
		merged.TemplateDefaults = above.TemplateDefaults
	}
	if above.RetryStrategy != nil {
		merged.RetryStrategy = above.RetryStrategy
	}
	if len(above.Hooks) > 0 {
		merged.Hooks = maps.Clone(below.Hooks)
		if merged.Hooks == nil {
			merged.Hooks = v1alpha1.LifecycleHooks{}
		}
		maps.Copy(merged.Hooks, above.Hooks)
	}
	merged.WorkflowMetadata = mergedMetadata(below.WorkflowMetadata, above.WorkflowMetadata)
	merged.Arguments = mergedArguments(&below.Arguments, &above.Arguments)
	return &merged
}

func mergedMetadata(below, above *v1alpha1.WorkflowMetadata) *v1alpha1.WorkflowMetadata {
	if below == nil || above == nil {
		if above == nil {
			return below
		}
		return above
	}
	merged := &v1alpha1.WorkflowMetadata{Labels: map[string]string{}, Annotations: map[string]string{}, LabelsFrom: map[string]v1alpha1.LabelValueFrom{}}
	for _, m := range []*v1alpha1.WorkflowMetadata{below, above} {
		maps.Copy(merged.Labels, m.Labels)
		maps.Copy(merged.Annotations, m.Annotations)
		maps.Copy(merged.LabelsFrom, m.LabelsFrom)
	}
	return merged
}

// mergedArguments joins arguments by name; those above win, field by field, and keep their places in the lists.
func mergedArguments(below, above *v1alpha1.Arguments) v1alpha1.Arguments {
	merged := v1alpha1.Arguments{Parameters: slices.Clone(above.Parameters), Artifacts: slices.Clone(above.Artifacts)}
	for i := range below.Parameters {
		inherited := &below.Parameters[i]
		own := merged.GetParameterByName(inherited.Name)
		if own == nil {
			merged.Parameters = append(merged.Parameters, *inherited)
			continue
		}
		if own.Value == nil && own.ValueFrom == nil {
			own.Value, own.ValueFrom = inherited.Value, inherited.ValueFrom
		}
		if own.Enum == nil {
			own.Enum = inherited.Enum
		}
	}
	for i := range below.Artifacts {
		if merged.Artifacts.GetArtifactByName(below.Artifacts[i].Name) == nil {
			merged.Artifacts = append(merged.Artifacts, below.Artifacts[i])
		}
	}
	return merged
}
