package storage

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
)

// NodesREST is workflows/nodes. Its GET is in nodes_read.go, its POST in nodes_write.go.
type NodesREST struct {
	headers *genericregistry.Store
	// written is the same store with the strategy for headers that we make ourselves.
	written *genericregistry.Store
	tables
}

var (
	_ rest.Storage           = &NodesREST{}
	_ rest.GetterWithOptions = &NodesREST{}
	_ rest.NamedCreater      = &NodesREST{}
	_ rest.StorageMetadata   = &NodesREST{}
	_ rest.TableConvertor    = &NodesREST{}
)

// New returns the body of POST.
func (r *NodesREST) New() runtime.Object { return &v1alpha1.NodesUpdate{} }

// Destroy does nothing: the storage belongs to the workflow's own store.
func (r *NodesREST) Destroy() {}

// NewGetOptions returns the query parameters of GET; there is no path behind `nodes`.
func (r *NodesREST) NewGetOptions() (runtime.Object, bool, string) {
	return &v1alpha1.NodesOptions{}, false, ""
}

// ProducesMIMETypes adds none to those that every endpoint has.
func (r *NodesREST) ProducesMIMETypes(string) []string { return nil }

// ProducesObject tells OpenAPI what each verb answers.
func (r *NodesREST) ProducesObject(verb string) any {
	if verb == "GET" {
		return v1alpha1.NodeList{}
	}
	return v1alpha1.NodesUpdate{}
}

// ConvertToTable prints nodes one a line.
func (r *NodesREST) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	list, ok := object.(*v1alpha1.NodeList)
	if !ok {
		return nil, notPrintable(object)
	}
	table := &metav1.Table{}
	table.ResourceVersion, table.Continue = list.ResourceVersion, list.Continue
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = []metav1.TableColumnDefinition{
			{Name: "Node", Type: "string", Format: "name", Description: "ID of the node."},
			{Name: "Step", Type: "string", Description: "Name of the step."},
			{Name: "Type", Type: "string", Description: "What the node stands for."},
			{Name: "Phase", Type: "string", Description: "State of the node."},
			{Name: "Message", Type: "string", Description: "Why the node is in this phase."},
		}
	}
	for i := range list.Items {
		n := &list.Items[i]
		table.Rows = append(table.Rows, metav1.TableRow{
			Cells: []any{n.ID, n.DisplayName, string(n.Type), kind.Text(string(n.Phase)), n.Message},
		})
	}
	return table, nil
}
