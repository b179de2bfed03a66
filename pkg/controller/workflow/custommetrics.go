package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// metricPrefix stands before the name of each metric that a workflow declares.
const metricPrefix = "argo_workflows_"

// ownMetrics are the names, behind the prefix, that the controller's own metrics have.
var ownMetrics = []string{"operation_duration_seconds", "total_count", "error_count", "gauge", "is_leader", "version"}

// CustomMetrics are the metrics that workflows and templates declare (MET-03). Workflows share a metric by its name; the first
// to use it fixes its kind, help and buckets. It is a prometheus.Collector.
type CustomMetrics struct {
	clock    clock.PassiveClock
	mu       sync.Mutex
	ttl      time.Duration
	families map[string]*metricFamily
}

type metricFamily struct {
	kind    engine.MetricKind
	help    string
	buckets []float64
	series  map[string]*metricSeries
}

type metricSeries struct {
	labels  prometheus.Labels
	value   float64
	since   time.Time // set: the value is the time since then
	owner   types.UID // workflow that since is about
	counts  []uint64  // of a histogram, by bucket, not cumulative
	count   uint64
	updated time.Time
}

// NewCustomMetrics returns an empty collection.
func NewCustomMetrics(clock clock.PassiveClock) *CustomMetrics {
	return &CustomMetrics{clock: clock, families: map[string]*metricFamily{}}
}

// SetTTL forgets a time series once it has had no value for so long; zero, the default, keeps it.
func (c *CustomMetrics) SetTTL(ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ttl = ttl
}

// Record takes in the values that a workflow decided. An error names each metric that is at odds with what another workflow
// declared under its name; the others are taken in.
func (c *CustomMetrics) Record(owner types.UID, metrics []engine.Metric) []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var problems []error
	for i := range metrics {
		if err := c.record(owner, &metrics[i]); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}

func (c *CustomMetrics) record(owner types.UID, m *engine.Metric) error {
	if slices.Contains(ownMetrics, m.Name) {
		return fmt.Errorf("metric %s is one of the controller's own: give it another name", m.Name)
	}
	for key := range m.Labels {
		if strings.HasPrefix(key, "__") || m.Kind == engine.MetricHistogram && key == "le" {
			return fmt.Errorf("metric %s: the label %s is reserved: give it another name", m.Name, key)
		}
	}
	f := c.families[m.Name]
	if f == nil {
		f = &metricFamily{kind: m.Kind, help: m.Help, buckets: m.Buckets, series: map[string]*metricSeries{}}
		c.families[m.Name] = f
	}
	if f.kind != m.Kind {
		return fmt.Errorf("metric %s is a %s here, and another workflow has it as a %s: rename one of them", m.Name, m.Kind, f.kind)
	}
	if !slices.Equal(f.buckets, m.Buckets) {
		return fmt.Errorf("metric %s has buckets %v here, and %v in another workflow: make them equal or rename one", m.Name, m.Buckets, f.buckets)
	}
	key := m.Series()
	s := f.series[key]
	if s == nil {
		s = &metricSeries{labels: maps.Clone(m.Labels), counts: make([]uint64, len(f.buckets))}
		f.series[key] = s
	}
	s.updated = c.clock.Now()
	s.since, s.owner = m.Since, owner
	switch {
	case !m.Since.IsZero():
	case m.Kind == engine.MetricHistogram:
		s.observe(m.Value, f.buckets)
	case m.Kind == engine.MetricCounter || m.Operation == wfv1.GaugeOperationAdd:
		s.value += m.Value
	case m.Operation == wfv1.GaugeOperationSub:
		s.value -= m.Value
	default:
		s.value = m.Value
	}
	return nil
}

func (s *metricSeries) observe(value float64, buckets []float64) {
	s.value += value
	s.count++
	for i, bound := range buckets {
		if value <= bound {
			s.counts[i]++
			return
		}
	}
}

// End stops the gauges that count while a workflow runs, as it runs no more.
func (c *CustomMetrics) End(owner types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.families {
		for _, s := range f.series {
			if s.owner == owner && !s.since.IsZero() {
				s.value = c.clock.Since(s.since).Seconds()
				s.since = time.Time{}
			}
		}
	}
}

// Describe implements prometheus.Collector: what will be there is not known beforehand.
func (c *CustomMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *CustomMetrics) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	for name, f := range c.families {
		for key, s := range f.series {
			if c.ttl > 0 && s.since.IsZero() && now.Sub(s.updated) > c.ttl {
				delete(f.series, key)
				continue
			}
			if m := f.collect(name, s, now); m != nil {
				out <- m
			}
		}
		if len(f.series) == 0 {
			delete(c.families, name)
		}
	}
}

func (f *metricFamily) collect(name string, s *metricSeries, now time.Time) prometheus.Metric {
	desc := prometheus.NewDesc(metricPrefix+name, f.help, nil, s.labels)
	var m prometheus.Metric
	var err error
	switch f.kind {
	case engine.MetricHistogram:
		cumulative, sum := map[float64]uint64{}, uint64(0)
		for i, bound := range f.buckets {
			sum += s.counts[i]
			cumulative[bound] = sum
		}
		m, err = prometheus.NewConstHistogram(desc, s.count, s.value, cumulative)
	case engine.MetricCounter:
		m, err = prometheus.NewConstMetric(desc, prometheus.CounterValue, s.value)
	default:
		value := s.value
		if !s.since.IsZero() {
			value = now.Sub(s.since).Seconds()
		}
		m, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, value)
	}
	if err != nil {
		return nil // a metric that Prometheus' library does not take must not keep all others from being read
	}
	return m
}
