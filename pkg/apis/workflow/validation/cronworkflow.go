package validation

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // images need not have the zones

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ValidateCronWorkflow returns what is wrong with a new CronWorkflow, and what is worth a warning. The workflows made from
// it get no values at submission, so its workflowSpec has to be one that can run (V-226).
func ValidateCronWorkflow(object *v1alpha1.CronWorkflow) (field.ErrorList, []string) {
	path := field.NewPath("spec")
	errs := validateMetadata(&object.ObjectMeta, true, MaxCronWorkflowNameLength)
	errs = append(errs, validateCronWorkflowSpec(&object.Spec, path)...)
	specErrs, warnings := ValidateWorkflowSpec(&object.Spec.WorkflowSpec, workflowRules, path.Child("workflowSpec"))
	return append(errs, specErrs...), warnings
}

// ValidateCronWorkflowUpdate returns what is wrong with a changed CronWorkflow, and what is worth a warning. The controller
// writes the status through the same update, and must be able to whatever the rules say of the spec by now: only what a
// change of the spec brings in counts.
func ValidateCronWorkflowUpdate(object, old *v1alpha1.CronWorkflow) (field.ErrorList, []string) {
	path := field.NewPath("spec")
	errs := validateMetadataUpdate(&object.ObjectMeta, &old.ObjectMeta)
	if SpecCounts(&object.ObjectMeta, &object.Spec, &old.Spec) {
		errs = append(errs, Introduced(validateCronWorkflowSpec(&object.Spec, path), validateCronWorkflowSpec(&old.Spec, path))...)
	}
	specErrs, warnings := validateSpecUpdate(&object.ObjectMeta, &object.Spec.WorkflowSpec, &old.Spec.WorkflowSpec, workflowRules, path.Child("workflowSpec"))
	return append(errs, specErrs...), warnings
}

func validateCronWorkflowSpec(spec *v1alpha1.CronWorkflowSpec, path *field.Path) field.ErrorList {
	errs := validateSchedules(spec.Schedules, path.Child("schedules"))
	errs = append(errs, validateTimezone(spec.Timezone, path.Child("timezone"))...)
	switch spec.ConcurrencyPolicy {
	case "", v1alpha1.AllowConcurrent, v1alpha1.ForbidConcurrent, v1alpha1.ReplaceConcurrent:
	default:
		errs = append(errs, field.NotSupported(path.Child("concurrencyPolicy"), spec.ConcurrencyPolicy,
			[]v1alpha1.ConcurrencyPolicy{v1alpha1.AllowConcurrent, v1alpha1.ForbidConcurrent, v1alpha1.ReplaceConcurrent}))
	}
	if seconds := spec.StartingDeadlineSeconds; seconds != nil && *seconds < 0 {
		errs = append(errs, field.Invalid(path.Child("startingDeadlineSeconds"), *seconds, "must be 0 or more seconds"))
	}
	if limit := spec.SuccessfulJobsHistoryLimit; limit != nil && *limit < 0 {
		errs = append(errs, field.Invalid(path.Child("successfulJobsHistoryLimit"), *limit, "must be 0 or more workflows"))
	}
	if limit := spec.FailedJobsHistoryLimit; limit != nil && *limit < 0 {
		errs = append(errs, field.Invalid(path.Child("failedJobsHistoryLimit"), *limit, "must be 0 or more workflows"))
	}
	return errs
}

// validateSchedules checks V-212, V-221 and V-222.
func validateSchedules(schedules []string, path *field.Path) field.ErrorList {
	if len(schedules) == 0 {
		return field.ErrorList{field.Required(path, `at least one schedule, such as "0 2 * * *" or "@daily"`)}
	}
	var errs field.ErrorList
	for i, schedule := range schedules {
		if strings.Contains(schedule, "TZ=") {
			errs = append(errs, field.Invalid(path.Index(i), schedule, "must not name a time zone; use spec.timezone"))
			continue
		}
		if _, err := cron.ParseStandard(schedule); err != nil {
			errs = append(errs, field.Invalid(path.Index(i), schedule,
				"must have five fields (minute, hour, day of month, month, day of week) or be a descriptor such as @daily: "+err.Error()))
		}
	}
	return errs
}

// validateTimezone checks V-223. UTC and Local are names as well; none is the controller's zone.
func validateTimezone(zone string, path *field.Path) field.ErrorList {
	if _, err := time.LoadLocation(zone); err != nil {
		return field.ErrorList{field.Invalid(path, zone, fmt.Sprintf("invalid timezone %q: use a name of the IANA database, such as Europe/Berlin", zone))}
	}
	return nil
}
