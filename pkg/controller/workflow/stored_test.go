package workflow

import (
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestWhatIsStoredIsNotSentAgain(t *testing.T) {
	spec := &wfv1.WorkflowSpec{Entrypoint: "main"}
	one := map[string]wfv1.Template{"a": {}}
	two := map[string]wfv1.Template{"a": {}, "b": {}}
	for name, c := range map[string]struct {
		status, stored  wfv1.WorkflowStatus
		spec, templates bool
	}{
		"nothing stored yet": {wfv1.WorkflowStatus{StoredWorkflowSpec: spec, StoredTemplates: one}, wfv1.WorkflowStatus{}, true, true},
		"all stored":         {wfv1.WorkflowStatus{StoredWorkflowSpec: spec, StoredTemplates: one}, wfv1.WorkflowStatus{StoredWorkflowSpec: spec, StoredTemplates: one}, false, false},
		"a template more":    {wfv1.WorkflowStatus{StoredWorkflowSpec: spec, StoredTemplates: two}, wfv1.WorkflowStatus{StoredWorkflowSpec: spec, StoredTemplates: one}, false, true},
		"none at all":        {wfv1.WorkflowStatus{}, wfv1.WorkflowStatus{}, false, false},
	} {
		sent := withoutStored(&c.status, &c.stored)
		if (sent.StoredWorkflowSpec != nil) != c.spec || (sent.StoredTemplates != nil) != c.templates {
			t.Errorf("%s: sends %+v", name, sent)
		}
		if c.spec != (c.status.StoredWorkflowSpec != nil && c.stored.StoredWorkflowSpec == nil) {
			t.Errorf("%s: the status itself was changed", name)
		}
	}
	if withoutStored(nil, &wfv1.WorkflowStatus{}) != nil {
		t.Error("a status was made up")
	}
}
