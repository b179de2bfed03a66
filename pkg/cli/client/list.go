package client

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
)

// ListOptions narrow a list.
type ListOptions struct {
	LabelSelector, FieldSelector string
	// ChunkSize is how many objects one request reads; 0 reads all at once.
	ChunkSize int64
	// Whole puts the whole objects, without pages of nodes, into the rows of tables rather than their metadata.
	Whole bool
}

func (o ListOptions) apply(request *rest.Request, instance *Instance, next string) *rest.Request {
	if selector := instance.only(o.LabelSelector); selector != "" {
		request = request.Param("labelSelector", selector)
	}
	if o.FieldSelector != "" {
		request = request.Param("fieldSelector", o.FieldSelector)
	}
	if o.ChunkSize > 0 {
		request = request.Param("limit", strconv.FormatInt(o.ChunkSize, 10))
	}
	if next != "" {
		request = request.Param("continue", next)
	}
	return request
}

// List returns objects as the server sends them. Workflows come without pages of nodes. An empty namespace means all.
func (c *Client) List(ctx context.Context, resource, namespace string, options ListOptions) (*unstructured.UnstructuredList, error) {
	list := &unstructured.UnstructuredList{}
	for next := ""; ; {
		data, err := answer(options.apply(c.scoped(c.rest.Get(), resource, namespace), c.Instance, next).Do(ctx))
		if err != nil {
			return nil, err
		}
		part := struct {
			APIVersion string           `json:"apiVersion"`
			Kind       string           `json:"kind"`
			Metadata   metav1.ListMeta  `json:"metadata"`
			Items      []map[string]any `json:"items"`
		}{}
		if err := utiljson.Unmarshal(data, &part); err != nil {
			return nil, unreadable(err)
		}
		for _, item := range part.Items {
			// Inside of a list the server does not repeat what the items are.
			object := unstructured.Unstructured{Object: item}
			object.SetAPIVersion(part.APIVersion)
			object.SetKind(strings.TrimSuffix(part.Kind, "List"))
			list.Items = append(list.Items, object)
		}
		list.SetAPIVersion(part.APIVersion)
		list.SetKind(part.Kind)
		list.SetResourceVersion(part.Metadata.ResourceVersion)
		if next = part.Metadata.Continue; next == "" {
			return list, nil
		}
	}
}

// Table returns what the server would print of a list.
func (c *Client) Table(ctx context.Context, resource, namespace string, options ListOptions) (*metav1.Table, error) {
	table := &metav1.Table{}
	for next := ""; ; {
		request := options.apply(c.scoped(c.rest.Get(), resource, namespace), c.Instance, next).SetHeader("Accept", tableAccept)
		if options.Whole {
			request = request.Param("includeObject", string(metav1.IncludeObject))
		}
		data, err := answer(request.Do(ctx))
		if err != nil {
			return nil, err
		}
		part := &metav1.Table{}
		if err := json.Unmarshal(data, part); err != nil {
			return nil, unreadable(err)
		}
		part.Rows = append(table.Rows, part.Rows...)
		table = part
		if next = part.Continue; next == "" {
			return table, nil
		}
	}
}

// Namespaces returns the names of the cluster's namespaces.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	data, err := answer(c.rest.Get().AbsPath("/api/v1/namespaces").SetHeader("Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json").Do(ctx))
	if err != nil {
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	if err := json.Unmarshal(data, list); err != nil {
		return nil, unreadable(err)
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, nil
}
