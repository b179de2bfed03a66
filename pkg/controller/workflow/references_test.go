package workflow

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// oneConfigMap is a client that knows one ConfigMap.
type oneConfigMap struct {
	WorkflowClient
	found *corev1.ConfigMap
}

func (c oneConfigMap) ConfigMap(context.Context, string, string) (*corev1.ConfigMap, error) {
	return c.found, nil
}

// V-263, LBL-06: only a ConfigMap that is labelled so gives parameters; a workflow must not read others through the controller.
func TestOnlyLabelledConfigMapsGiveParameters(t *testing.T) {
	request := engine.TemplateRequest{Kind: engine.RequestConfigMapParameter, Name: "settings", Key: "size"}
	for name, tc := range map[string]struct {
		labels   map[string]string
		value    string
		message  string
		notFound bool
	}{
		"V-263 labelled":      {labels: map[string]string{wfv1.LabelKeyConfigMapType: "Parameter"}, value: "small"},
		"V-263 without label": {message: `ConfigMap ns/settings gives no parameters: its label workflows.argoproj.io/configmap-type has to be "Parameter", is ""`},
		"V-263 another label": {labels: map[string]string{wfv1.LabelKeyConfigMapType: "Cache"}, message: `is "Cache"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Controller{workflows: oneConfigMap{found: &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Labels: tc.labels}, Data: map[string]string{"size": "small"}}}}
			events, err := c.resolve(t.Context(), "ns", []engine.TemplateRequest{request})
			if err != nil || len(events) != 1 {
				t.Fatalf("%v, %v", events, err)
			}
			answer := events[0].(engine.TemplateResolved)
			switch {
			case tc.value != "" && (answer.Value == nil || *answer.Value != tc.value):
				t.Errorf("%+v", answer)
			case tc.value == "" && (answer.Value != nil || answer.NotFound || !strings.Contains(answer.Message, tc.message)):
				t.Errorf("%+v", answer)
			}
		})
	}
}
