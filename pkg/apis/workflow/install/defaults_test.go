package install

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Kubernetes' own defaults are filled in when an object comes in; ours are not stored, so that what a manifest leaves out
// stays open for templateDefaults (TPL-18) and for referenced templates (REF-03).
func TestDefaults(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	decoder := runtimeserializer.NewCodecFactory(scheme).UniversalDecoder(InternalGroupVersion)
	object, err := runtime.Decode(decoder, []byte(`{
		"apiVersion": "`+v1alpha1.SchemeGroupVersion.String()+`", "kind": "Workflow", "metadata": {"name": "w"},
		"spec": {"entrypoint": "main", "templates": [{"name": "main", "retryStrategy": {},
			"container": {"image": "i", "ports": [{"containerPort": 80}]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	template := object.(*v1alpha1.Workflow).Spec.Templates[0]
	if got := template.Container.Ports[0].Protocol; got != "TCP" {
		t.Errorf("protocol %q", got)
	}
	if template.RetryStrategy.RetryPolicy != "" || template.Container.ImagePullPolicy != "" {
		t.Errorf("more than Kubernetes' defaults was filled in: %+v", template)
	}
}
