package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/harness"
)

// roleRules are the rules of users by name, evaluated as Kubernetes evaluates them.
type roleRules map[string][]rbacv1.PolicyRule

func (r roleRules) authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() == harness.Admin {
		return authorizer.DecisionAllow, "", nil
	}
	resource := a.GetResource()
	if sub := a.GetSubresource(); sub != "" {
		resource += "/" + sub
	}
	group := a.GetAPIGroup()
	if group == v1alpha1.GroupName {
		group = v1alpha1.DefaultGroupName // which the manifests are written for
	}
	for _, rule := range r[a.GetUser().GetName()] {
		if slices.Contains(rule.APIGroups, group) && slices.Contains(rule.Verbs, a.GetVerb()) && slices.Contains(rule.Resources, resource) &&
			(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.GetName())) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// aggregated reads what the manifests add to the cluster's own roles.
func aggregated(t *testing.T, roles ...string) []rbacv1.PolicyRule {
	t.Helper()
	data, err := os.ReadFile("../../manifests/base/user-roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []rbacv1.PolicyRule
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096); ; {
		var role rbacv1.ClusterRole
		if err := decoder.Decode(&role); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, name := range roles {
			if role.Labels["rbac.authorization.k8s.io/aggregate-to-"+name] == "true" {
				found = append(found, role.Rules...)
			}
		}
	}
	if len(found) == 0 {
		t.Fatal("the manifests aggregate nothing")
	}
	return found
}

func rule(verbs, resources string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.DefaultGroupName}, Verbs: strings.Fields(verbs), Resources: strings.Fields(resources)}
}

// Six roles and every verb: what each may do and what not. A subresource that creates a workflow takes the right to create
// workflows besides, in the namespace where it is created.
func TestRightsToVerbs(t *testing.T) {
	const acting, creating = actingVerbs, creatingVerbs
	const everything = acting + " " + creating + " " + cronVerbs + " workflows/plan"
	roles := sixRoles(t)
	allowed := map[string]string{
		"viewer": "workflows/plan", "editor": everything, "owner": everything, "whole-objects": "", "operator": acting, "submitter": "",
	}
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(roles.authorize)))
	createRightsObjects(t, server)
	for user := range roles {
		t.Run(user, func(t *testing.T) {
			client, err := versioned.NewForConfig(server.As(user))
			if err != nil {
				t.Fatal(err)
			}
			for _, verb := range strings.Fields(everything) {
				err := tryVerb(t.Context(), client.ArgoprojV1alpha1().RESTClient(), verb)
				want := slices.Contains(strings.Fields(allowed[user]), verb)
				switch {
				case want && err != nil && !apierrors.IsConflict(err): // the state of the workflow may not allow it
					t.Errorf("%s is refused: %v", verb, err)
				case !want && !apierrors.IsForbidden(err):
					t.Errorf("%s is allowed: %v", verb, err)
				case user == "submitter" && slices.Contains(strings.Fields(creating), verb) && !strings.Contains(err.Error(), "right to create workflows in namespace"):
					t.Errorf("%s: the refusal does not say which right is missing: %v", verb, err)
				}
			}
		})
	}
}

func second(_ any, err error) error { return err }

// tryVerb makes a dry run of a subresource.
func tryVerb(ctx context.Context, client rest.Interface, verb string) error {
	resource, sub, _ := strings.Cut(verb, "/")
	object, body := "x", `{}`
	switch verb {
	case "workflows/set":
		body = `{"nodeFieldSelector":"id=none","message":"m"}`
	case "clusterworkflowtemplates/submit":
		body = `{"namespace":"` + namespace + `"}`
	case "cronworkflows/backfill":
		body = `{"start":"2026-01-01T00:00:00Z","end":"2026-01-03T00:00:00Z"}`
	}
	at := path(resource, object, sub)
	switch resource {
	case "workflows":
		at = path(resource, "running", sub)
	case "clusterworkflowtemplates":
		at = fmt.Sprintf("/apis/%s/%s/%s/%s", v1alpha1.SchemeGroupVersion, resource, object, sub)
	}
	if sub == "plan" {
		return client.Get().AbsPath(at).Do(ctx).Error()
	}
	return client.Post().AbsPath(at).Param("dryRun", "All").Body([]byte(body)).Do(ctx).Error()
}
