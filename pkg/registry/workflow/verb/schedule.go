package verb

import (
	"fmt"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// scheduledTimes are the times between start and end, both included, at which the schedules of a cron workflow are due, in
// order and each once. More than limit of them are cut there.
func scheduledTimes(spec *v1alpha1.CronWorkflowSpec, start, end time.Time, limit int) ([]time.Time, error) {
	location, err := time.LoadLocation(spec.Timezone)
	if err != nil {
		return nil, field.Invalid(field.NewPath("spec", "timezone"), spec.Timezone, "is not the IANA name of a time zone")
	}
	var times []time.Time
	for i, text := range spec.Schedules {
		schedule, err := cron.ParseStandard(text)
		if err != nil {
			return nil, field.Invalid(field.NewPath("spec", "schedules").Index(i), text, err.Error())
		}
		if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
			// Such a schedule runs from when its controller started, which says nothing about the past.
			return nil, field.Invalid(field.NewPath("spec", "schedules").Index(i), text, fmt.Sprintf("every %s counts from when it was last due and has no times in the past", every.Delay))
		}
		// A schedule gives the first time after another one; start itself counts.
		at := start.Add(-time.Second).In(location)
		for range limit + 1 {
			if at = schedule.Next(at); at.IsZero() || at.After(end) {
				break
			}
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	times = slices.CompactFunc(times, time.Time.Equal)
	return times[:min(len(times), limit+1)], nil
}
