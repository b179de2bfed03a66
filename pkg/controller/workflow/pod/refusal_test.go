package pod

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/executor/task"
)

func inputFor(t wfv1.Template) Input {
	if t.Name == "" {
		t.Name = "step"
	}
	wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{Templates: []wfv1.Template{t}}}
	wf.Name, wf.Namespace, wf.UID = "demo", "work", "4f6a2c1e"
	return Input{
		PodRequest: engine.PodRequest{NodeID: "demo-1", NodeName: "demo.step", PodName: "demo-step-1", Template: &wf.Spec.Templates[0]},
		Workflow:   wf, Spec: &wf.Spec, Now: testNow, Executor: Executor{Image: "fairlead/fairlead:dev"},
	}
}

// incompressible is text that gzip makes no smaller than three quarters, the same each time.
func incompressible(n int) string {
	source := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, n)
	for i := range text {
		text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"[source.IntN(64)]
	}
	return string(text)
}

func plain() *corev1.Container { return &corev1.Container{Image: "busybox", Command: []string{"true"}} }

// What this version cannot do is refused with the field's name, never run without it (POD-01, TPL-03 to TPL-15).
func TestBuildRefusesWhatIsNotSupported(t *testing.T) {
	cases := map[string]struct {
		template wfv1.Template
		change   func(*Input)
		field    string
	}{
		"http":   {template: wfv1.Template{HTTP: &wfv1.HTTP{}}, field: "http"},
		"plugin": {template: wfv1.Template{Plugin: &wfv1.Plugin{}}, field: "plugin"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputFor(c.template)
			if c.change != nil {
				c.change(&in)
			}
			_, err := Build(in)
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.field) || !strings.Contains(err.Error(), "template step") {
				t.Errorf("want an error that names template step and %s, got %v", c.field, err)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	cases := map[string]struct {
		template wfv1.Template
		want     []string
	}{
		"TPL-02 script that no pod can hold": {
			template: wfv1.Template{Script: &wfv1.ScriptTemplate{Container: *plain(), Source: incompressible(1 << 20)}},
			want:     []string{"template step", "script.source has 1048576 bytes", "at most 1048576"},
		},
		"POD-02 V-258 command of the image unknown": {
			template: wfv1.Template{Container: &corev1.Container{Image: "tool:v1"}, Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}}},
			want:     []string{`failed to look-up entrypoint/cmd for image "tool:v1", you must either explicitly specify the command, or list the image's command in the index: `},
		},
		"DRV-10 driver that is not configured, for an output": {
			template: wfv1.Template{Container: plain(), Outputs: wfv1.Outputs{Artifacts: wfv1.Artifacts{{Name: "binary", Path: "/b", ArtifactLocation: wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{Name: "p", Key: "k"}}}}}},
			want:     []string{"template step", "artifact driver p not found", "artifactDrivers"},
		},
		"DRV-10 driver that is not configured, for a list": {
			template: wfv1.Template{Data: &wfv1.Data{Source: wfv1.DataSource{ArtifactPaths: &wfv1.ArtifactPaths{Artifact: wfv1.Artifact{Name: "binary", ArtifactLocation: wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{Name: "p", Key: "k"}}}}}}},
			want:     []string{"template step", "artifact driver p not found", "artifactDrivers"},
		},
		"ART-10 no repository": {
			template: wfv1.Template{Container: plain(), Outputs: wfv1.Outputs{Artifacts: wfv1.Artifacts{{Name: "binary", Path: "/b"}}}},
			want:     []string{"template step", "artifact binary: you need to configure artifact storage"},
		},
		"ART-16 deleted input": {
			template: wfv1.Template{Container: plain(), Inputs: wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "x", Path: "/x", Deleted: true, ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "k"}}}}}},
			want:     []string{"template step", "inputs.artifacts.x was deleted by artifact garbage collection"},
		},
		"ART-01 input on a mount that only main knows": {
			template: wfv1.Template{
				Container: &corev1.Container{Image: "busybox", Command: []string{"true"}, VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/v", SubPathExpr: "$(A)"}}},
				Inputs:    wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "x", Path: "/v/x", ArtifactLocation: wfv1.ArtifactLocation{Raw: &wfv1.RawArtifact{}}}}},
			},
			want: []string{"template step", "inputs.artifacts.x", "subPathExpr"},
		},
		"ART-01 input in the place of everything": {
			template: wfv1.Template{Container: plain(), Inputs: wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "x", Path: "//", ArtifactLocation: wfv1.ArtifactLocation{Raw: &wfv1.RawArtifact{}}}}}},
			want:     []string{"template step", "inputs.artifacts.x", "the place of all that main has"},
		},
		"POD-13 patch that removes main": {
			template: wfv1.Template{
				Container: plain(), PodSpecPatch: `containers: [{name: main, $patch: delete}]`,
				Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}},
			},
			want: []string{"podSpecPatch removes the container main"},
		},
		"POD-13 patch that removes the helper": {
			template: wfv1.Template{
				Container: plain(), PodSpecPatch: `containers: [{name: wait, $patch: delete}]`,
				Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}},
			},
			want: []string{"template step", "podSpecPatch removes the container wait"},
		},
		"POD-13 patch that replaces all containers": {
			template: wfv1.Template{
				Container: plain(), PodSpecPatch: `containers: [{name: main, image: busybox, command: ["true"]}, {$patch: replace}]`,
				Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}},
			},
			want: []string{"podSpecPatch removes the container wait"},
		},
		"POD-13 patch that removes what stages": {
			template: wfv1.Template{
				Container: plain(), PodSpecPatch: `initContainers: [{name: init, $patch: delete}]`,
				Sidecars: []wfv1.UserContainer{{Container: corev1.Container{Name: "side", Image: "busybox", Command: []string{"true"}}}},
			},
			want: []string{"podSpecPatch removes the container init"},
		},
		"EXE-03 main that Kubernetes starts again": {
			template: wfv1.Template{
				Container: &corev1.Container{Image: "busybox", Command: []string{"true"}, RestartPolicyRules: []corev1.ContainerRestartRule{{Action: corev1.ContainerRestartRuleActionRestart}}},
				Outputs:   wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}},
			},
			want: []string{"container main: restartPolicy", "use retryStrategy"},
		},
		"TPL-15 sidecar that Kubernetes starts again": {
			template: wfv1.Template{
				Container: plain(),
				Sidecars:  []wfv1.UserContainer{{Container: corev1.Container{Name: "side", Image: "busybox", Command: []string{"true"}, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}},
			},
			want: []string{"container side: restartPolicy", "init container with restartPolicy Always"},
		},
		"POD-06 annotations over the limit": {
			template: wfv1.Template{Container: plain(), Metadata: wfv1.Metadata{Annotations: map[string]string{"a": strings.Repeat("y", annotationLimit)}}},
			want:     []string{"metadata.annotations", "Kubernetes allows 262144"},
		},
		"VOL-01 V-260 unknown volume": {
			template: wfv1.Template{Container: &corev1.Container{Image: "busybox", VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}}},
			want:     []string{"container main", "volume 'data' not found in workflow spec", "volumeClaimTemplates"},
		},
		"POD-13 patch that is no YAML": {
			template: wfv1.Template{Container: plain(), PodSpecPatch: "a: [b"},
			want:     []string{"Error applying PodSpecPatch", "template step"},
		},
		"POD-13 patch of the wrong type": {
			template: wfv1.Template{Container: plain(), PodSpecPatch: "containers: 7"},
			want:     []string{"Error applying PodSpecPatch", "template step"},
		},
		"no pod template": {template: wfv1.Template{}, want: []string{"template step", "no container, script"}},
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

// TPL-01: a step that nobody wraps is the user's own affair, also when Kubernetes is to start it again.
func TestPlainStepMayRestart(t *testing.T) {
	rules := []corev1.ContainerRestartRule{{Action: corev1.ContainerRestartRuleActionRestart}}
	pod, err := Build(inputFor(wfv1.Template{Container: &corev1.Container{Image: "busybox", Command: []string{"true"}, RestartPolicyRules: rules}}))
	if err != nil || len(pod.Spec.Containers) != 1 || len(pod.Spec.Containers[0].RestartPolicyRules) != 1 {
		t.Errorf("%+v, %v", pod, err)
	}
}

// POD-02: variables are put into what stands in a pod, and not into what stands in an image.
func TestImageCommandsStayAsTheyAre_POD02(t *testing.T) {
	in := inputFor(wfv1.Template{Container: &corev1.Container{Image: "tool"}, Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "sum", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/sum"}}}}})
	in.Settings.Images = map[string]ImageCommand{"tool": {Entrypoint: []string{"sh", "-c"}, Cmd: []string{"echo $$ $(HOME)"}}}
	pod, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == MainContainerName && (len(c.Args) != 1 || c.Args[0] != "echo $$$$ $$(HOME)") {
			t.Errorf("args %q", c.Args)
		}
	}
}

// POD-10: our containers promise not to be root, unless they are to be.
func TestHelpersAreNotRoot_POD10(t *testing.T) {
	root, user := int64(0), int64(1000)
	output := wfv1.Outputs{Artifacts: []wfv1.Artifact{{Name: "a", Path: "/a", ArtifactLocation: wfv1.ArtifactLocation{HTTP: &wfv1.HTTPArtifact{URL: "http://store/a"}}}}}
	for name, c := range map[string]struct {
		pod  *corev1.PodSecurityContext
		main *corev1.SecurityContext
		own  *corev1.SecurityContext
		want bool
	}{
		"nobody says":             {want: true},
		"the pod is not root":     {pod: &corev1.PodSecurityContext{RunAsUser: &user}, want: true},
		"the pod is root":         {pod: &corev1.PodSecurityContext{RunAsUser: &root}},
		"main is root":            {main: &corev1.SecurityContext{RunAsUser: &root}},
		"main is not, the pod is": {pod: &corev1.PodSecurityContext{RunAsUser: &root}, main: &corev1.SecurityContext{RunAsUser: &user}, want: true},
		"the configuration says":  {own: &corev1.SecurityContext{RunAsUser: &user}},
	} {
		t.Run(name, func(t *testing.T) {
			main := plain()
			main.SecurityContext = c.main
			in := inputFor(wfv1.Template{Container: main, Outputs: output, SecurityContext: c.pod})
			if c.own != nil {
				in.Settings.Executor = &corev1.Container{SecurityContext: c.own}
			}
			pod, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, container := range pod.Spec.Containers {
				s := container.SecurityContext
				if got := s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot; got != (c.want && container.Name == WaitContainerName) {
					t.Errorf("%s: runAsNonRoot %t", container.Name, got)
				}
			}
		})
	}
}

// ART-01, VOL-06: `init` is root where it brings an artifact into a volume that may belong to root, unless somebody says who the pod
// is; nothing else of ours ever is.
func TestInitWritesVolumesOfRoot_ART01_VOL06(t *testing.T) {
	root, user := int64(0), int64(1000)
	claim := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}
	for name, c := range map[string]struct {
		volume corev1.VolumeSource
		path   string
		pod    *corev1.PodSecurityContext
		main   *corev1.SecurityContext
		own    *corev1.SecurityContext
		want   bool
	}{
		"a claim":                     {volume: claim, path: "/v/a", want: true},
		"a claim, main says root":     {volume: claim, path: "/v/a", main: &corev1.SecurityContext{RunAsUser: &root}, want: true},
		"a claim of a group":          {volume: claim, path: "/v/a", pod: &corev1.PodSecurityContext{FSGroup: &user}, want: true},
		"not in the volume":           {volume: claim, path: "/a"},
		"an empty directory":          {volume: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, path: "/v/a"},
		"the pod is another user":     {volume: claim, path: "/v/a", pod: &corev1.PodSecurityContext{RunAsUser: &user}},
		"main is another user":        {volume: claim, path: "/v/a", main: &corev1.SecurityContext{RunAsUser: &user}},
		"the pod is never root":       {volume: claim, path: "/v/a", pod: &corev1.PodSecurityContext{RunAsNonRoot: new(true)}},
		"main is never root":          {volume: claim, path: "/v/a", main: &corev1.SecurityContext{RunAsNonRoot: new(true)}},
		"main may, the pod may never": {volume: claim, path: "/v/a", pod: &corev1.PodSecurityContext{RunAsNonRoot: new(true)}, main: &corev1.SecurityContext{RunAsNonRoot: new(false)}, want: true},
		"the configuration says":      {volume: claim, path: "/v/a", own: &corev1.SecurityContext{}},
	} {
		t.Run(name, func(t *testing.T) {
			main := plain()
			main.SecurityContext = c.main
			main.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
			in := inputFor(wfv1.Template{
				Container: main, SecurityContext: c.pod, Volumes: []corev1.Volume{{Name: "v", VolumeSource: c.volume}},
				Inputs:  wfv1.Inputs{Artifacts: []wfv1.Artifact{{Name: "a", Path: c.path, ArtifactLocation: wfv1.ArtifactLocation{Raw: &wfv1.RawArtifact{Data: "x"}}}}},
				Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "p", ValueFrom: &wfv1.ValueFrom{Path: "/p"}}}},
			})
			if c.own != nil {
				in.Settings.Executor = &corev1.Container{SecurityContext: c.own}
			}
			pod, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
				if container.Name == MainContainerName {
					continue
				}
				s := container.SecurityContext
				isRoot := s.RunAsUser != nil && *s.RunAsUser == 0 && (s.RunAsNonRoot == nil || !*s.RunAsNonRoot)
				free := s.Capabilities != nil && len(s.Capabilities.Add) > 0
				if want := c.want && container.Name == InitContainerName; free != want || isRoot != want {
					t.Errorf("%s: root %t, capabilities %v, want root %t", container.Name, isRoot, s.Capabilities, want)
				}
			}
		})
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

// EXE-15: what is too long for a variable comes packed, and is read from it again.
func TestLongTaskIsPacked(t *testing.T) {
	text := incompressible(300 << 10)
	in := inputFor(wfv1.Template{Container: plain(), Inputs: wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "x", Path: "/x", ArtifactLocation: wfv1.ArtifactLocation{Raw: &wfv1.RawArtifact{Data: text}}}}}})
	pod, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, e := range pod.Spec.InitContainers[0].Env {
		if env[e.Name] = e.Value; len(e.Value) > task.EnvLimit {
			t.Errorf("%s has %d bytes", e.Name, len(e.Value))
		}
	}
	work, err := task.Read(func(name string) string { return env[name] })
	if err != nil || len(work.Inputs) != 1 || !strings.Contains(string(work.Inputs[0].Artifact), text) {
		t.Errorf("%v", err)
	}
}
