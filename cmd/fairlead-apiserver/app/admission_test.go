package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	fakediscovery "k8s.io/client-go/discovery/fake"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/pkg/apiserver/clusterfeatures"
)

// oldCluster is a cluster before Kubernetes 1.36: it has everything but MutatingAdmissionPolicies.
func oldCluster(objects ...runtime.Object) *fake.Clientset {
	client := fake.NewClientset(objects...)
	client.Resources = []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "namespaces"}, {Name: "resourcequotas"}}},
		{GroupVersion: "admissionregistration.k8s.io/v1", APIResources: []metav1.APIResource{
			{Name: "mutatingwebhookconfigurations"}, {Name: "validatingwebhookconfigurations"},
			{Name: "validatingadmissionpolicies"}, {Name: "validatingadmissionpolicybindings"},
		}},
	}
	for _, name := range []string{"mutatingadmissionpolicies", "mutatingadmissionpolicybindings"} {
		notServed := func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewNotFound(admissionregistrationv1.Resource(name), "")
		}
		client.PrependReactor("list", name, notServed)
	}
	return client
}

// admit runs the admission chain, as it is set up for the cluster, for the creation of a workflow.
func admit(t *testing.T, client *fake.Clientset, namespace string, subresource string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := NewOptions()
	plugins, err := clusterfeatures.Discover(client.Discovery().(*fakediscovery.FakeDiscovery))
	if err != nil {
		t.Fatal(err)
	}
	useAdmission(ctx, o.Recommended, plugins)
	if slices.Contains(enabledPlugins(o.Recommended.Admission), "MutatingAdmissionPolicy") {
		t.Error("MutatingAdmissionPolicy is on")
	}

	config := apiserver.NewConfig("v0.0.0")
	config.Generic.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	factory := informers.NewSharedInformerFactory(client, 0)
	initializers, err := o.Recommended.ExtraAdmissionInitializers(config.Generic)
	if err != nil {
		t.Fatal(err)
	}
	err = o.Recommended.Admission.ApplyTo(&config.Generic.Config, factory, client, dynamicfake.NewSimpleDynamicClient(runtime.NewScheme()),
		config.Generic.FeatureGate, config.Generic.EffectiveVersion, initializers...)
	if err != nil {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	for informer, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			t.Fatalf("informer of %v is not synced", informer)
		}
	}

	workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hello"}}
	attributes := admission.NewAttributesRecord(workflow, nil, v1alpha1.SchemeGroupVersion.WithKind("Workflow"), namespace, "hello",
		v1alpha1.SchemeGroupVersion.WithResource("workflows"), subresource, admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: "alice"})
	interfaces := admission.NewObjectInterfacesFromScheme(apiserver.Scheme)
	if err := config.Generic.AdmissionControl.(admission.MutationInterface).Admit(ctx, attributes, interfaces); err != nil {
		return err
	}
	return config.Generic.AdmissionControl.(admission.ValidationInterface).Validate(ctx, attributes, interfaces)
}

// The issue asks for each of these to work in clusters that lack one of the others (pitfall 3).
func TestAdmissionInAnOldCluster(t *testing.T) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	ending := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ending"}, Status: corev1.NamespaceStatus{Phase: corev1.NamespaceTerminating}}
	count := corev1.ResourceName("count/workflows." + v1alpha1.GroupName)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{count: resource.MustParse("0")}},
		Status: corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{count: resource.MustParse("0")}, Used: corev1.ResourceList{count: resource.MustParse("0")},
		},
	}
	tests := []struct {
		name, namespace, subresource string
		objects                      []runtime.Object
		want                         string
	}{
		{name: "nothing against it", namespace: "default", objects: []runtime.Object{namespace}},
		{name: "no such namespace", namespace: "nowhere", objects: []runtime.Object{namespace}, want: `namespaces "nowhere" not found`},
		{name: "ending namespace", namespace: "ending", objects: []runtime.Object{ending}, want: "because it is being terminated"},
		{name: "quota", namespace: "default", objects: []runtime.Object{namespace, quota}, want: "exceeded quota: none"},
		{name: "a subresource is no new workflow", namespace: "default", subresource: "nodes", objects: []runtime.Object{namespace, quota}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := admit(t, oldCluster(test.objects...), test.namespace, test.subresource)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}
