package clusterfeatures

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	fakediscovery "k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"
)

var (
	core       = &metav1.APIResourceList{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "namespaces"}, {Name: "resourcequotas"}}}
	webhooks   = []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}
	validating = []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"}
	mutating   = []string{"mutatingadmissionpolicies", "mutatingadmissionpolicybindings"}
	order      = []string{"NamespaceLifecycle", "MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook", "ResourceQuota"}
)

func registration(names ...[]string) *metav1.APIResourceList {
	list := &metav1.APIResourceList{GroupVersion: "admissionregistration.k8s.io/v1"}
	for _, name := range slices.Concat(names...) {
		list.APIResources = append(list.APIResources, metav1.APIResource{Name: name})
	}
	return list
}

// Kubernetes 1.33 to 1.37 (DESIGN, pitfall 3): a plugin whose policies are not served would refuse every write.
func TestDiscover(t *testing.T) {
	tests := []struct {
		name      string
		resources []*metav1.APIResourceList
		off       []string
	}{
		{name: "everything", resources: []*metav1.APIResourceList{core, registration(webhooks, validating, mutating)}},
		{name: "before 1.36", resources: []*metav1.APIResourceList{core, registration(webhooks, validating)}, off: []string{"MutatingAdmissionPolicy"}},
		{
			name: "policies without bindings", resources: []*metav1.APIResourceList{core, registration(webhooks, validating, mutating[:1])},
			off: []string{"MutatingAdmissionPolicy"},
		},
		{
			name: "no admission at all", resources: []*metav1.APIResourceList{core},
			off: []string{"MutatingAdmissionPolicy", "MutatingAdmissionWebhook", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook"},
		},
		{
			name:      "no quotas",
			resources: []*metav1.APIResourceList{{GroupVersion: "v1", APIResources: core.APIResources[:1]}, registration(webhooks, validating, mutating)},
			off:       []string{"ResourceQuota"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plugins, err := Discover(&fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: test.resources}})
			if err != nil {
				t.Fatal(err)
			}
			usable := Usable(context.Background(), plugins, order)
			want := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return slices.Contains(test.off, name) })
			if !slices.Equal(usable, want) {
				t.Errorf("usable: %v, want %v", usable, want)
			}
			var names []string
			for _, check := range ReadyzChecks(plugins, usable) {
				if err := check.Check(nil); err != nil {
					t.Errorf("%s fails: %v", check.Name(), err)
				}
				names = append(names, check.Name())
			}
			for _, plugin := range order {
				line := "admission-" + strings.ToLower(plugin) + "-on"
				if slices.Contains(test.off, plugin) {
					line = "admission-" + strings.ToLower(plugin) + "-off-not-served-by-the-cluster"
				}
				if !slices.Contains(names, line) {
					t.Errorf("/readyz?verbose lacks %s: %v", line, names)
				}
			}
		})
	}
}

// A cluster that does not answer says nothing about what it serves.
func TestDiscoverFails(t *testing.T) {
	fake := &clienttesting.Fake{}
	fake.AddReactor("get", "resource", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("connection refused")
	})
	if _, err := Discover(&fakediscovery.FakeDiscovery{Fake: fake}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("err = %v", err)
	}
}

// Await goes on asking.
func TestAwait(t *testing.T) {
	client := &flaky{FakeDiscovery: &fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: []*metav1.APIResourceList{core, registration(webhooks, validating)}}}, failures: 1}
	plugins, err := Await(context.Background(), client)
	if err != nil || len(plugins) != len(order) {
		t.Errorf("%v, %v", plugins, err)
	}
}

type flaky struct {
	*fakediscovery.FakeDiscovery
	failures int
}

var _ discovery.ServerResourcesInterface = &flaky{}

func (f *flaky) ServerResourcesForGroupVersion(groupVersion string) (*metav1.APIResourceList, error) {
	if f.failures > 0 {
		f.failures--
		return nil, errors.New("not yet")
	}
	return f.FakeDiscovery.ServerResourcesForGroupVersion(groupVersion)
}

func TestSwitchedOffByFlag(t *testing.T) {
	plugins := []Plugin{{Name: "ResourceQuota"}}
	if got := ReadyzChecks(plugins, nil)[0].Name(); got != "admission-resourcequota-off-by-flag" {
		t.Errorf("name = %s", got)
	}
}
