package app

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes/fake"

	"fairlead.dev/fairlead/pkg/apiserver"
)

// CFG-03, CFG-05: the server knows the defaults of the controller whose ConfigMap is beside it, and no other's.
func TestWorkflowDefaultsOfTheServer(t *testing.T) {
	for name, tc := range map[string]struct {
		data       map[string]string
		instance   string
		known      bool
		entrypoint string
	}{
		"there is no configuration":               {known: true},
		"the controller's":                        {data: map[string]string{"workflowDefaults": "spec: {entrypoint: main}"}, known: true, entrypoint: "main"},
		"another controller's":                    {data: map[string]string{"workflowDefaults": "spec: {entrypoint: main}"}, instance: "other"},
		"of a controller with an instance":        {data: map[string]string{"instanceID": "mine", "workflowDefaults": "spec: {entrypoint: main}"}, instance: "mine", known: true, entrypoint: "main"},
		"of nobody, beside one with an instance":  {data: map[string]string{"instanceID": "mine"}},
		"a configuration that nobody understands": {data: map[string]string{"workflowDefaults": "spec: {entrypiont: main}"}},
	} {
		t.Run(name, func(t *testing.T) {
			kube := fake.NewClientset()
			if tc.data != nil {
				kube = fake.NewClientset(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "settings"}, Data: tc.data})
			}
			server := &apiserver.Config{Extra: apiserver.ExtraConfig{PostStartHooks: map[string]genericapiserver.PostStartHookFunc{}}}
			found, known := watchDefaults(t.Context(), kube, "system", "settings", server).of(tc.instance)
			entrypoint := ""
			if found != nil {
				entrypoint = found.Spec.Entrypoint
			}
			if known != tc.known || entrypoint != tc.entrypoint {
				t.Errorf("%q, known %v; want %q, %v", entrypoint, known, tc.entrypoint, tc.known)
			}
			if len(server.Extra.PostStartHooks) != 1 {
				t.Error("nobody follows the ConfigMap")
			}
		})
	}
}
