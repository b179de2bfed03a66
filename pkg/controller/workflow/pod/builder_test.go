package pod

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

var update = flag.Bool("update", false, "write the golden files anew")

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// buildCase is one file in testdata: a workflow and the step of it to build. The pod is in the file of the same name that
// ends in .pod.yaml.
type buildCase struct {
	// Covers names what of the catalogue the case is about.
	Covers   string        `json:"covers"`
	Workflow wfv1.Workflow `json:"workflow"`
	// Template and Boundary are names of templates of the workflow; the first template and none when empty.
	Template string          `json:"template"`
	Boundary string          `json:"boundary"`
	OnExit   bool            `json:"onExit"`
	Active   *int64          `json:"activeDeadline"`
	Remains  string          `json:"remains"`
	Avoid    []string        `json:"avoidHosts"`
	Claims   []corev1.Volume `json:"claims"`
	Result   bool            `json:"includeResult"`
	Ordinal  int64           `json:"ordinal"`
	// Repository, Prefix and Logs are about artifacts.
	Repository  *wfv1.ArtifactRepository `json:"repository"`
	Prefix      string                   `json:"prefix"`
	Logs        bool                     `json:"archiveLogs"`
	Settings    Settings                 `json:"settings"`
	StageByInit bool                     `json:"stageByInit"`
	ImageVolume bool                     `json:"imageVolume"`
	// Images answers look-ups in a registry.
	Images map[string]ImageCommand `json:"images"`
}

func (c *buildCase) input(t *testing.T) Input {
	t.Helper()
	c.Workflow.Name, c.Workflow.Namespace, c.Workflow.UID = "demo", "work", types.UID("4f6a2c1e")
	find := func(name string) *wfv1.Template {
		for i := range c.Workflow.Spec.Templates {
			if name == c.Workflow.Spec.Templates[i].Name {
				return &c.Workflow.Spec.Templates[i]
			}
		}
		return nil
	}
	in := Input{
		PodRequest: engine.PodRequest{
			NodeID: "demo-123", NodeName: "demo.step", PodName: "demo-step-123",
			Template: find(c.Template), Boundary: find(c.Boundary), OnExit: c.OnExit, ActiveDeadline: c.Active, FailedHosts: c.Avoid,
			IncludeResult: c.Result, ArtifactPrefix: c.Prefix, ArchiveLogs: c.Logs,
		},
		Workflow: &c.Workflow, Spec: &c.Workflow.Spec, Claims: c.Claims, Now: testNow, Repository: c.Repository,
		Settings: c.Settings, Commands: c.command,
		Ordinal: c.Ordinal, Executor: Executor{Image: "fairlead/fairlead:dev", PullPolicy: corev1.PullIfNotPresent, StageByInit: c.StageByInit},
	}
	in.Settings.ImageVolume = c.ImageVolume
	if in.Template == nil {
		in.Template = &c.Workflow.Spec.Templates[0]
	}
	if c.Remains != "" {
		d, err := time.ParseDuration(c.Remains)
		if err != nil {
			t.Fatal(err)
		}
		in.Deadline = testNow.Add(d)
	}
	return in
}

// command is a look-up in the registry of the case.
func (c *buildCase) command(namespace string, _ *corev1.PodSpec, image string) (ImageCommand, error) {
	if found, ok := c.Images[image]; ok && namespace == "work" {
		return found, nil
	}
	return ImageCommand{}, LookupError(image, errors.New("no such image"))
}

func loadCase(t *testing.T, file string) *buildCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &buildCase{}
	if err := yaml.UnmarshalStrict(data, c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

func TestBuildGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.case.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		c := loadCase(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".case.yaml")
		t.Run(name, func(t *testing.T) {
			before := c.Workflow.DeepCopy()
			in := c.input(t)
			pod, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(pod)
			if err != nil {
				t.Fatal(err)
			}
			got = bytes.ReplaceAll(got, []byte(wfv1.SchemeGroupVersion.String()), []byte(wfv1.DefaultGroupName+"/"+wfv1.Version))
			got = bytes.ReplaceAll(got, []byte(`"apiGroup":"`+wfv1.GroupName), []byte(`"apiGroup":"`+wfv1.DefaultGroupName))
			golden := strings.TrimSuffix(file, ".case.yaml") + ".pod.yaml"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("%s: the pod differs from %s (run with -update and look at the difference):\n%s", c.Covers, golden, got)
			}
			after, _ := yaml.Marshal(c.Workflow.Spec)
			unchanged, _ := yaml.Marshal(before.Spec)
			if string(after) != string(unchanged) {
				t.Error("the builder changed the workflow it was given")
			}
		})
	}
}
