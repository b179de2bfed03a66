// Package v1alpha1 holds the API of Fairlead: the kinds that Argo Workflows defines, with the same JSON, and the few
// kinds and fields that Fairlead adds (pages of nodes, options of subresources). The comment on every field is what
// `kubectl explain` prints.
//
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=io.argoproj.workflow.v1alpha1
// +groupName=argoproj.io
package v1alpha1
