package integration

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// tenant may do everything in one namespace, and submit cluster templates; with more, read templates too.
func tenant(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	name := a.GetUser().GetName()
	switch {
	case name == harness.Admin,
		a.GetNamespace() == namespace && !strings.HasSuffix(a.GetResource(), "templates"),
		a.GetNamespace() == namespace && a.GetSubresource() == "submit",
		a.GetResource() == "clusterworkflowtemplates" && a.GetSubresource() == "submit",
		name == "reader" && a.GetVerb() == "get" && strings.HasSuffix(a.GetResource(), "templates"):
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func tenantServer(t *testing.T) (*harness.Server, func(user string) typed.ArgoprojV1alpha1Interface) {
	t.Helper()
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(tenant)))
	admin := server.Client.ArgoprojV1alpha1()
	spec := newWorkflow("x").Spec
	for _, err := range []error{
		second(admin.ClusterWorkflowTemplates().Create(t.Context(), &v1alpha1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "shared"}, Spec: spec}, metav1.CreateOptions{})),
		second(admin.WorkflowTemplates(namespace).Create(t.Context(), &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "own"}, Spec: spec}, metav1.CreateOptions{})),
		second(admin.WorkflowTemplates("elsewhere").Create(t.Context(), &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "foreign"}, Spec: spec}, metav1.CreateOptions{})),
		second(admin.Workflows("elsewhere").Create(t.Context(), newWorkflow("foreign"), metav1.CreateOptions{})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return server, func(user string) typed.ArgoprojV1alpha1Interface {
		client, err := versioned.NewForConfig(server.As(user))
		if err != nil {
			t.Fatal(err)
		}
		return client.ArgoprojV1alpha1()
	}
}

// Rights in one namespace reach no other: not by the namespace that a cluster template is submitted to, not by that of a body, and
// not by the name of an object there.
func TestVerbsKeepToTheirNamespace(t *testing.T) {
	t.Parallel()
	server, as := tenantServer(t)
	client := as("tenant").RESTClient()
	post := func(at, body string) error {
		return client.Post().AbsPath(at).Body([]byte(body)).Do(t.Context()).Error()
	}
	cluster := "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/clusterworkflowtemplates/shared/submit"
	elsewhere := "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/namespaces/elsewhere/"
	if err := post(cluster, `{"namespace":"`+namespace+`"}`); err != nil {
		t.Errorf("into the own namespace: %v", err)
	}
	for what, err := range map[string]error{
		"cluster template":      post(cluster, `{"namespace":"elsewhere"}`),
		"template":              post(elsewhere+"workflowtemplates/foreign/submit", `{}`),
		"resubmission":          post(elsewhere+"workflows/foreign/resubmit", `{}`),
		"suspension":            post(elsewhere+"workflows/foreign/suspend", `{}`),
		"suspension by dry run": client.Post().AbsPath(elsewhere+"workflows/foreign/suspend").Param("dryRun", "All").Body([]byte(`{}`)).Do(t.Context()).Error(),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"a template with the namespace of another": post(path("workflowtemplates", "own", "submit"), `{"namespace":"elsewhere"}`),
		"an object of another namespace":           post(path("workflows", "foreign", "suspend"), `{}`),
		"metadata of another namespace":            post(path("workflowtemplates", "own", "submit"), `{"metadata":{"namespace":"elsewhere"}}`),
		"a cluster template without one":           post(cluster, `{}`),
	} {
		if err == nil {
			t.Errorf("%s: allowed", what)
		}
	}
	list, err := server.Client.ArgoprojV1alpha1().Workflows("elsewhere").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Spec.Suspend != nil {
		t.Errorf("elsewhere: %d workflows, %v", len(list.Items), err)
	}
}

// The rule of DESIGN 6: who submits does what creating the same workflow would do, no more and no less. Its service account and
// the templates that it refers to are not asked for at either; who creates it and what it says are the user's all the same.
func TestSubmitIsCreate(t *testing.T) {
	t.Parallel()
	_, as := tenantServer(t)
	client := as("tenant")
	submitted := &v1alpha1.Workflow{}
	if err := client.RESTClient().Post().AbsPath(path("workflowtemplates", "own", "submit")).
		Body([]byte(`{"serviceAccount":"powerful","labels":{"workflows.argoproj.io/creator":"admin"}}`)).Do(t.Context()).Into(submitted); err != nil {
		t.Fatal(err)
	}
	created := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{GenerateName: "own-", Labels: map[string]string{v1alpha1.LabelKeyCreator: "admin"}}}
	created.Spec = v1alpha1.WorkflowSpec{WorkflowTemplateRef: &v1alpha1.WorkflowTemplateRef{Name: "own"}, ServiceAccountName: "powerful"}
	created, err := client.Workflows(namespace).Create(t.Context(), created, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if submitted.Spec.ServiceAccountName != created.Spec.ServiceAccountName || submitted.Spec.WorkflowTemplateRef.Name != created.Spec.WorkflowTemplateRef.Name ||
		submitted.Labels[v1alpha1.LabelKeyCreator] != "tenant" || created.Labels[v1alpha1.LabelKeyCreator] != "tenant" || len(submitted.Spec.Templates) != 0 {
		t.Errorf("submitted %+v\ncreated %+v", submitted.Spec, created.Spec)
	}
	if _, err := client.WorkflowTemplates(namespace).Get(t.Context(), "own", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("the tenant reads templates: %v", err)
	}
}

// A plan shows what is inside templates, before anything has run: for that they have to be readable.
func TestPlanShowsNoSecretTemplates(t *testing.T) {
	t.Parallel()
	_, as := tenantServer(t)
	for name, ref := range map[string]v1alpha1.WorkflowTemplateRef{"own": {Name: "own"}, "shared": {Name: "shared", ClusterScope: true}} {
		wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "of-" + name}, Spec: v1alpha1.WorkflowSpec{WorkflowTemplateRef: &ref}}
		if _, err := as("tenant").Workflows(namespace).Create(t.Context(), wf, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		plan := func(user string) error {
			return as(user).RESTClient().Get().AbsPath(path("workflows", wf.Name, "plan")).Do(t.Context()).Error()
		}
		if err := plan("tenant"); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := plan("reader"); err != nil {
			t.Errorf("%s, by who may read it: %v", name, err)
		}
	}
}
