package apiserver

import (
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"

	definitions "fairlead.dev/fairlead/pkg/apiserver/openapi"
)

const openAPITitle = "Fairlead"

// setOpenAPI gives the server both OpenAPI documents. Version 3 is also what server-side apply knows the types from;
// version 2 is still read by kubectl's older releases, Terraform and Argo CD.
func setOpenAPI(config *genericapiserver.Config, version string) {
	namer := openapi.NewDefinitionNamer(publishedScheme)

	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions.Definitions, namer)
	config.OpenAPIConfig.Info.Title = openAPITitle
	config.OpenAPIConfig.Info.Version = version

	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions.Definitions, namer)
	config.OpenAPIV3Config.Info.Title = openAPITitle
	config.OpenAPIV3Config.Info.Version = version
}
