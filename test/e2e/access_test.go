//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
)

// A subresource is a right of its own: who may get workflows/log reads logs and sees nothing else.
func TestSubresourcesAreSeparateRights(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := createExample(t, ns, "script.yaml")
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)

	reader := clientOf(t, ns, "log-reader", rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"workflows/log"}, Verbs: []string{"get"}})
	// Rights are cached for seconds: the new one may take that long to arrive.
	eventually(t, "the log for who may read it", func(ctx context.Context) (bool, string, error) {
		text, err := reader.ArgoprojV1alpha1().RESTClient().Get().Namespace(ns).Resource("workflows").Name(name).SubResource("log").DoRaw(ctx)
		return strings.Contains(string(text), "line 3"), string(text), err
	})
	for what, try := range map[string]func() error{
		"get": func() error {
			_, err := reader.ArgoprojV1alpha1().Workflows(ns).Get(t.Context(), name, metav1.GetOptions{})
			return err
		},
		"list": func() error {
			_, err := reader.ArgoprojV1alpha1().Workflows(ns).List(t.Context(), metav1.ListOptions{})
			return err
		},
		"delete": func() error {
			return reader.ArgoprojV1alpha1().Workflows(ns).Delete(t.Context(), name, metav1.DeleteOptions{})
		},
		"get nodes": func() error {
			_, err := reader.ArgoprojV1alpha1().RESTClient().Get().Namespace(ns).Resource("workflows").Name(name).SubResource("nodes").DoRaw(t.Context())
			return err
		},
	} {
		if err := try(); !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v, want forbidden", what, err)
		}
	}
}

// clientOf makes a service account with one rule in the namespace, and a client that is it.
func clientOf(t *testing.T, namespace, name string, rule rbacv1.PolicyRule) versioned.Interface {
	t.Helper()
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	subject := rbacv1.Subject{Kind: "ServiceAccount", Name: name, Namespace: namespace}
	if _, err := kube.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := kube.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{rule}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.RoleBinding{ObjectMeta: meta, Subjects: []rbacv1.Subject{subject}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}}
	if _, err := kube.RbacV1().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := kube.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	as := rest.AnonymousClientConfig(config)
	as.BearerToken = token.Status.Token
	client, err := versioned.NewForConfig(as)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// The cluster's own roles view, edit and admin cover workflows, and none of them writes what is the controller's.
func TestClusterRolesCoverWorkflows(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, role := range []string{"view", "edit", "admin"} {
		kubectl(t, "create", "rolebinding", role, "-n", ns, "--clusterrole="+role, "--user=e2e-"+role)
	}
	for _, test := range []struct {
		verb, resource, subresource string
		who                         string // of view, edit, admin
	}{
		{"list", "workflows", "", "view edit admin"},
		{"get", "workflows", "log", "view edit admin"},
		{"get", "workflows", "nodes", "view edit admin"},
		{"create", "workflows", "", "edit admin"},
		{"deletecollection", "workflows", "", "edit admin"},
		{"create", "workflows", "resume", "edit admin"},
		{"create", "workflowtemplates", "submit", "edit admin"},
		{"create", "cronworkflows", "backfill", "edit admin"},
		{"update", "workflowtaskresults", "", "admin"},
		{"create", "workflows", "nodes", ""},
		{"update", "workflows", "status", ""},
	} {
		for _, role := range []string{"view", "edit", "admin"} {
			want := strings.Contains(test.who, role)
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: "e2e-" + role,
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Namespace: ns, Verb: test.verb, Group: v1alpha1.GroupName, Resource: test.resource, Subresource: test.subresource,
				},
			}}
			// Aggregation of the roles and the binding reach the authorizer in their own time.
			eventually(t, fmt.Sprintf("%s: %s %s/%s = %t", role, test.verb, test.resource, test.subresource, want), func(ctx context.Context) (bool, string, error) {
				answer, err := kube.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
				if err != nil {
					return false, "", err
				}
				return answer.Status.Allowed == want, answer.Status.Reason, nil
			})
		}
	}
}

// Quota counts workflows; the second of one is refused at once, not when the counting has caught up.
func TestQuotaIsEnforced(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	count := corev1.ResourceName("count/workflows." + v1alpha1.GroupName)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "one"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{count: resource.MustParse("1")}}}
	if _, err := kube.CoreV1().ResourceQuotas(ns).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the quota to be counted", func(ctx context.Context) (bool, string, error) {
		q, err := kube.CoreV1().ResourceQuotas(ns).Get(ctx, "one", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		_, counted := q.Status.Used[count]
		return counted, fmt.Sprintf("%v", q.Status), nil
	})
	create(t, ns, waits)
	stdout, stderr, err := runKubectl(t.Context(), manifest(waits), "create", "-n", ns, "-f", "-")
	if err == nil || !strings.Contains(stderr, "exceeded quota: one") {
		t.Errorf("the second workflow: %v, %s%s; want it refused by quota one", err, stdout, stderr)
	}
}
