package apiserver

import (
	"net/http"

	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"fairlead.dev/fairlead/pkg/apiserver/bodylimit"
	"fairlead.dev/fairlead/pkg/apiserver/scalartext"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
)

// StorageProvider builds what serves the resources of the group.
type StorageProvider interface {
	// NewRESTStorage returns the storage of every resource and subresource, by name.
	NewRESTStorage(getter generic.RESTOptionsGetter) (map[string]rest.Storage, error)
	// Learn is given the schemas of the kinds, by name, once the resources are served.
	Learn(schemas map[string]*spec.Schema) error
	// PostStartHooks returns background work, by name.
	PostStartHooks() map[string]genericapiserver.PostStartHookFunc
}

// ExtraConfig is what this server needs beyond a generic one.
type ExtraConfig struct {
	// Storage builds the storage of the resources. Required.
	Storage StorageProvider
	// HealthChecks fail /healthz, /livez and /readyz.
	HealthChecks []healthz.HealthChecker
	// ReadyzChecks fail /readyz only.
	ReadyzChecks []healthz.HealthChecker
	// PostStartHooks run when the server serves.
	PostStartHooks map[string]genericapiserver.PostStartHookFunc
}

// Config is a server to be.
type Config struct {
	Generic *genericapiserver.RecommendedConfig
	Extra   ExtraConfig
}

// NewConfig returns a configuration with everything set that does not come from options. version is our own version; the
// generic server goes by the version of Kubernetes that it was built from.
func NewConfig(version string) *Config {
	generic := genericapiserver.NewRecommendedConfig(Codecs)
	generic.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	generic.FeatureGate = utilfeature.DefaultFeatureGate
	generic.LongRunningFunc = longRunning()
	generic.MaxRequestBodyBytes = bodylimit.Max
	setOpenAPI(&generic.Config, version)
	return &Config{Generic: generic}
}

// CompletedConfig is a configuration from which a server can be made. Only Complete makes one.
type CompletedConfig struct{ *completedConfig }

type completedConfig struct {
	generic genericapiserver.CompletedConfig
	extra   *ExtraConfig
}

// Complete fills in what follows from the rest. The configuration must not be changed afterwards.
func (c *Config) Complete() CompletedConfig {
	chain := c.Generic.BuildHandlerChainFunc
	c.Generic.BuildHandlerChainFunc = func(handler http.Handler, config *genericapiserver.Config) http.Handler {
		// Inside of the generic chain: user and request info are known, and rights are checked.
		handler = scalartext.Filter(handler)
		handler = bodylimit.Filter(handler)
		handler = WithAccept(handler)
		handler = managers.Filter(handler)
		return chain(handler, config)
	}
	return CompletedConfig{&completedConfig{generic: c.Generic.Complete(), extra: &c.Extra}}
}
