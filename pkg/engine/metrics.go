package engine

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// MetricKind is how the values of a metric add up.
type MetricKind string

// The kinds of metrics that a workflow can have.
const (
	MetricGauge     MetricKind = "gauge"
	MetricCounter   MetricKind = "counter"
	MetricHistogram MetricKind = "histogram"
)

// Metric is a value for a metric that a workflow or a template declares (MET-03).
type Metric struct {
	Kind MetricKind
	// Name as declared, without prefix, and the explanation.
	Name, Help string
	// Labels by name.
	Labels map[string]string
	// Value to set, add, subtract or count.
	Value float64
	// Operation of a gauge; empty: set.
	Operation v1alpha1.GaugeOperation
	// Buckets of a histogram, ascending.
	Buckets []float64
	// Since, if set, is when what the gauge measures began: until a value without it comes, the value is the time since then
	// in seconds.
	Since time.Time
}

var metricName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// measureStart gives the gauges that count while a node runs their beginning. Attempts have none: their Retry node has.
func (r *Run) measureStart(e *entry, t *template) {
	if t == nil || t.spec.Metrics == nil || e.call.attempt != nil || e.st.Fulfilled() {
		return
	}
	r.measure(t.spec.Metrics, r.nodeScope(e, t), e.st.StartedAt.Time, true)
}

// measureEnd evaluates the metrics of a node that is fulfilled. Nothing that never ran has any.
func (r *Run) measureEnd(e *entry) {
	if e.measured || e.call == nil || e.call.attempt != nil {
		return
	}
	switch e.st.Type {
	case v1alpha1.NodeTypeSkipped, v1alpha1.NodeTypeTaskGroup, v1alpha1.NodeTypeStepGroup:
		return
	}
	e.measured = true
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil || t.spec.Metrics == nil {
		return
	}
	scope := expr.Scopes{nodeValues(&e.st, r.now.Time), r.nodeScope(e, t)}
	r.measure(t.spec.Metrics, scope, e.st.StartedAt.Time, false)
}

// measureWorkflow evaluates the metrics of the workflow: those that count while it runs at its start, all at its end.
func (r *Run) measureWorkflow(start bool) {
	if r.spec.Metrics == nil || r.globals == nil {
		return
	}
	scope := expr.Scopes{r.statusScope(), r.workflowValues(), r.globals}
	r.measure(r.spec.Metrics, scope, r.status.StartedAt.Time, start)
}

// workflowValues are what the metrics of a workflow know beside its variables.
func (r *Run) workflowValues() expr.Map {
	values := expr.Map{"status": string(r.status.Phase), "duration": r.duration()}
	for name, d := range r.resources {
		values["resourcesDuration."+string(name)] = strconv.FormatInt(int64(d), 10)
	}
	return values
}

// nodeValues are what the metrics of a template know of its node (VAR-23).
func nodeValues(st *v1alpha1.NodeStatus, now time.Time) expr.Map {
	end := st.FinishedAt.Time
	if end.IsZero() {
		end = now
	}
	values := expr.Map{"status": string(st.Phase), "duration": strconv.FormatFloat(end.Sub(st.StartedAt.Time).Seconds(), 'f', 6, 64)}
	for name, d := range st.ResourcesDuration {
		values["resourcesDuration."+string(name)] = strconv.FormatInt(int64(d), 10)
	}
	if out := st.Outputs; out != nil {
		if out.ExitCode != nil {
			values["exitCode"] = *out.ExitCode
		}
		if out.Result != nil {
			values["outputs.result"] = *out.Result
		}
		for _, p := range out.Parameters {
			if p.Value != nil {
				values["outputs.parameters."+p.Name] = string(*p.Value)
			}
		}
	}
	return values
}

// measure evaluates metrics. What goes wrong stands in the condition MetricsError; the workflow goes on.
func (r *Run) measure(metrics *v1alpha1.Metrics, scope expr.Scope, since time.Time, start bool) {
	for _, spec := range metrics.Prometheus {
		if spec == nil || start && !realtime(spec) {
			continue
		}
		m, err := r.metric(spec, scope, since, start)
		switch {
		case err != nil:
			r.metricFailed(fmt.Sprintf("metric %s: %s", spec.Name, err))
		case m != nil:
			r.out.Metrics = append(r.out.Metrics, *m)
		}
	}
}

// maxMetricErrors bounds the message of the condition MetricsError, in bytes: loops repeat what is wrong.
const maxMetricErrors = 4 << 10

func (r *Run) metricFailed(problem string) {
	st := &r.status
	message := problem
	if i := slices.IndexFunc(st.Conditions, func(c v1alpha1.Condition) bool { return c.Type == v1alpha1.ConditionTypeMetricsError }); i >= 0 {
		known := st.Conditions[i].Message
		if strings.Contains(known, problem) || len(known)+len(problem) > maxMetricErrors {
			return
		}
		message = known + ", " + problem
	}
	st.Conditions = slices.Clone(st.Conditions)
	st.Conditions.UpsertCondition(v1alpha1.Condition{Type: v1alpha1.ConditionTypeMetricsError, Status: metav1.ConditionTrue, Message: message})
	r.statusChanged = true
}

func realtime(spec *v1alpha1.Prometheus) bool {
	return spec.Gauge != nil && spec.Gauge.Realtime != nil && *spec.Gauge.Realtime
}

// metric evaluates one; nil without an error: its condition does not hold.
func (r *Run) metric(spec *v1alpha1.Prometheus, scope expr.Scope, since time.Time, start bool) (*Metric, error) {
	if !metricName.MatchString(spec.Name) {
		return nil, errors.New("a name has letters, digits and '_', and begins with no digit")
	}
	if spec.When != "" && !start {
		text, err := r.cache.RenderString(spec.When, scope, expr.Strict)
		if err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
		if holds, err := expr.When(text); err != nil || !holds {
			return nil, err
		}
	}
	m := &Metric{Name: spec.Name, Help: spec.Help, Labels: map[string]string{}}
	for _, label := range spec.Labels {
		if label == nil {
			return nil, errors.New("a label is empty")
		}
		if !metricName.MatchString(label.Key) {
			return nil, fmt.Errorf("label %q: a name has letters, digits and '_', and begins with no digit", label.Key)
		}
		text, err := r.cache.RenderString(label.Value, scope, expr.Strict)
		if err != nil {
			return nil, fmt.Errorf("label %s: %w", label.Key, err)
		}
		m.Labels[label.Key] = text
	}
	value, err := m.kindOf(spec)
	if err != nil {
		return nil, err
	}
	if realtime(spec) {
		return m, r.realtimeValue(m, value, scope, since, start)
	}
	return m, r.metricValue(m, value, scope)
}

// kindOf fills in what belongs to the kind, and gives the text of the value.
func (m *Metric) kindOf(spec *v1alpha1.Prometheus) (string, error) {
	switch {
	case spec.Gauge != nil:
		m.Kind, m.Operation = MetricGauge, spec.Gauge.Operation
		return spec.Gauge.Value, nil
	case spec.Counter != nil:
		m.Kind = MetricCounter
		return spec.Counter.Value, nil
	case spec.Histogram != nil:
		m.Kind = MetricHistogram
		for _, bound := range spec.Histogram.Buckets {
			b, err := bound.Float64()
			if err != nil {
				return "", fmt.Errorf("histogram.buckets: %w", err)
			}
			m.Buckets = append(m.Buckets, b)
		}
		slices.Sort(m.Buckets)
		return spec.Histogram.Value, nil
	}
	return "", errors.New("it needs a gauge, a counter or a histogram")
}

// realtimeValue sets a gauge that counts seconds while something runs: since when, or at the end how many.
func (r *Run) realtimeValue(m *Metric, value string, scope expr.Scope, since time.Time, start bool) error {
	switch strings.Join(strings.Fields(value), "") {
	case "{{workflow.duration}}":
		since = r.status.StartedAt.Time
		start = start || r.status.FinishedAt.IsZero() // the workflow goes on after its node
	case "{{duration}}":
	default:
		return fmt.Errorf("the value of a real-time gauge is {{duration}} or {{workflow.duration}}, not %q", value)
	}
	if start {
		m.Since = since
		return nil
	}
	return r.metricValue(m, value, scope)
}

func (r *Run) metricValue(m *Metric, value string, scope expr.Scope) error {
	text, err := r.cache.RenderString(value, scope, expr.Strict)
	if err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if m.Value, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
		return fmt.Errorf("value: %q is not a number", text)
	}
	if m.Kind == MetricCounter && m.Value < 0 {
		return fmt.Errorf("value: a counter cannot go down by %s", strings.TrimPrefix(text, "-"))
	}
	return nil
}

// Series names the one time series that a value belongs to: name and labels in a fixed order.
func (m *Metric) Series() string {
	var b strings.Builder
	b.WriteString(m.Name)
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		fmt.Fprintf(&b, "|%s=%q", key, m.Labels[key])
	}
	return b.String()
}
