package storage

import (
	"strings"
	"time"

	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

func newTable() rest.TableConvertor { return newTableWithClock(clock.RealClock{}) }

func newTableWithClock(clock clock.PassiveClock) rest.TableConvertor {
	type column = kind.Column[*v1alpha1.CronWorkflow]
	return kind.NewTableWithClock(clock,
		column{
			Name: "Schedules", Description: "Times at which workflows are created.",
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any {
				return kind.Text(strings.Join(cron.Spec.Schedules, "; "))
			},
		},
		column{
			Name: "Suspend", Type: "boolean", Description: "No workflows are created for now.",
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return cron.Spec.Suspend },
		},
		column{
			Name: "Active", Type: "integer", Description: "Number of workflows that are running.",
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return int64(len(cron.Status.Active)) },
		},
		column{
			Name: "Last Run", Description: "Time since the scheduled time of the last workflow.",
			Cell: func(cron *v1alpha1.CronWorkflow, now time.Time) any {
				return kind.Since(cron.Status.LastScheduledTime, now)
			},
		},
		column{
			Name: "Timezone", Description: "Time zone of the schedules.", Wide: true,
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return kind.Text(cron.Spec.Timezone) },
		},
		column{
			Name: "Phase", Description: "Active, or Stopped for good by the stop strategy.", Wide: true,
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return kind.Text(string(cron.Status.Phase)) },
		},
		column{
			Name: "Succeeded", Type: "integer", Description: "Number of workflows that have succeeded.", Wide: true,
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return cron.Status.Succeeded },
		},
		column{
			Name: "Failed", Type: "integer", Description: "Number of workflows that have not.", Wide: true,
			Cell: func(cron *v1alpha1.CronWorkflow, _ time.Time) any { return cron.Status.Failed },
		},
	)
}
