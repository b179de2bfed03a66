package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	client, err := discovery.NewDiscoveryClientForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("kinds", func(t *testing.T) {
		list, err := client.ServerResourcesForGroupVersion(v1alpha1.SchemeGroupVersion.String())
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]metav1.APIResource{}
		for _, resource := range list.APIResources {
			byName[resource.Name] = resource
		}
		for _, k := range kinds {
			resource, ok := byName[k.resource]
			if !ok {
				t.Errorf("%s is not served", k.resource)
				continue
			}
			if resource.Kind != k.kind || resource.SingularName != k.singular || resource.Namespaced == k.cluster {
				t.Errorf("%s: kind %s, singular %s, namespaced %v", k.resource, resource.Kind, resource.SingularName, resource.Namespaced)
			}
			for _, short := range k.shortNames {
				if !slices.Contains(resource.ShortNames, short) {
					t.Errorf("%s lacks the short name %s, has %v", k.resource, short, resource.ShortNames)
				}
			}
			// What the namespace controller, the garbage collector and the quota controller need (ANCHORS 2.7).
			for _, verb := range []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} {
				if !slices.Contains(resource.Verbs, verb) {
					t.Errorf("%s lacks the verb %s", k.resource, verb)
				}
			}
		}
		for name, verbs := range map[string]string{"workflows/status": "get patch update", "workflows/log": "get", "workflows/logs": "get", "workflows/nodes": "create get"} {
			if got := strings.Join(byName[name].Verbs, " "); got != verbs {
				t.Errorf("%s has the verbs %q, want %q", name, got, verbs)
			}
		}
		if kind := byName["workflows/nodes"].Kind; kind != "NodesUpdate" {
			t.Errorf("workflows/nodes takes a %s", kind)
		}
		if _, ok := byName["workflownodes"]; ok {
			t.Error("pages of nodes are served")
		}
	})

	// The namespace controller of new clusters reads the aggregated form only (pitfall 9).
	t.Run("aggregated", func(t *testing.T) {
		groups, resources, failed, err := client.GroupsAndMaybeResources()
		if err != nil || len(failed) > 0 {
			t.Fatal(err, failed)
		}
		if resources == nil || resources[v1alpha1.SchemeGroupVersion] == nil {
			t.Errorf("no aggregated discovery; groups: %v", groups)
		}
	})

	t.Run("no internal version", func(t *testing.T) {
		for _, p := range []string{"/apis", "/apis/" + v1alpha1.GroupName, "/apis/" + v1alpha1.SchemeGroupVersion.String()} {
			body, err := server.REST(t).Get().AbsPath(p).DoRaw(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(body), "__internal") {
				t.Errorf("%s speaks of __internal", p)
			}
		}
	})
}

// Pitfalls 4 and 5.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)

	check := func(t *testing.T, body []byte, definitions map[string]json.RawMessage) {
		t.Helper()
		if len(definitions) < 100 {
			t.Errorf("only %d definitions", len(definitions))
		}
		for name := range definitions {
			if strings.ContainsAny(name, "/~") {
				t.Errorf("definition name %q has a slash", name)
			}
		}
		for _, k := range kinds {
			definition, ok := definitions["io.argoproj.workflow.v1alpha1."+k.kind]
			if !ok {
				t.Errorf("no definition of %s", k.kind)
				continue
			}
			var gvks struct {
				GVKs []metav1.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
			}
			if err := json.Unmarshal(definition, &gvks); err != nil {
				t.Fatal(err)
			}
			want := metav1.GroupVersionKind{Group: v1alpha1.GroupName, Version: v1alpha1.Version, Kind: k.kind}
			if len(gvks.GVKs) != 1 || gvks.GVKs[0] != want {
				t.Errorf("%s is published as %v", k.kind, gvks.GVKs)
			}
		}
		if strings.Contains(string(body), "__internal") {
			t.Error("__internal is published")
		}
	}

	t.Run("v2", func(t *testing.T) {
		body, err := server.REST(t).Get().AbsPath("/openapi/v2").SetHeader("Accept", "application/json").DoRaw(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Definitions map[string]json.RawMessage `json:"definitions"`
		}
		if err := json.Unmarshal(body, &document); err != nil {
			t.Fatal(err)
		}
		check(t, body, document.Definitions)
	})

	t.Run("v3", func(t *testing.T) {
		body, err := server.REST(t).Get().AbsPath("/openapi/v3/apis/" + v1alpha1.SchemeGroupVersion.String()).DoRaw(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Components struct {
				Schemas map[string]json.RawMessage `json:"schemas"`
			} `json:"components"`
			Paths map[string]json.RawMessage `json:"paths"`
		}
		if err := json.Unmarshal(body, &document); err != nil {
			t.Fatal(err)
		}
		check(t, body, document.Components.Schemas)
		log, ok := document.Paths["/apis/"+v1alpha1.SchemeGroupVersion.String()+"/namespaces/{namespace}/workflows/{name}/log"]
		if !ok || !strings.Contains(string(log), "sinceSeconds") {
			t.Errorf("the parameters of the log are not published: %s", log)
		}
	})
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	body, err := server.REST(t).Get().AbsPath("/readyz").Param("verbose", "").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []string{"[+]embedded-etcd ok", "[+]store-identity ok", "[+]etcd ok", "[+]etcd-readiness ok"} {
		if !strings.Contains(string(body), check) {
			t.Errorf("/readyz?verbose lacks %q:\n%s", check, body)
		}
	}
	if body, err = server.REST(t).Get().AbsPath("/metrics").DoRaw(t.Context()); err != nil || !strings.Contains(string(body), "apiserver_request_total") {
		t.Errorf("metrics: %v", err)
	}
}
