package v1alpha1

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTemplateType(t *testing.T) {
	for _, tc := range []struct {
		template             Template
		want                 TemplateType
		node                 NodeType
		pod, leaf, composite bool
	}{
		{Template{Container: &corev1.Container{}}, TemplateTypeContainer, NodeTypePod, true, true, false},
		{Template{ContainerSet: &ContainerSetTemplate{}}, TemplateTypeContainerSet, NodeTypePod, true, true, false},
		{Template{Script: &ScriptTemplate{}}, TemplateTypeScript, NodeTypePod, true, true, false},
		{Template{Resource: &ResourceTemplate{}}, TemplateTypeResource, NodeTypePod, true, true, false},
		{Template{Data: &Data{}}, TemplateTypeData, NodeTypePod, true, true, false},
		{Template{HTTP: &HTTP{}}, TemplateTypeHTTP, NodeTypeHTTP, false, true, false},
		{Template{Plugin: &Plugin{}}, TemplateTypePlugin, NodeTypePlugin, false, true, false},
		{Template{Suspend: &SuspendTemplate{}}, TemplateTypeSuspend, NodeTypeSuspend, false, false, false},
		{Template{Steps: []ParallelSteps{{}}}, TemplateTypeSteps, NodeTypeSteps, false, false, true},
		{Template{DAG: &DAGTemplate{}}, TemplateTypeDAG, NodeTypeDAG, false, false, true},
		{Template{}, TemplateTypeUnknown, "", false, false, false},
	} {
		template := tc.template
		if got := template.GetType(); got != tc.want {
			t.Errorf("%s: type %s", tc.want, got)
		}
		if got := template.GetNodeType(); got != tc.node {
			t.Errorf("%s: node type %s", tc.want, got)
		}
		if template.IsPodType() != tc.pod || template.IsLeaf() != tc.leaf || template.IsComposite() != tc.composite {
			t.Errorf("%s: pod %v, leaf %v, composite %v", tc.want, template.IsPodType(), template.IsLeaf(), template.IsComposite())
		}
	}
	both := Template{Suspend: &SuspendTemplate{}, DAG: &DAGTemplate{}}
	if got := both.Types(); len(got) != 2 {
		t.Errorf("types of a template with two: %v", got)
	}
}

func TestRetryPolicyDefault(t *testing.T) { // RTY-03
	for want, strategy := range map[RetryPolicy]RetryStrategy{
		RetryPolicyOnFailure: {},
		RetryPolicyAlways:    {Expression: "true"},
		RetryPolicyOnError:   {Expression: "true", RetryPolicy: RetryPolicyOnError},
	} {
		if got := strategy.RetryPolicyActual(); got != want {
			t.Errorf("policy of %+v: %s", strategy, got)
		}
	}
}
