package verb

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Options are independent of each other, also when they say the same.
func TestEqualOptions_OPS03(t *testing.T) {
	for range 20 { // the order of a map would show
		wf := &v1alpha1.Workflow{}
		if errs := applySubmission(wf, nil, &v1alpha1.SubmitOptions{Entrypoint: "build", ServiceAccount: "build", PodPriorityClassName: "build"}); len(errs) > 0 {
			t.Fatal(errs)
		}
		if wf.Spec.Entrypoint != "build" || wf.Spec.ServiceAccountName != "build" || wf.Spec.PodPriorityClassName != "build" {
			t.Fatalf("%+v", wf.Spec)
		}
	}
	wf := &v1alpha1.Workflow{Spec: v1alpha1.WorkflowSpec{Entrypoint: "main", ServiceAccountName: "sa", PodPriorityClassName: "high"}}
	applySubmission(wf, nil, &v1alpha1.SubmitOptions{})
	if wf.Spec.Entrypoint != "main" || wf.Spec.ServiceAccountName != "sa" || wf.Spec.PodPriorityClassName != "high" {
		t.Errorf("options that are not given change %+v", wf.Spec)
	}
}
