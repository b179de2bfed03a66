package manifest

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// CLI-31, RES-17: what older manifests have one of becomes a list; nothing else is touched.
func TestConvert(t *testing.T) {
	for _, tc := range []struct{ name, text, want, changed, wantErr string }{
		{
			name:    "cron workflow",
			text:    "kind: CronWorkflow\nspec: {schedule: '* * * * *', workflowSpec: {synchronization: {mutex: {name: m}}, templates: [{synchronization: {semaphore: {namespace: n}}}]}}",
			want:    "kind: CronWorkflow\nspec: {schedules: ['* * * * *'], workflowSpec: {synchronization: {mutexes: [{name: m}]}, templates: [{synchronization: {semaphores: [{namespace: n}]}}]}}",
			changed: "spec.schedule spec.workflowSpec.synchronization.mutex spec.workflowSpec.templates[0].synchronization.semaphore",
		},
		{
			name:    "inline templates",
			text:    "kind: Workflow\nspec: {templates: [{steps: [[{inline: {synchronization: {mutex: {name: m}}}}]]}, {dag: {tasks: [{inline: {synchronization: {mutex: {name: m}}}}]}}]}",
			want:    "kind: Workflow\nspec: {templates: [{steps: [[{inline: {synchronization: {mutexes: [{name: m}]}}}]]}, {dag: {tasks: [{inline: {synchronization: {mutexes: [{name: m}]}}}]}}]}",
			changed: "spec.templates[0].steps[0][0].inline.synchronization.mutex spec.templates[1].dag.tasks[0].inline.synchronization.mutex",
		},
		{
			name: "up to date",
			text: "kind: CronWorkflow\nspec: {schedules: [x], workflowSpec: {arguments: {parameters: [{name: synchronization, value: mutex}]}}}",
			want: "kind: CronWorkflow\nspec: {schedules: [x], workflowSpec: {arguments: {parameters: [{name: synchronization, value: mutex}]}}}",
		},
		{name: "without a spec", text: "kind: Workflow", want: "kind: Workflow"},
		{
			name: "a schedule of something else", text: "kind: Workflow\nspec: {schedule: x, other: {synchronization: {mutex: {}}}}",
			want: "kind: Workflow\nspec: {schedule: x, other: {synchronization: {mutex: {}}}}",
		},
		{name: "both", text: "kind: CronWorkflow\nspec: {schedule: a, schedules: [b]}", wantErr: "spec has both schedule and schedules"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: fields(t, tc.text)}
			changed, err := Convert(object)
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("error %v", err)
				}
				return
			}
			got, _ := yaml.Marshal(object.Object)
			want, _ := yaml.Marshal(fields(t, tc.want))
			if err != nil || string(got) != string(want) || strings.Join(changed, " ") != tc.changed {
				t.Errorf("%v, changed %q\n%s", err, changed, got)
			}
		})
	}
}

func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}
