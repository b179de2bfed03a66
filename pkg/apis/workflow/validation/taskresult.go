package validation

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// MaxTaskResultBytes is how much JSON a result may have: what the helper in a pod sends at most, with some room around it.
const MaxTaskResultBytes = 1<<20 + 64<<10

// ValidateWorkflowTaskResult checks a new WorkflowTaskResult.
func ValidateWorkflowTaskResult(result *v1alpha1.WorkflowTaskResult) field.ErrorList {
	return append(validateMetadata(&result.ObjectMeta, true, 0), validateResultSize(result)...)
}

// ValidateWorkflowTaskResultUpdate checks a changed WorkflowTaskResult. A final one stays as it is; saying the same again is
// no change (RES-07).
func ValidateWorkflowTaskResultUpdate(result, old *v1alpha1.WorkflowTaskResult) field.ErrorList {
	errs := append(validateMetadataUpdate(&result.ObjectMeta, &old.ObjectMeta), validateResultSize(result)...)
	if old.Labels[v1alpha1.LabelKeyReportOutputsCompleted] != "true" {
		return errs
	}
	if result.Labels[v1alpha1.LabelKeyReportOutputsCompleted] != "true" || !equality.Semantic.DeepEqual(result.NodeResult, old.NodeResult) {
		errs = append(errs, field.Forbidden(field.NewPath("outputs"),
			"this result is final (label "+v1alpha1.LabelKeyReportOutputsCompleted+"); only the same content may be sent again"))
	}
	return errs
}

func validateResultSize(result *v1alpha1.WorkflowTaskResult) field.ErrorList {
	data, err := json.Marshal(&result.NodeResult)
	if err != nil {
		return field.ErrorList{field.InternalError(field.NewPath("outputs"), err)}
	}
	if len(data) > MaxTaskResultBytes {
		return field.ErrorList{field.Invalid(field.NewPath("outputs"), fmt.Sprintf("%d bytes", len(data)),
			fmt.Sprintf("a step may report at most %d bytes; larger outputs are artifacts", MaxTaskResultBytes))}
	}
	return nil
}
