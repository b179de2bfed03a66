package v1alpha1

// Metrics are the metrics that a workflow or template emits.
type Metrics struct {
	// The metrics. Several may share a name if their kind and help agree.
	// +listType=atomic
	Prometheus []*Prometheus `json:"prometheus"`
}

// Prometheus is one metric, computed when the workflow or the node of the template ends. Exactly one of `gauge`, `histogram`
// and `counter` is set.
type Prometheus struct {
	// Name of the metric; the controller puts a prefix before it.
	Name string `json:"name"`
	// Labels of the metric.
	// +optional
	// +listType=atomic
	Labels []*MetricLabel `json:"labels,omitempty"`
	// Explanation that is shown with the metric. Required.
	Help string `json:"help"`
	// Expression that must be true for the metric to be emitted, such as `{{status}} == Failed`. Default: always.
	// +optional
	When string `json:"when,omitempty"`
	// A value that goes up and down.
	// +optional
	Gauge *Gauge `json:"gauge,omitempty"`
	// A distribution of values.
	// +optional
	Histogram *Histogram `json:"histogram,omitempty"`
	// A value that only grows.
	// +optional
	Counter *Counter `json:"counter,omitempty"`
}

// MetricLabel is one label of a metric.
type MetricLabel struct {
	// Name of the label.
	Key string `json:"key"`
	// Its value; variables are replaced.
	Value string `json:"value"`
}

// GaugeOperation tells what a gauge does with its value.
// +enum
type GaugeOperation string

const (
	// GaugeOperationSet makes the value the gauge's.
	GaugeOperationSet GaugeOperation = "Set"
	// GaugeOperationAdd adds the value to the gauge's.
	GaugeOperationAdd GaugeOperation = "Add"
	// GaugeOperationSub subtracts the value from the gauge's.
	GaugeOperationSub GaugeOperation = "Sub"
)

// Gauge is a value that goes up and down.
type Gauge struct {
	// The value: a number after its variables are replaced.
	Value string `json:"value"`
	// Compute the value at each scrape while the workflow or node runs, instead of once at its end. The value can then only
	// be `{{workflow.duration}}` or `{{duration}}`. Default: false.
	// +optional
	Realtime *bool `json:"realtime"`
	// What to do with the value: `Set`, `Add` or `Sub`. Default: `Set`.
	// +optional
	Operation GaugeOperation `json:"operation,omitempty"`
}

// Histogram is a distribution of values.
type Histogram struct {
	// The value to count: a number after its variables are replaced.
	Value string `json:"value"`
	// Upper bounds of the buckets, ascending. A bucket without bound is added.
	// +listType=atomic
	Buckets []Amount `json:"buckets"`
}

// Counter is a value that only grows.
type Counter struct {
	// How much to add: a number after its variables are replaced.
	Value string `json:"value"`
}
