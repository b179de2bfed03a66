package storage

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestTable(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	meta := metav1.ObjectMeta{Name: "x"}
	for _, tc := range []struct {
		name string
		cron v1alpha1.CronWorkflow
		want []any
	}{
		{
			"new",
			v1alpha1.CronWorkflow{ObjectMeta: meta, Spec: v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}}},
			[]any{"x", "@daily", false, int64(0), "<none>", "<unknown>", "<none>", "<none>", int64(0), int64(0)},
		},
		{
			"has run",
			v1alpha1.CronWorkflow{
				ObjectMeta: meta,
				Spec:       v1alpha1.CronWorkflowSpec{Schedules: []string{"0 2 * * *", "@weekly"}, Suspend: true, Timezone: "Europe/Berlin"},
				Status: v1alpha1.CronWorkflowStatus{
					Active:            []corev1.ObjectReference{{Name: "x-1"}},
					LastScheduledTime: &metav1.Time{Time: now.Add(-25 * time.Hour)},
					Phase:             v1alpha1.StoppedPhase, Succeeded: 4, Failed: 2,
				},
			},
			[]any{"x", "0 2 * * *; @weekly", true, int64(1), "25h", "<unknown>", "Europe/Berlin", "Stopped", int64(4), int64(2)},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, err := newTableWithClock(clocktesting.NewFakePassiveClock(now)).ConvertToTable(t.Context(), &tc.cron, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Rows[0].Cells; !slices.Equal(got, tc.want) {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}
