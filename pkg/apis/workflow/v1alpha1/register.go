package v1alpha1

import (
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// DefaultGroupName is the API group that manifests and clients written for Argo Workflows use.
	DefaultGroupName = "argoproj.io"
	// GroupNameEnv is the environment variable that sets another API group, for clusters in which other CRDs own the default one.
	GroupNameEnv = "FAIRLEAD_API_GROUP"
	// Version is the only version of the API group.
	Version = "v1alpha1"
)

// GroupName is the API group of this installation. It is fixed when the process starts, before the init functions of
// generated code register the types, and must never be assigned later.
var GroupName = groupNameFromEnvironment()

// SchemeGroupVersion is the group and version that all kinds of this package belong to.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: Version}

var (
	// SchemeBuilder collects the functions that register this package in a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes, addDefaults, addFieldLabelConversions, addQueryConversions)
	// AddToScheme registers all kinds, defaults, field selectors and query options of this package.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kind qualifies a kind with the API group.
func Kind(kind string) schema.GroupKind { return SchemeGroupVersion.WithKind(kind).GroupKind() }

// Resource qualifies a resource (plural, lower case) with the API group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

func groupNameFromEnvironment() string {
	if group := os.Getenv(GroupNameEnv); group != "" {
		return group
	}
	return DefaultGroupName
}

// KnownTypes returns one empty object of every kind that this package registers.
func KnownTypes() []runtime.Object {
	return []runtime.Object{
		&Workflow{}, &WorkflowList{},
		&WorkflowTemplate{}, &WorkflowTemplateList{},
		&ClusterWorkflowTemplate{}, &ClusterWorkflowTemplateList{},
		&CronWorkflow{}, &CronWorkflowList{},
		&WorkflowEventBinding{}, &WorkflowEventBindingList{},
		&WorkflowTaskSet{}, &WorkflowTaskSetList{},
		&WorkflowTaskResult{}, &WorkflowTaskResultList{},
		&WorkflowArtifactGCTask{}, &WorkflowArtifactGCTaskList{},
		&NodesUpdate{}, &NodePage{}, &NodePageList{}, &NodeList{}, &NodesOptions{}, &LogOptions{}, &WorkflowPlan{},
		&ArtifactOptions{}, &ArtifactListing{},
		&SuspendOptions{}, &ResumeOptions{}, &StopOptions{}, &TerminateOptions{}, &RetryOptions{}, &ResubmitOptions{}, &SetOptions{},
		&SubmitOptions{}, &BackfillOptions{}, &BackfillResult{},
	}
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion, KnownTypes()...)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
