package config

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var (
	configValid = metrics.NewGauge(&metrics.GaugeOpts{
		Name:           "fairlead_config_valid",
		Help:           "1 while the newest configuration is in force, 0 while it cannot be understood and an older one is.",
		StabilityLevel: metrics.ALPHA,
	})
	configLoads = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "fairlead_config_loads_total",
		Help:           "Versions of the configuration that were looked at, by result: taken, refused.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"result"})
	ignoredKeys = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Name:           "fairlead_config_key_without_effect",
		Help:           "1 for each key of the configuration that is set and has no effect.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"key"})

	registerMetrics = sync.OnceFunc(func() {
		legacyregistry.MustRegister(configValid, configLoads, ignoredKeys)
		configValid.Set(1)
	})
)
