package verb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestScheduledTimes_CRON10(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name      string
		schedules []string
		timezone  string
		end       time.Time
		limit     int
		want      string
	}{
		{"start and end count", []string{"0 0 * * *"}, "UTC", start.AddDate(0, 0, 2), 10, "01T00 02T00 03T00"},
		{"several in order, each once", []string{"0 12 * * *", "0 0 * * *", "0 */12 * * *"}, "UTC", start.AddDate(0, 0, 1), 10, "01T00 01T12 02T00"},
		{"one more than the limit, and no more", []string{"* * * * *", "*/2 * * * *"}, "UTC", start.AddDate(9, 0, 0), 2, "01T00 01T00 01T00"},
		{"a day that never comes beside one that does", []string{"0 0 30 2 *", "0 6 * * *"}, "UTC", start.AddDate(0, 0, 1), 10, "01T06"},
		{"a zone", []string{"0 2 * * *"}, "Asia/Tokyo", start.AddDate(0, 0, 1), 10, "02T02"},
		{"nothing in the span", []string{"0 0 * * *"}, "UTC", start, 10, "01T00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := &v1alpha1.CronWorkflowSpec{Schedules: tc.schedules, Timezone: tc.timezone}
			times, err := scheduledTimes(t.Context(), spec, start, tc.end, tc.limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, at := range times {
				got = append(got, at.Format("02T15"))
			}
			if strings.Join(got, " ") != tc.want || cap(times) > 2*(tc.limit+1) {
				t.Errorf("%v, %d held", got, cap(times))
			}
		})
	}
}

// Who goes away is not worked for any longer.
func TestScheduledTimesEndWithTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	spec := &v1alpha1.CronWorkflowSpec{Schedules: []string{"* * * * *"}, Timezone: "UTC"}
	if times, err := scheduledTimes(ctx, spec, time.Unix(0, 0), time.Unix(1<<31, 0), largestMaxWorkflows); !errors.Is(err, context.Canceled) || times != nil {
		t.Errorf("%d times, %v", len(times), err)
	}
}

func TestMaxWorkflows_CRON10(t *testing.T) {
	r := &BackfillREST{clock: clock.RealClock{}}
	for number, fine := range map[int32]bool{-1: false, 0: true, 1: true, largestMaxWorkflows: true, largestMaxWorkflows + 1: false, 1<<31 - 1: false} {
		o := &v1alpha1.BackfillOptions{MaxWorkflows: number}
		o.Start.Time, o.End.Time = time.Unix(0, 0), time.Unix(60, 0)
		errs := r.check(o)
		if fine != (len(errs) == 0) || !fine && errs[0].Field != "maxWorkflows" {
			t.Errorf("%d: %v", number, errs)
		}
	}
}

// Wherever a long name is cut, what comes out is a name, and another one than that of another cron workflow.
func TestBackfilledName_CRON10(t *testing.T) {
	at := time.Unix(1772373600, 0)
	for _, part := range []string{"a", "a.", "a-", "ab.c-", "a--."} {
		for n := 1; n <= 52; n++ {
			cron := strings.Repeat(part, 52)[:n-1] + "z"
			if len(validation.IsDNS1123Subdomain(cron)) > 0 {
				continue
			}
			for _, backfill := range []string{"b", "backfill", "a-long-one-of-many-parts-that-says-what-it-is-for"} {
				name := backfilledName(cron, backfill, at)
				if problems := append(validation.IsDNS1123Subdomain(name), validation.IsValidLabelValue(name)...); len(problems) > 0 || strings.Contains(name, ".-") {
					t.Errorf("%s, %s: %s: %v", cron, backfill, name, problems)
				}
				if len(cron)+len(backfill) > 52 && name == backfilledName(cron, backfill+"x", at) {
					t.Errorf("%s, %s: %s is that of another one as well", cron, backfill, name)
				}
			}
		}
	}
}
