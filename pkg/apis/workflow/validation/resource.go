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
		errs = append(errs, field.Forbidden(path.Child("manifestFrom"), "give manifest or manifestFrom, not both"))
	case resource.Manifest == "" && resource.ManifestFrom == nil && resource.Action != "get" && resource.Action != "delete" && len(resource.Flags) == 0:
		errs = append(errs, field.Required(path.Child("manifest"), "say which object: manifest, manifestFrom or flags"))
	}
	if from := resource.ManifestFrom; from != nil && from.Artifact != nil {
		known := slices.ContainsFunc(template.Inputs.Artifacts, func(a v1alpha1.Artifact) bool { return a.Name == from.Artifact.Name })
		if !known {
			errs = append(errs, field.Invalid(path.Child("manifestFrom", "artifact", "name"), from.Artifact.Name, "no input artifact of the template has this name"))
		}
	}
	return errs
}
