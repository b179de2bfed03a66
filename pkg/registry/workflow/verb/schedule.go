package verb

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// scheduledTimes are the times between start and end, both included, at which the schedules of a cron workflow are due, in
// order and each once. It stops at one more than limit, which tells that there are more. An error of the context comes back
// as it is; others are about the spec.
func scheduledTimes(ctx context.Context, spec *v1alpha1.CronWorkflowSpec, start, end time.Time, limit int) ([]time.Time, error) {
	schedules, err := pastSchedules(spec)
	if err != nil {
		return nil, err
	}
	location, err := time.LoadLocation(spec.Timezone)
	if err != nil {
		return nil, field.Invalid(field.NewPath("spec", "timezone"), spec.Timezone, "is not the IANA name of a time zone")
	}
	// A schedule gives the first time after another one; start itself counts.
	last := start.Add(-time.Second).In(location)
	next := make([]time.Time, len(schedules))
	for i := range schedules {
		next[i] = schedules[i].Next(last)
	}
	var times []time.Time
	for len(times) <= limit {
		// The user may be gone: a span of years with rare times takes its time to walk through.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := earliest(next)
		if at.IsZero() || at.After(end) {
			break
		}
		times = append(times, at)
		for i := range schedules {
			if next[i].Equal(at) {
				next[i] = schedules[i].Next(at)
			}
		}
	}
	return times, nil
}

// pastSchedules reads the schedules of a cron workflow, all of which have to be due at times of the clock.
func pastSchedules(spec *v1alpha1.CronWorkflowSpec) ([]cron.Schedule, error) {
	path := field.NewPath("spec", "schedules")
	schedules := make([]cron.Schedule, len(spec.Schedules))
	for i, text := range spec.Schedules {
		schedule, err := cron.ParseStandard(text)
		if err != nil {
			return nil, field.Invalid(path.Index(i), text, err.Error())
		}
		if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
			// Such a schedule runs from when its controller started, which says nothing about the past.
			return nil, field.Invalid(path.Index(i), text, fmt.Sprintf("every %s counts from when it was last due and has no times in the past", every.Delay))
		}
		schedules[i] = schedule
	}
	return schedules, nil
}

// earliest is the first of the times; zero ones do not count, and are what comes back if there are no others.
func earliest(times []time.Time) (first time.Time) {
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
