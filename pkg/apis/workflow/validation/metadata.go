package validation

import (
	"fmt"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Longest names of objects, in characters.
const (
	// MaxTemplateNameLength is the limit of (cluster) workflow templates: their names become label values (V-002, V-003).
	MaxTemplateNameLength = validation.LabelValueMaxLength
	// MaxCronWorkflowNameLength is the limit of cron workflows: it leaves room for what is appended to the names of their
	// workflows (V-004).
	MaxCronWorkflowNameLength = 52
)

// validateMetadata checks the metadata of a new object whose name has at most maxName characters; 0 leaves it at what
// Kubernetes itself allows.
func validateMetadata(meta *metav1.ObjectMeta, namespaced bool, maxName int) field.ErrorList {
	path := field.NewPath("metadata")
	errs := apivalidation.ValidateObjectMeta(meta, namespaced, apivalidation.NameIsDNSSubdomain, path)
	if maxName > 0 && len(meta.Name) > maxName {
		errs = append(errs, field.Invalid(path.Child("name"), meta.Name, fmt.Sprintf(
			"must not be longer than %d characters; it has %d", maxName, len(meta.Name))))
	}
	return errs
}

// validateMetadataUpdate checks what may change in the metadata of an object.
func validateMetadataUpdate(meta, old *metav1.ObjectMeta) field.ErrorList {
	return apivalidation.ValidateObjectMetaUpdate(meta, old, field.NewPath("metadata"))
}
