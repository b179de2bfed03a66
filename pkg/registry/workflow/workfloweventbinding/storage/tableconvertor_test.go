package storage

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestSubmitted(t *testing.T) {
	ref := func(name string, cluster bool) *v1alpha1.Submit {
		return &v1alpha1.Submit{WorkflowTemplateRef: v1alpha1.WorkflowTemplateRef{Name: name, ClusterScope: cluster}}
	}
	for _, tc := range []struct {
		submit *v1alpha1.Submit
		want   string
	}{
		{nil, "<none>"}, {ref("", false), "<none>"}, {ref("build", false), "build"}, {ref("build", true), "cluster/build"},
	} {
		binding := &v1alpha1.WorkflowEventBinding{Spec: v1alpha1.WorkflowEventBindingSpec{Submit: tc.submit}}
		if got := submitted(binding); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
