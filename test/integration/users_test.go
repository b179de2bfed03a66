package integration

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/harness"
)

// rules allow what they list as user/verb/resource[/subresource]; the admin may do anything.
type rules map[string]bool

func (r rules) authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() == harness.Admin {
		return authorizer.DecisionAllow, "", nil
	}
	key := a.GetUser().GetName() + "/" + a.GetVerb() + "/" + a.GetResource()
	if sub := a.GetSubresource(); sub != "" {
		key += "/" + sub
	}
	if r[key] && a.GetAPIGroup() == v1alpha1.GroupName {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionDeny, "", nil
}

// Each subresource is a right of its own.
func TestRights(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(rules{
		"reader/get/workflows":     true,
		"logger/get/workflows/log": true,
	}.authorize)))
	createWorkflows(t, server, "hello")
	try := func(user string, do func(versioned.Interface) error) error {
		client, err := versioned.NewForConfig(server.As(user))
		if err != nil {
			t.Fatal(err)
		}
		return do(client)
	}
	get := func(client versioned.Interface) error {
		_, err := client.ArgoprojV1alpha1().Workflows(namespace).Get(t.Context(), "hello", metav1.GetOptions{})
		return err
	}
	log := func(client versioned.Interface) error {
		_, err := client.ArgoprojV1alpha1().RESTClient().Get().AbsPath(path("workflows", "hello", "log")).DoRaw(t.Context())
		return err
	}
	nodes := func(client versioned.Interface) error {
		_, err := client.ArgoprojV1alpha1().RESTClient().Post().AbsPath(path("workflows", "hello", "nodes")).Body([]byte(`{}`)).DoRaw(t.Context())
		return err
	}
	if err := try("reader", get); err != nil {
		t.Errorf("get by the reader: %v", err)
	}
	for user, do := range map[string]func(versioned.Interface) error{"logger": get, "reader": log, "nobody": nodes} {
		if err := try(user, do); !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v, want forbidden", user, err)
		}
	}
	// Allowed, and answered that there are no pods to read.
	if err := try("logger", log); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("log by the logger: %v", err)
	}
}
