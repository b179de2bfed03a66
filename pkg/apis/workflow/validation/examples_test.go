package validation

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Every public example is accepted, but for those that no server takes as they are.
func TestExamplesAreAccepted(t *testing.T) {
	for _, document := range exampletest.Load(t) {
		t.Run(fmt.Sprintf("%s#%d", document.File, document.Index), func(t *testing.T) {
			errs := validateDocument(t, document)
			reason, invalid := exampletest.InvalidByDesign[document.File]
			switch {
			case invalid && len(errs) == 0:
				t.Errorf("accepted although %s", reason)
			case !invalid:
				for _, err := range errs {
					t.Error(err)
				}
			}
		})
	}
}

// generatedName makes a name as the server does, which cuts the prefix so that the name is a label value.
func generatedName(prefix string) string {
	const random = "x7k2p"
	return prefix[:min(len(prefix), MaxWorkflowNameLength-len(random))] + random
}

// validateDocument validates an example as the server does: with the name generated and the namespace filled in.
func validateDocument(t *testing.T, document exampletest.Document) field.ErrorList {
	t.Helper()
	decode := func(into any) {
		t.Helper()
		if err := json.Unmarshal(document.JSON, into); err != nil {
			t.Fatal(err)
		}
	}
	var errs field.ErrorList
	switch document.Kind {
	case "Workflow":
		object := &v1alpha1.Workflow{}
		decode(object)
		object.Namespace = "examples"
		if object.Name == "" && object.GenerateName != "" {
			object.Name = generatedName(object.GenerateName)
		}
		errs, _ = ValidateWorkflow(object)
	case "WorkflowTemplate":
		object := &v1alpha1.WorkflowTemplate{}
		decode(object)
		object.Namespace = "examples"
		errs, _ = ValidateWorkflowTemplate(object)
	case "ClusterWorkflowTemplate":
		object := &v1alpha1.ClusterWorkflowTemplate{}
		decode(object)
		errs, _ = ValidateClusterWorkflowTemplate(object)
	case "CronWorkflow":
		object := &v1alpha1.CronWorkflow{}
		decode(object)
		object.Namespace = "examples"
		errs, _ = ValidateCronWorkflow(object)
	case "WorkflowEventBinding":
		object := &v1alpha1.WorkflowEventBinding{}
		decode(object)
		object.Namespace = "examples"
		errs = ValidateWorkflowEventBinding(object)
	default:
		t.Fatalf("no validation for %s", document.Kind)
	}
	return errs
}
