package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

// Resources of the workflow API.
const (
	Workflows                = "workflows"
	WorkflowTemplates        = "workflowtemplates"
	ClusterWorkflowTemplates = "clusterworkflowtemplates"
	CronWorkflows            = "cronworkflows"
)

// tableAccept asks for tables: what a table's rows carry of a workflow is the object without pages of nodes.
const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// Client reads and writes objects of the workflow API.
type Client struct {
	// GroupVersion is what the cluster serves workflows under.
	GroupVersion schema.GroupVersion
	// Instance is the controller whose objects the client is for; nil: all.
	Instance *Instance

	rest  rest.Interface
	http  *http.Client
	clock clock.WithTicker
}

// New returns a client for the group. The configuration is copied; it is not limited in its rate, because a person waits.
func New(config *rest.Config, gv schema.GroupVersion, c clock.WithTicker) (*Client, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	metav1.AddToGroupVersion(scheme, gv)
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.GroupVersion = &gv
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.QPS = -1
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	client, err := rest.RESTClientForConfigAndClient(config, transport)
	if err != nil {
		return nil, err
	}
	return &Client{GroupVersion: gv, rest: client, http: transport, clock: c}, nil
}

// scoped begins the path of a request.
func (c *Client) scoped(request *rest.Request, resource, namespace string) *rest.Request {
	request = request.Resource(resource)
	if resource == ClusterWorkflowTemplates {
		return request
	}
	return request.NamespaceIfScoped(namespace, namespace != "")
}

// Get returns one object as the server sends it.
func (c *Client) Get(ctx context.Context, resource, namespace, name string) (*unstructured.Unstructured, error) {
	found, err := object(answer(c.scoped(c.rest.Get(), resource, namespace).Name(name).Do(ctx)))
	if err != nil {
		return nil, err
	}
	return found, c.Instance.check(c.groupResource(resource), found)
}

// Metadata returns the metadata of one object.
func (c *Client) Metadata(ctx context.Context, resource, namespace, name string) (*metav1.PartialObjectMetadata, error) {
	data, err := answer(c.scoped(c.rest.Get(), resource, namespace).Name(name).
		SetHeader("Accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json").Do(ctx))
	if err != nil {
		return nil, err
	}
	found := &metav1.PartialObjectMetadata{}
	if err := json.Unmarshal(data, found); err != nil {
		return nil, unreadable(err)
	}
	return found, nil
}

// Subresource returns what GET of a subresource answers.
func (c *Client) Subresource(ctx context.Context, resource, namespace, name, subresource string) (*unstructured.Unstructured, error) {
	if _, err := c.Own(ctx, resource, namespace, name); err != nil {
		return nil, err
	}
	return object(answer(c.scoped(c.rest.Get(), resource, namespace).Name(name).SubResource(subresource).Do(ctx)))
}

// WriteOptions say how an object is written.
type WriteOptions struct {
	// DryRun has the object checked, and nothing stored.
	DryRun bool
	// Lenient drops fields that the server does not know, with a warning, rather than refuse them.
	Lenient bool
}

func (o WriteOptions) apply(request *rest.Request) *rest.Request {
	validation := metav1.FieldValidationStrict
	if o.Lenient {
		validation = metav1.FieldValidationWarn
	}
	return dryRunParam(request, o.DryRun).Param("fieldValidation", validation)
}

// Create stores an object.
func (c *Client) Create(ctx context.Context, resource, namespace string, o *unstructured.Unstructured, options WriteOptions) (*unstructured.Unstructured, error) {
	c.Instance.Label(o)
	return c.send(ctx, options.apply(c.scoped(c.rest.Post(), resource, namespace)), o)
}

// Update puts an object in the place of the one of its name. Unless it has a resource version, whatever is there is replaced.
func (c *Client) Update(ctx context.Context, resource, namespace string, o *unstructured.Unstructured, options WriteOptions) (*unstructured.Unstructured, error) {
	if _, err := c.Own(ctx, resource, namespace, o.GetName()); err != nil {
		return nil, err
	}
	c.Instance.Label(o)
	return c.send(ctx, options.apply(c.scoped(c.rest.Put(), resource, namespace).Name(o.GetName())), o)
}

// Do posts the options of a verb to a subresource and returns the object that is the answer.
func (c *Client) Do(ctx context.Context, resource, namespace, name, verb string, options any, dryRun bool) (*unstructured.Unstructured, error) {
	c.Instance.require(options)
	request := dryRunParam(c.scoped(c.rest.Post(), resource, namespace).Name(name).SubResource(verb), dryRun)
	return c.send(ctx, request, options)
}

// Patch applies a JSON merge patch to what the caller has looked at before.
func (c *Client) Patch(ctx context.Context, resource, namespace, name string, patch []byte, dryRun bool) (*unstructured.Unstructured, error) {
	request := dryRunParam(c.scoped(c.rest.Patch("application/merge-patch+json"), resource, namespace).Name(name), dryRun)
	return object(answer(request.Body(patch).Do(ctx)))
}

// Delete deletes an object and, in the background, what belongs to it. A UID, unless empty, must be the object's.
func (c *Client) Delete(ctx context.Context, resource, namespace, name, uid string, dryRun bool) error {
	if uid == "" {
		var err error
		if uid, err = c.Own(ctx, resource, namespace, name); err != nil {
			return err
		}
	}
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	if uid != "" {
		options.Preconditions = metav1.NewUIDPreconditions(uid)
	}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	options.APIVersion, options.Kind = "v1", "DeleteOptions"
	body, err := json.Marshal(options)
	if err != nil {
		return err
	}
	return c.scoped(c.rest.Delete(), resource, namespace).Name(name).SetHeader("Content-Type", runtime.ContentTypeJSON).Body(body).Do(ctx).Error()
}

func (c *Client) send(ctx context.Context, request *rest.Request, body any) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return object(answer(request.SetHeader("Content-Type", runtime.ContentTypeJSON).Body(data).Do(ctx)))
}

func dryRunParam(request *rest.Request, dryRun bool) *rest.Request {
	if dryRun {
		return request.Param("dryRun", metav1.DryRunAll)
	}
	return request
}

// answer is the body of an answer. Of an error it has the server's own words, which the raw body's error lacks.
func answer(result rest.Result) ([]byte, error) {
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}

func object(data []byte, err error) (*unstructured.Unstructured, error) {
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(data, &u.Object); err != nil {
		return nil, unreadable(err)
	}
	return u, nil
}

// unreadable is the error for an answer that is not what it should be.
func unreadable(err error) error {
	return fmt.Errorf("cannot read the server's answer (a proxy in between, or a server of another version?): %w", err)
}

// status of an answer that is an error; 0 when the request got none.
func status(err error) int32 {
	type api interface{ Status() metav1.Status }
	if known, ok := err.(api); ok {
		return known.Status().Code
	}
	return 0
}

// denied tells whether the right for a request is lacking, or the server does not know it.
func denied(err error) bool {
	code := status(err)
	return code == http.StatusForbidden || code == http.StatusMethodNotAllowed
}
