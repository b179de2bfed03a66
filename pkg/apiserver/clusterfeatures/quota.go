package clusterfeatures

import (
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
)

// quotaInitializer gives the ResourceQuota plugin its evaluators.
type quotaInitializer struct{ configuration quota.Configuration }

// NewQuotaInitializer returns the initializer of the ResourceQuota plugin. There are no evaluators for special resources:
// objects are counted, as `count/<resource>.<group>`. Counting happens in kube-controller-manager, enforcement has to
// happen here, because kube-apiserver does not admit what it only forwards.
func NewQuotaInitializer() admission.PluginInitializer {
	return quotaInitializer{configuration: generic.NewConfiguration(nil, nil)}
}

// Initialize implements admission.PluginInitializer.
func (i quotaInitializer) Initialize(plugin admission.Interface) {
	if wants, ok := plugin.(initializer.WantsQuotaConfiguration); ok {
		wants.SetQuotaConfiguration(i.configuration)
	}
}
