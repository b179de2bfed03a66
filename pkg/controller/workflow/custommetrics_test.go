package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

func TestCustomMetrics_MET03(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Unix(1000, 0))
	c := NewCustomMetrics(clock)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	expect := func(want string) {
		t.Helper()
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	}
	label := func(v string) map[string]string { return map[string]string{"step": v} }
	record := func(m ...engine.Metric) {
		t.Helper()
		if problems := c.Record("run-1", m); len(problems) > 0 {
			t.Error(problems)
		}
	}
	record(
		engine.Metric{Kind: engine.MetricCounter, Name: "done", Help: "Steps done.", Labels: label("a"), Value: 1},
		engine.Metric{Kind: engine.MetricCounter, Name: "done", Help: "Steps done.", Labels: label("a"), Value: 2},
		engine.Metric{Kind: engine.MetricCounter, Name: "done", Help: "Told otherwise.", Labels: label("b"), Value: 1},
		engine.Metric{Kind: engine.MetricGauge, Name: "load", Help: "Load.", Value: 5},
		engine.Metric{Kind: engine.MetricGauge, Name: "load", Help: "Load.", Value: 3, Operation: wfv1.GaugeOperationSub},
		engine.Metric{Kind: engine.MetricGauge, Name: "live", Help: "Seconds.", Since: clock.Now().Add(-4 * time.Second)},
		engine.Metric{Kind: engine.MetricHistogram, Name: "size", Help: "Sizes.", Buckets: []float64{1, 10}, Value: 0.5},
		engine.Metric{Kind: engine.MetricHistogram, Name: "size", Help: "Sizes.", Buckets: []float64{1, 10}, Value: 70},
	)
	if problems := c.Record("run-2", []engine.Metric{
		{Kind: engine.MetricGauge, Name: "done", Help: "h", Value: 1},
		{Kind: engine.MetricHistogram, Name: "size", Help: "h", Buckets: []float64{2}, Value: 1},
	}); len(problems) != 2 || !strings.Contains(problems[0].Error(), "rename one of them") || !strings.Contains(problems[1].Error(), "buckets [2] here") {
		t.Errorf("%v", problems)
	}
	if problems := c.Record("run-2", []engine.Metric{
		{Kind: engine.MetricCounter, Name: "total_count", Help: "h", Value: 1},
		{Kind: engine.MetricGauge, Name: "fine", Help: "h", Labels: map[string]string{"__name": "x"}, Value: 1},
	}); len(problems) != 2 {
		t.Errorf("names of the controller's own: %v", problems)
	}
	rest := `
# HELP argo_workflows_done Steps done.
# TYPE argo_workflows_done counter
argo_workflows_done{step="a"} 3
argo_workflows_done{step="b"} 1
# HELP argo_workflows_load Load.
# TYPE argo_workflows_load gauge
argo_workflows_load 2
# HELP argo_workflows_size Sizes.
# TYPE argo_workflows_size histogram
argo_workflows_size_bucket{le="1"} 1
argo_workflows_size_bucket{le="10"} 1
argo_workflows_size_bucket{le="+Inf"} 2
argo_workflows_size_sum 70.5
argo_workflows_size_count 2
`
	live := func(seconds string) string {
		return "# HELP argo_workflows_live Seconds.\n# TYPE argo_workflows_live gauge\nargo_workflows_live " + seconds + "\n"
	}
	expect(live("4") + rest)
	clock.Step(6 * time.Second)
	expect(live("10") + rest)
	c.End("run-2")
	c.End("run-1")
	clock.Step(time.Minute)
	expect(live("10") + rest)

	c.SetTTL(2 * time.Minute)
	record(engine.Metric{Kind: engine.MetricGauge, Name: "load", Help: "Load.", Value: 1})
	clock.Step(90 * time.Second)
	expect("# HELP argo_workflows_load Load.\n# TYPE argo_workflows_load gauge\nargo_workflows_load 1\n")
}
