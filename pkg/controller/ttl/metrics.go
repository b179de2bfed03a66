package ttl

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var deletions = metrics.NewCounterVec(&metrics.CounterOpts{
	Name:           "fairlead_workflow_deletions_total",
	Help:           "Workflows that were deleted because their time was over (ttl) or because only so many are kept (retention).",
	StabilityLevel: metrics.ALPHA,
}, []string{"why"})

// RegisterMetrics makes the metrics of the loop appear in component-base's registry.
var RegisterMetrics = sync.OnceFunc(func() { legacyregistry.MustRegister(deletions) })
