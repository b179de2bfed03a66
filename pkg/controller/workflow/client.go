package workflow

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

// WorkflowClient is what the loop asks of the servers about workflows and what they refer to.
type WorkflowClient interface {
	// Header reads a workflow as it is now, without nodes that are not inside the object; nil when there is none.
	Header(ctx context.Context, key types.NamespacedName) (*wfv1.Workflow, error)
	// Nodes reads the newest nodes of a workflow in record form, wherever they are.
	Nodes(ctx context.Context, key types.NamespacedName) (*wfv1.NodeList, error)
	// UpdateNodes stores a change and answers with the new versions.
	UpdateNodes(ctx context.Context, update *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error)
	// WorkflowTemplate reads a workflow template.
	WorkflowTemplate(ctx context.Context, namespace, name string) (*wfv1.WorkflowTemplate, error)
	// ClusterWorkflowTemplate reads a cluster workflow template.
	ClusterWorkflowTemplate(ctx context.Context, name string) (*wfv1.ClusterWorkflowTemplate, error)
	// ConfigMap reads a ConfigMap.
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
}

type clientWorkflows struct {
	workflows  typed.ArgoprojV1alpha1Interface
	configMaps corev1client.ConfigMapsGetter
}

// NewWorkflowClient works on workflows through the generated clients.
func NewWorkflowClient(workflows typed.ArgoprojV1alpha1Interface, configMaps corev1client.ConfigMapsGetter) WorkflowClient {
	return clientWorkflows{workflows: workflows, configMaps: configMaps}
}

// Header lists one workflow: a list carries no paged nodes, where a get would read and send them all.
func (c clientWorkflows) Header(ctx context.Context, key types.NamespacedName) (*wfv1.Workflow, error) {
	list, err := c.workflows.Workflows(key.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, key.Name).String(),
	})
	if err != nil || len(list.Items) == 0 {
		return nil, err
	}
	return &list.Items[0], nil
}

// Nodes reads the newest nodes of a workflow in record form.
func (c clientWorkflows) Nodes(ctx context.Context, key types.NamespacedName) (*wfv1.NodeList, error) {
	list := &wfv1.NodeList{}
	err := c.workflows.RESTClient().Get().
		Namespace(key.Namespace).Resource("workflows").Name(key.Name).SubResource("nodes").
		Param("latest", "true").
		Do(ctx).Into(list)
	return list, err
}

// UpdateNodes stores a decision. The body was made from the server's own types: looking for unknown fields in it would cost
// the server a second decoding.
func (c clientWorkflows) UpdateNodes(ctx context.Context, update *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error) {
	return c.workflows.Workflows(update.Metadata.Namespace).UpdateNodes(ctx, update.Metadata.Name, update,
		metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
}

// WorkflowTemplate reads a template of the namespace.
func (c clientWorkflows) WorkflowTemplate(ctx context.Context, namespace, name string) (*wfv1.WorkflowTemplate, error) {
	return c.workflows.WorkflowTemplates(namespace).Get(ctx, name, metav1.GetOptions{})
}

// ClusterWorkflowTemplate reads a template of the cluster.
func (c clientWorkflows) ClusterWorkflowTemplate(ctx context.Context, name string) (*wfv1.ClusterWorkflowTemplate, error) {
	return c.workflows.ClusterWorkflowTemplates().Get(ctx, name, metav1.GetOptions{})
}

// ConfigMap reads the source of a parameter.
func (c clientWorkflows) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return c.configMaps.ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
}
