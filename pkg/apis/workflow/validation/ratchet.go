package validation

import (
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateSpecUpdate checks a changed spec against its stored form: what was stored before a rule existed can still be
// changed elsewhere.
func validateSpecUpdate(meta *metav1.ObjectMeta, spec, old *v1alpha1.WorkflowSpec, rules SpecRules, path *field.Path) (field.ErrorList, []string) {
	if !SpecCounts(meta, spec, old) {
		return nil, nil
	}
	errs, warnings := ValidateWorkflowSpec(spec, rules, path)
	if len(errs) == 0 {
		return nil, warnings
	}
	before, _ := ValidateWorkflowSpec(old, rules, path)
	return Introduced(errs, before), warnings
}

// SpecCounts tells whether an update has to be checked for its spec: the spec has changed, and the object is not on its way
// out.
func SpecCounts[S any](meta *metav1.ObjectMeta, spec, old *S) bool {
	return meta.DeletionTimestamp == nil && !equality.Semantic.DeepEqual(spec, old)
}

// Introduced returns the errors of a changed object that the stored one did not have.
func Introduced(changed, stored field.ErrorList) (errs field.ErrorList) {
	known := make(map[string]bool, len(stored))
	for _, err := range stored {
		known[err.Error()] = true
	}
	for _, err := range changed {
		if !known[err.Error()] {
			errs = append(errs, err)
		}
	}
	return errs
}
