package artifactgc

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var (
	deletedArtifacts = metrics.NewCounter(&metrics.CounterOpts{
		Name:           "fairlead_artifacts_deleted_total",
		Help:           "Artifacts that artifact garbage collection has deleted.",
		StabilityLevel: metrics.ALPHA,
	})
	failedAttempts = metrics.NewCounter(&metrics.CounterOpts{
		Name:           "fairlead_artifact_gc_failed_attempts_total",
		Help:           "Attempts to delete artifacts after which some were left.",
		StabilityLevel: metrics.ALPHA,
	})
	lostArtifacts = metrics.NewCounter(&metrics.CounterOpts{
		Name:           "fairlead_artifacts_left_behind_total",
		Help:           "Times that artifacts were left behind for good, because their place could not be worked out or their namespace was going.",
		StabilityLevel: metrics.ALPHA,
	})
)

// RegisterMetrics makes the metrics of the loop appear in component-base's registry.
var RegisterMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(deletedArtifacts, failedAttempts, lostArtifacts)
})
