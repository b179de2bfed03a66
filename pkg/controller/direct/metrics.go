package direct

import (
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var inUse = metrics.NewGauge(&metrics.GaugeOpts{
	Name:           "fairlead_workflow_server_direct",
	Help:           "1 while requests for workflows go straight to the workflow server, 0 while they go through kube-apiserver.",
	StabilityLevel: metrics.ALPHA,
})

func init() { legacyregistry.MustRegister(inUse) }
