package integration

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/harness"
)

const (
	actingVerbs   = "workflows/suspend workflows/resume workflows/stop workflows/terminate workflows/set workflows/retry"
	creatingVerbs = "workflows/resubmit workflowtemplates/submit clusterworkflowtemplates/submit cronworkflows/submit cronworkflows/backfill"
	cronVerbs     = "cronworkflows/suspend cronworkflows/resume"
)

// sixRoles are the roles whose rights are tested: the cluster's own with what the manifests add to them, and three narrow ones.
func sixRoles(t *testing.T) roleRules {
	t.Helper()
	return roleRules{
		"viewer": aggregated(t, "view"),
		"editor": aggregated(t, "view", "edit"),
		"owner":  aggregated(t, "view", "edit", "admin"),
		// A role as those made for clients without subresources.
		"whole-objects": {rule("create delete deletecollection get list patch update watch", "workflows workflows/finalizers workflowtemplates cronworkflows clusterworkflowtemplates")},
		"operator":      {rule("get list watch", "workflows"), rule("create", actingVerbs)},
		"submitter":     {rule("create", creatingVerbs)},
	}
}

// Who of the six roles may do what is written down here anew, not read from the rules. Kinds of users are those that people
// write, the others are those with which the parts talk to each other.
func mayTouch(user, verb, resource string) bool {
	kind, sub, _ := strings.Cut(resource, "/")
	people := slices.Contains([]string{"workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows", "workfloweventbindings"}, kind)
	reads := slices.Contains([]string{"get", "list", "watch"}, verb)
	switch {
	case strings.Contains(" "+actingVerbs+" "+creatingVerbs+" "+cronVerbs+" ", " "+resource+" "):
		switch user {
		case "operator":
			return strings.Contains(" "+actingVerbs+" ", " "+resource+" ")
		case "submitter":
			return false // lacks create workflows
		}
		return user == "editor" || user == "owner"
	case sub == "artifacts" && verb == "create":
		return user == "editor" || user == "owner"
	case sub != "": // the controller alone writes nodes and status
		return reads && kind == "workflows" && slices.Contains([]string{"viewer", "editor", "owner"}, user)
	}
	switch user {
	case "viewer":
		return reads
	case "editor":
		return reads || people
	case "owner": // reports of results come from the pod itself, whatever rights anybody has
		return resource != "workflowtaskresults" || verb != "create"
	case "whole-objects":
		return people && kind != "workfloweventbindings"
	case "operator":
		return reads && kind == "workflows"
	}
	return false
}

// Six roles and everything that is served: each verb of each resource and subresource that discovery lists is allowed to whom it
// should be, and to nobody else (DESIGN 6).
func TestRightsToEverythingServed(t *testing.T) {
	t.Parallel()
	roles := sixRoles(t)
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(roles.authorize)))
	createRightsObjects(t, server)
	resources, err := discovery.NewDiscoveryClientForConfigOrDie(server.Config).ServerResourcesForGroupVersion(v1alpha1.SchemeGroupVersion.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(resources.APIResources) < 25 {
		t.Fatalf("discovery lists %d resources", len(resources.APIResources))
	}
	for user := range roles {
		t.Run(user, func(t *testing.T) {
			client, err := versioned.NewForConfig(server.As(user))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range resources.APIResources {
				for _, verb := range r.Verbs {
					err := touch(t.Context(), client.ArgoprojV1alpha1().RESTClient(), verb, r.Name, r.Namespaced)
					if want := mayTouch(user, verb, r.Name); apierrors.IsForbidden(err) == want {
						t.Errorf("%s %s: allowed should be %t: %v", verb, r.Name, want, err)
					}
				}
			}
		})
	}
}

// createRightsObjects makes the objects whose subresources are tried.
func createRightsObjects(t *testing.T, server *harness.Server) {
	t.Helper()
	admin := server.Client.ArgoprojV1alpha1()
	createWorkflows(t, server, "running")
	spec := newWorkflow("x").Spec
	for _, err := range []error{
		second(admin.WorkflowTemplates(namespace).Create(t.Context(), &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: spec}, metav1.CreateOptions{})),
		second(admin.ClusterWorkflowTemplates().Create(t.Context(), &v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: spec}, metav1.CreateOptions{})),
		second(admin.CronWorkflows(namespace).Create(t.Context(), &v1alpha1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: "x"},
			Spec: v1alpha1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: spec}}, metav1.CreateOptions{})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// touch makes a request that changes nothing, and tells how it is answered. What is wrong with it is found after the rights.
func touch(ctx context.Context, client rest.Interface, verb, resource string, namespaced bool) error {
	kind, sub, _ := strings.Cut(resource, "/")
	if sub != "" && verb == "create" && sub != "nodes" && sub != "artifacts" {
		return tryVerb(ctx, client, resource)
	}
	collection := fmt.Sprintf("/apis/%s/%s", v1alpha1.SchemeGroupVersion, kind)
	if namespaced {
		collection = path(kind)
	}
	object := collection + "/x"
	if kind == "workflows" {
		object = collection + "/running"
	}
	if sub != "" {
		object += "/" + sub
	}
	request := func(method, at string) *rest.Request {
		return client.Verb(method).AbsPath(at).Param("dryRun", metav1.DryRunAll)
	}
	switch verb {
	case "get":
		return client.Get().AbsPath(object).Do(ctx).Error()
	case "list":
		return client.Get().AbsPath(collection).Do(ctx).Error()
	case "watch":
		stream, err := client.Get().AbsPath(collection).Param("watch", "true").Stream(ctx)
		if err == nil {
			_ = stream.Close()
		}
		return err
	case "create":
		if sub != "" {
			return request(http.MethodPost, object).Body([]byte(`{}`)).Do(ctx).Error()
		}
		return request(http.MethodPost, collection).Body([]byte(`{}`)).Do(ctx).Error()
	case "update":
		return request(http.MethodPut, object).Body([]byte(`{}`)).Do(ctx).Error()
	case "patch":
		return request(http.MethodPatch, object).SetHeader("Content-Type", "application/merge-patch+json").Body([]byte(`{}`)).Do(ctx).Error()
	case "delete":
		return request(http.MethodDelete, object).Do(ctx).Error()
	case "deletecollection":
		return request(http.MethodDelete, collection).Do(ctx).Error()
	}
	return fmt.Errorf("no request is known for the verb %s", verb)
}

// Rights may be narrowed to objects of a name, for every verb and for what is read (DESIGN 6).
func TestRightsToOneName(t *testing.T) {
	t.Parallel()
	narrow := rbacv1.PolicyRule{
		APIGroups: []string{v1alpha1.DefaultGroupName}, Verbs: []string{"get", "create", "update"}, ResourceNames: []string{"other"},
		Resources: strings.Fields(actingVerbs + " workflows/log workflows/nodes workflows/plan workflows/artifacts workflows"),
	}
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(roleRules{"narrow": {narrow}}.authorize)))
	createWorkflows(t, server, "running", "other")
	client, err := versioned.NewForConfig(server.As("narrow"))
	if err != nil {
		t.Fatal(err)
	}
	api := client.ArgoprojV1alpha1().RESTClient()
	for _, request := range []string{
		"POST suspend", "POST resume", "POST stop", "POST terminate", "POST set", "POST retry",
		"GET log", "GET nodes", "GET plan", "GET artifacts", "POST artifacts", "GET", "PUT",
	} {
		method, sub, _ := strings.Cut(request, " ")
		for name, want := range map[string]bool{"other": true, "running": false} {
			at := path("workflows", name)
			if sub != "" {
				at += "/" + sub
			}
			err := api.Verb(method).AbsPath(at).Param("dryRun", metav1.DryRunAll).Body([]byte(`{}`)).Do(t.Context()).Error()
			if apierrors.IsForbidden(err) == want {
				t.Errorf("%s of %s: allowed should be %t: %v", request, name, want, err)
			}
		}
	}
}
