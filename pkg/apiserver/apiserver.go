package apiserver

import (
	"fmt"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// shutdownTimeout bounds how long an ending server waits for connections that requests without a deadline keep open.
const shutdownTimeout = 10 * time.Second

// Server is the API server.
type Server struct {
	*genericapiserver.GenericAPIServer
}

// New builds the server; nothing runs yet.
func (c completedConfig) New() (*Server, error) {
	generic, err := c.generic.New("fairlead-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, err
	}
	generic.ShutdownTimeout = shutdownTimeout

	storage, err := c.extra.Storage.NewRESTStorage(c.generic.RESTOptionsGetter)
	if err != nil {
		return nil, fmt.Errorf("set up the storage of %s: %w", v1alpha1.SchemeGroupVersion, err)
	}
	group := genericapiserver.NewDefaultAPIGroupInfo(v1alpha1.GroupName, Scheme, ParameterCodec, Codecs)
	group.NegotiatedSerializer = withPaths{withoutBlanks{withoutProtobuf{group.NegotiatedSerializer}}}
	group.VersionedResourcesStorageMap[v1alpha1.SchemeGroupVersion.Version] = storage
	if err := generic.InstallAPIGroup(&group); err != nil {
		return nil, fmt.Errorf("install the API group %s: %w", v1alpha1.GroupName, err)
	}
	if err := c.extra.Storage.Learn(group.StaticOpenAPISpec); err != nil {
		return nil, err
	}

	if err := generic.AddHealthChecks(c.extra.HealthChecks...); err != nil {
		return nil, err
	}
	if err := generic.AddReadyzChecks(c.extra.ReadyzChecks...); err != nil {
		return nil, err
	}
	for _, hooks := range []map[string]genericapiserver.PostStartHookFunc{c.extra.PostStartHooks, c.extra.Storage.PostStartHooks()} {
		for name, hook := range hooks {
			if err := generic.AddPostStartHook(name, hook); err != nil {
				return nil, err
			}
		}
	}
	return &Server{GenericAPIServer: generic}, nil
}
