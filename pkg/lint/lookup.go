package lint

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Lookup gives the objects that others refer to. An object that is not there is an error that apierrors.IsNotFound
// recognises. Objects that it gave are not changed. Where a Lookup can be nil, references are not followed then, and
// nothing is said about what they lead to.
type Lookup interface {
	WorkflowTemplate(namespace, name string) (*v1alpha1.WorkflowTemplate, error)
	ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error)
	// Defaults gives what the controller of an instance lays under its workflows (CFG-03); nil: nothing. Not known are those of
	// controllers that others have set up: then nothing is refused that they could remedy.
	Defaults(instanceID string) (defaults *v1alpha1.Workflow, known bool)
}

// Nothing is a Lookup without objects.
type Nothing struct{}

var _ Lookup = Nothing{}

// WorkflowTemplate implements Lookup.
func (Nothing) WorkflowTemplate(_, name string) (*v1alpha1.WorkflowTemplate, error) {
	return nil, apierrors.NewNotFound(v1alpha1.Resource("workflowtemplates"), name)
}

// ClusterWorkflowTemplate implements Lookup.
func (Nothing) ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error) {
	return nil, apierrors.NewNotFound(v1alpha1.Resource("clusterworkflowtemplates"), name)
}

// Defaults implements Lookup.
func (Nothing) Defaults(string) (*v1alpha1.Workflow, bool) { return nil, true }

// objectSet looks first among objects that are linted together, then elsewhere.
type objectSet struct {
	namespaced map[[2]string]*v1alpha1.WorkflowTemplate // by namespace and name
	cluster    map[string]*v1alpha1.ClusterWorkflowTemplate
	elsewhere  Lookup
}

// Defaults implements Lookup.
func (s *objectSet) Defaults(instanceID string) (*v1alpha1.Workflow, bool) {
	return s.elsewhere.Defaults(instanceID)
}

// WorkflowTemplate implements Lookup.
func (s *objectSet) WorkflowTemplate(namespace, name string) (*v1alpha1.WorkflowTemplate, error) {
	if found := s.namespaced[[2]string{namespace, name}]; found != nil {
		return found, nil
	}
	return s.elsewhere.WorkflowTemplate(namespace, name)
}

// ClusterWorkflowTemplate implements Lookup.
func (s *objectSet) ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error) {
	if found := s.cluster[name]; found != nil {
		return found, nil
	}
	return s.elsewhere.ClusterWorkflowTemplate(name)
}
