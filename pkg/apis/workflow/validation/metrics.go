package validation

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var metricNameFormat = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// maxGaugeValue is how long the value of a gauge may be, in characters (V-211).
const maxGaugeValue = 256

// validateMetrics checks V-065 to V-069 and V-211.
func validateMetrics(metrics *v1alpha1.Metrics, path *field.Path) (errs field.ErrorList) {
	if metrics == nil {
		return nil
	}
	for i, metric := range metrics.Prometheus {
		at := path.Child("prometheus").Index(i)
		if metric == nil {
			errs = append(errs, field.Required(at, "describe the metric, or leave it out"))
			continue
		}
		errs = append(errs, validateMetric(metric, at)...)
	}
	return errs
}

func validateMetric(metric *v1alpha1.Prometheus, path *field.Path) (errs field.ErrorList) {
	const rule = "may only contain alphanumeric characters or '_', and must not begin with a digit"
	if !metricNameFormat.MatchString(metric.Name) {
		errs = append(errs, field.Invalid(path.Child("name"), metric.Name, fmt.Sprintf("metric name '%s' is invalid: names %s", metric.Name, rule)))
	}
	for i, label := range metric.Labels {
		switch {
		case label == nil:
			errs = append(errs, field.Required(path.Child("labels").Index(i), "give key and value, or leave it out"))
		case !metricNameFormat.MatchString(label.Key):
			errs = append(errs, field.Invalid(path.Child("labels").Index(i).Child("key"), label.Key, fmt.Sprintf("metric label '%s' is invalid: keys %s", label.Key, rule)))
		}
	}
	if metric.Help == "" {
		errs = append(errs, field.Required(path.Child("help"), fmt.Sprintf("metric '%s' must contain a help string", metric.Name)))
	}
	return append(errs, validateMetricValue(metric, path)...)
}

func validateMetricValue(metric *v1alpha1.Prometheus, path *field.Path) (errs field.ErrorList) {
	kinds := 0
	if gauge := metric.Gauge; gauge != nil {
		kinds++
		at := path.Child("gauge", "value")
		switch {
		case gauge.Value == "":
			errs = append(errs, field.Required(at, "missing gauge.value"))
		case len(gauge.Value) > maxGaugeValue:
			errs = append(errs, field.TooLong(at, gauge.Value, maxGaugeValue))
		case gauge.Realtime != nil && *gauge.Realtime && strings.Contains(gauge.Value, "resourcesDuration."):
			errs = append(errs, field.Invalid(at, gauge.Value, "'resourcesDuration.*' metrics cannot be used in real-time"))
		}
		errs = append(errs, validateChoice(gauge.Operation, []v1alpha1.GaugeOperation{
			"", v1alpha1.GaugeOperationSet, v1alpha1.GaugeOperationAdd, v1alpha1.GaugeOperationSub,
		}, path.Child("gauge", "operation"))...)
	}
	if metric.Counter != nil {
		kinds++
		if metric.Counter.Value == "" {
			errs = append(errs, field.Required(path.Child("counter", "value"), "missing counter.value"))
		}
	}
	if metric.Histogram != nil {
		kinds++
		if metric.Histogram.Value == "" {
			errs = append(errs, field.Required(path.Child("histogram", "value"), "missing histogram.value"))
		}
	}
	if kinds > 1 {
		errs = append(errs, field.Forbidden(path, "a metric is one of gauge, counter and histogram"))
	}
	return errs
}
