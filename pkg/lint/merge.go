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

// mergedArguments joins arguments by name; those above win, field by field.
func mergedArguments(below, above *v1alpha1.Arguments) v1alpha1.Arguments {
	merged := v1alpha1.Arguments{Parameters: slices.Clone(below.Parameters), Artifacts: slices.Clone(below.Artifacts)}
	for i := range above.Parameters {
		own := above.Parameters[i]
		known := merged.GetParameterByName(own.Name)
		if known == nil {
			merged.Parameters = append(merged.Parameters, own)
			continue
		}
		switch {
		case own.Value != nil:
			known.Value, known.ValueFrom = own.Value, nil
		case own.ValueFrom != nil:
			known.Value, known.ValueFrom = nil, own.ValueFrom
		}
		if own.Enum != nil {
			known.Enum = own.Enum
		}
	}
	for i := range above.Artifacts {
		if known := merged.Artifacts.GetArtifactByName(above.Artifacts[i].Name); known != nil {
			*known = above.Artifacts[i]
		} else {
			merged.Artifacts = append(merged.Artifacts, above.Artifacts[i])
		}
	}
	return merged
}
