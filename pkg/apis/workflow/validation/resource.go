package validation

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var resourceActions = []string{"get", "create", "apply", "delete", "replace", "patch"}

// validateResource checks V-110 to V-113.
func validateResource(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	resource := template.Resource
	if !hasTag(resource.Action) && !slices.Contains(resourceActions, resource.Action) {
		errs = append(errs, field.NotSupported(path.Child("action"), resource.Action, resourceActions))
	}
	switch {
	case resource.Manifest != "" && resource.ManifestFrom != nil:
		errs = append(errs, field.Forbidden(path.Child("manifestFrom"), "shouldn't have both manifest and manifestFrom"))
	case resource.Manifest == "" && resource.ManifestFrom == nil && resource.Action != "get" && resource.Action != "delete" && len(resource.Flags) == 0:
		errs = append(errs, field.Required(path.Child("manifest"), "either manifest or manifestFrom must be specified (or flags)"))
	}
	errs = append(errs, validateManifest(template, path.Child("manifest"))...)
	errs = append(errs, validateChoice(resource.MergeStrategy, []string{"", "strategic", "merge", "json"}, path.Child("mergeStrategy"))...)
	errs = append(errs, validateCondition(resource.SuccessCondition, path.Child("successCondition"))...)
	errs = append(errs, validateCondition(resource.FailureCondition, path.Child("failureCondition"))...)
	if from := resource.ManifestFrom; from != nil && from.Artifact != nil {
		known := slices.ContainsFunc(template.Inputs.Artifacts, func(a v1alpha1.Artifact) bool { return a.Name == from.Artifact.Name })
		if !known {
			errs = append(errs, field.Invalid(path.Child("manifestFrom", "artifact", "name"), from.Artifact.Name, "refer to a non-exist artifact: no input artifact of the template has this name"))
		}
	}
	return errs
}
