package pod

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

func inputFor(t wfv1.Template) Input {
	if t.Name == "" {
		t.Name = "step"
	}
	wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{Templates: []wfv1.Template{t}}}
	wf.Name, wf.Namespace, wf.UID = "demo", "work", "4f6a2c1e"
	return Input{
		PodRequest: engine.PodRequest{NodeID: "demo-1", NodeName: "demo.step", PodName: "demo-step-1", Template: &wf.Spec.Templates[0]},
		Workflow:   wf, Spec: &wf.Spec, Now: testNow,
	}
}

func plain() *corev1.Container { return &corev1.Container{Image: "busybox", Command: []string{"true"}} }

// What only the executor can do is refused with the field's name, never run without it (POD-01, TPL-03 to TPL-15, PRM-14).
func TestBuildRefusesWhatNeedsTheExecutor(t *testing.T) {
	cases := map[string]struct {
		template wfv1.Template
		change   func(*Input)
		field    string
	}{
		"containerSet": {template: wfv1.Template{ContainerSet: &wfv1.ContainerSetTemplate{}}, field: "containerSet"},
		"resource":     {template: wfv1.Template{Resource: &wfv1.ResourceTemplate{}}, field: "resource"},
		"data":         {template: wfv1.Template{Data: &wfv1.Data{}}, field: "data"},
		"http":         {template: wfv1.Template{HTTP: &wfv1.HTTP{}}, field: "http"},
		"plugin":       {template: wfv1.Template{Plugin: &wfv1.Plugin{}}, field: "plugin"},
		"input artifact": {
			template: wfv1.Template{Container: plain(), Inputs: wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "source"}}}}, field: "inputs.artifacts[source]",
		},
		"output artifact": {
			template: wfv1.Template{Container: plain(), Outputs: wfv1.Outputs{Artifacts: wfv1.Artifacts{{Name: "binary"}}}}, field: "outputs.artifacts[binary]",
		},
		"output parameter": {
			template: wfv1.Template{Container: plain(), Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}}},
			field:    "outputs.parameters[sum].valueFrom.path",
		},
		"sidecar": {
			template: wfv1.Template{Container: plain(), Sidecars: []wfv1.UserContainer{{Container: corev1.Container{Name: "db"}}}}, field: "sidecars[db]",
		},
		"result": {
			template: wfv1.Template{Container: plain()}, change: func(in *Input) { in.IncludeResult = true }, field: "outputs.result",
		},
		"archived logs": {
			template: wfv1.Template{Container: plain()}, change: func(in *Input) { in.Spec.ArchiveLogs = new(true) }, field: "archiveLogs",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputFor(c.template)
			if c.change != nil {
				c.change(&in)
			}
			_, err := Build(in)
			if !errors.Is(err, ErrNeedsExecutor) || !strings.Contains(err.Error(), c.field) || !strings.Contains(err.Error(), "template step") {
				t.Errorf("want an error about the executor that names template step and %s, got %v", c.field, err)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	cases := map[string]struct {
		template wfv1.Template
		want     []string
	}{
		"TPL-02 script over the annotation limit": {
			template: wfv1.Template{Script: &wfv1.ScriptTemplate{Container: *plain(), Source: strings.Repeat("x", annotationLimit+1)}},
			want:     []string{"script.source", "262145 bytes", "executor"},
		},
		"TPL-02 script and annotations over the limit together": {
			template: wfv1.Template{
				Script:   &wfv1.ScriptTemplate{Container: *plain(), Source: strings.Repeat("x", annotationLimit-1000)},
				Metadata: wfv1.Metadata{Annotations: map[string]string{"a": strings.Repeat("y", 1000)}},
			},
			want: []string{"script.source", "annotations together"},
		},
		"POD-06 annotations over the limit": {
			template: wfv1.Template{Container: plain(), Metadata: wfv1.Metadata{Annotations: map[string]string{"a": strings.Repeat("y", annotationLimit)}}},
			want:     []string{"metadata.annotations", "Kubernetes allows 262144"},
		},
		"VOL-01 unknown volume": {
			template: wfv1.Template{Container: &corev1.Container{Image: "busybox", VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}}},
			want:     []string{"container main", `volume "data"`, "volumeClaimTemplates"},
		},
		"POD-13 patch that is no YAML": {
			template: wfv1.Template{Container: plain(), PodSpecPatch: "a: [b"},
			want:     []string{"Error applying PodSpecPatch", "template step"},
		},
		"POD-13 patch of the wrong type": {
			template: wfv1.Template{Container: plain(), PodSpecPatch: "containers: 7"},
			want:     []string{"Error applying PodSpecPatch", "template step"},
		},
		"no pod template": {template: wfv1.Template{}, want: []string{"template step", "neither container nor script"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Build(inputFor(c.template))
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the message: %v", part, err)
				}
			}
		})
	}
}

// A template's word about log archiving counts before the workflow's.
func TestArchiveLogsOffInTemplate(t *testing.T) {
	in := inputFor(wfv1.Template{Container: plain(), ArchiveLocation: &wfv1.ArtifactLocation{ArchiveLogs: new(false)}})
	in.Spec.ArchiveLogs = new(true)
	if _, err := Build(in); err != nil {
		t.Error(err)
	}
}

// An empty script appends nothing to the arguments and mounts nothing (TPL-02).
func TestEmptyScript(t *testing.T) {
	pod, err := Build(inputFor(wfv1.Template{Script: &wfv1.ScriptTemplate{Container: *plain()}}))
	if err != nil {
		t.Fatal(err)
	}
	if main := pod.Spec.Containers[0]; len(main.Args) != 0 || len(main.VolumeMounts) != 0 || len(pod.Spec.Volumes) != 0 {
		t.Errorf("an empty script left traces: %+v", pod.Spec)
	}
}
