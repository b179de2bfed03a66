package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/test/integration/harness"
)

// kube-controller-manager and other clients of Kubernetes prefer protobuf and take JSON: the namespace controller with
// every request, else no namespace that holds a workflow can be deleted.
func TestClientsThatPreferProtobuf(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	createWorkflows(t, server, "a", "b", "c")
	const accept = "application/vnd.kubernetes.protobuf,application/json"
	client, err := rest.HTTPClientFor(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ method, url, accept, kind string }{
		{"GET", path("workflows", "a"), accept, "Workflow"},
		{"GET", path("workflows"), accept, "WorkflowList"},
		{"GET", path("workflows"), strings.ReplaceAll(accept, ",", ";g=meta.k8s.io;v=v1;as=PartialObjectMetadataList,") + ";g=meta.k8s.io;v=v1;as=PartialObjectMetadataList", "PartialObjectMetadataList"},
		{"DELETE", path("workflows", "a"), accept, "Status"},
		{"DELETE", path("workflows"), accept, "WorkflowList"},
		{"GET", path("workflows", "a"), accept, "Status"},
	} {
		t.Run(fmt.Sprintf("%s %s as %s", test.method, test.url, test.kind), func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.Config.Host+test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Accept", test.accept)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.Header.Get("Content-Type") == "application/vnd.kubernetes.protobuf" {
				// Kubernetes' own kinds have a protobuf form.
				if strings.HasPrefix(test.kind, "Workflow") {
					t.Errorf("protobuf, want a %s", test.kind)
				}
				return
			}
			var answer metav1.TypeMeta
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
				t.Fatal(err)
			}
			if answer.Kind != test.kind {
				t.Errorf("%d, a %s, want a %s", response.StatusCode, answer.Kind, test.kind)
			}
		})
	}
}

// The metadata client as the namespace controller uses it.
func TestMetadataClientDeletesCollections(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	for _, k := range kinds {
		if _, err := resourceClient(server, k.resource, k.cluster).Create(t.Context(), newObject(t, k.kind, "one", k.spec), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	client, err := metadata.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if k.cluster {
			continue
		}
		resource := client.Resource(gvr(k.resource)).Namespace(namespace)
		if err := resource.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Errorf("%s: %v", k.resource, err)
		}
		if list, err := resource.List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) != 0 {
			t.Errorf("%s: %d left, %v", k.resource, len(list.Items), err)
		}
	}
}
