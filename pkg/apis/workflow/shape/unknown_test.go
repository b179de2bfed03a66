package shape_test

import (
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// V-214, RES-17: a field that there is not is usually one that is written otherwise.
func TestDidYouMean_V214(t *testing.T) {
	for path, want := range map[string]string{
		"spec.entryPoint":                                    "entrypoint",
		"spec.templates[0].container.comand":                 "command",
		"spec.serviceAccount":                                "serviceAccountName",
		"spec.ttlSecondsAfterFinished":                       "ttlStrategy",
		"spec.synchronization.mutex":                         "mutexes",
		"spec.templates[1].containers":                       "containerSet",
		"spec.templates[1].dag.tasks[2].templat":             "template",
		"spec.hooks.exit.tmplate":                            "template",
		"spec.templates[0].outputs.parameters[0].valeFrom":   "valueFrom",
		"spec.templates[0].container.resources.limit":        "limits",
		"spec.colour":                                        "",
		"spec.x":                                             "",
		"nothing.known":                                      "",
		"metadata.labels.a.b":                                "",
		"spec.templates[0].inputs.parameters[0].value.inner": "",
	} {
		if got := shape.DidYouMean(path, &v1alpha1.Workflow{}); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := shape.DidYouMean("spec.schedule", &v1alpha1.CronWorkflow{}); got != "schedules" {
		t.Errorf("schedule: %q", got)
	}
}
