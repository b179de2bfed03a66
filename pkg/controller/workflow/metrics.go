package workflow

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/utils/clock"
)

// Metrics of the loop. Those that the reference system has too bear its names.
var (
	syncDuration = metrics.NewHistogram(&metrics.HistogramOpts{
		Name:           "argo_workflows_operation_duration_seconds",
		Help:           "How long one look at a workflow took.",
		Buckets:        metrics.ExponentialBuckets(0.0005, 2, 16),
		StabilityLevel: metrics.ALPHA,
	})
	successorGap = metrics.NewHistogram(&metrics.HistogramOpts{
		Name:           "fairlead_successor_gap_seconds",
		Help:           "From the moment the end of a pod was seen to the request that creates a pod that waited for it.",
		Buckets:        metrics.ExponentialBuckets(0.001, 2, 14),
		StabilityLevel: metrics.ALPHA,
	})
	podCreations = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "fairlead_pod_creations_total",
		Help:           "Requests that create pods, by outcome: created, exists, refused.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"outcome"})
	phaseCount = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "argo_workflows_total_count",
		Help:           "Workflows that entered a phase.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"phase", "namespace"})
	errorCount = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "argo_workflows_error_count",
		Help:           "Errors of the controller itself, by cause.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"cause"})
	runsInMemory = metrics.NewGauge(&metrics.GaugeOpts{
		Name:           "fairlead_runs_in_memory",
		Help:           "Workflows whose node table is in memory.",
		StabilityLevel: metrics.ALPHA,
	})

	// customMetrics are those that workflows declare.
	customMetrics = NewCustomMetrics(clock.RealClock{})

	registerMetrics sync.Once
)

// RegisterMetrics makes the metrics of the loop appear in component-base's registry, and returns the collection for those
// that workflows declare.
func RegisterMetrics() *CustomMetrics {
	registerMetrics.Do(func() {
		legacyregistry.RawMustRegister(customMetrics)
		legacyregistry.MustRegister(syncDuration, successorGap, podCreations, phaseCount, errorCount, runsInMemory)
	})
	return customMetrics
}
