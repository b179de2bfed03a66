package workflow

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
)

const (
	onePod    = `{entrypoint: main, templates: [{name: main, container: {image: i, command: [c]}}]}`
	threePods = `{entrypoint: main, templates: [{name: main, dag: {tasks: [{name: a, template: x}, {name: b, template: x}, {name: c, template: x}]}}, {name: x, container: {image: i, command: [c]}}]}`
	artifacts = `{entrypoint: main, artifactGC: {strategy: OnWorkflowDeletion}, templates: [{name: main, container: {image: i, command: [c]}, outputs: {artifacts: [{name: a, path: /a}]}}]}`
)

// configured is a started controller with this configuration and a workflow of each name.
func configured(t *testing.T, text, spec string, names ...string) (*process, []types.NamespacedName) {
	t.Helper()
	parsed, err := config.Parse(map[string]string{"config": text})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	var keys []types.NamespacedName
	for i, name := range names {
		wf := &wfv1.Workflow{}
		if err := yaml.UnmarshalStrict([]byte(spec), &wf.Spec); err != nil {
			t.Fatal(err)
		}
		wf.Name = name
		wf.CreationTimestamp.Time = w.now.Now().Add(time.Duration(i) * time.Second)
		keys = append(keys, w.submit(wf))
	}
	p := w.start(Options{})
	p.config = func() *config.Config { return parsed }
	return p, keys
}

// look lets a controller look at workflows until nothing changes any more.
func (p *process) look(keys ...types.NamespacedName) {
	for range 4 {
		for _, key := range keys {
			p.handle(context.Background(), key)
		}
		p.deliver()
	}
}

func (p *process) header(key types.NamespacedName) *wfv1.Workflow { return p.stored[key].header }

func TestParallelism_CTL04(t *testing.T) {
	for _, text := range []string{"parallelism: 1", "namespaceParallelism: 1"} {
		p, keys := configured(t, text, onePod, "first", "second")
		p.look(keys[1], keys[0]) // in the wrong order
		if got := p.header(keys[0]).Status.Phase; got != wfv1.WorkflowRunning {
			t.Fatalf("%s: first is %q", text, got)
		}
		waiting := p.header(keys[1])
		if waiting.Status.Phase != wfv1.WorkflowPending || waiting.Status.Message != postponedMessage || waiting.Labels[wfv1.LabelKeyPhase] != "Pending" ||
			!waiting.Status.StartedAt.IsZero() || len(p.podSet) != 1 {
			t.Errorf("%s: second is %+v, %d pods", text, waiting.Status, len(p.podSet))
		}
		writes := p.counts["nodes"]
		p.look(keys...)
		if p.counts["nodes"] != writes {
			t.Errorf("%s: %d more writes while it waits", text, p.counts["nodes"]-writes)
		}
		p.edit(keys[0], func(wf *wfv1.Workflow) { wf.Spec.Shutdown = wfv1.ShutdownStrategyTerminate })
		p.deliver()
		p.look(keys...)
		if first, second := p.header(keys[0]).Status.Phase, p.header(keys[1]).Status; first != wfv1.WorkflowFailed || second.Phase != wfv1.WorkflowRunning || second.Message != "" {
			t.Errorf("%s: after the first has ended: %s, %+v", text, first, second)
		}
	}
}

func TestLimitIsLifted_CTL22(t *testing.T) {
	p, keys := configured(t, "parallelism: 1", onePod, "first", "second")
	p.look(keys...)
	p.config = func() *config.Config { return &config.Config{} }
	p.Reconsider()
	key, _ := p.queue.Get()
	for key != keys[1] {
		p.queue.Done(key)
		key, _ = p.queue.Get()
	}
	p.look(keys...)
	if got := p.header(keys[1]).Status.Phase; got != wfv1.WorkflowRunning {
		t.Errorf("second is %s", got)
	}
}

func TestInitialDelay_CTL08(t *testing.T) {
	p, keys := configured(t, "initialDelay: 10s", onePod, "wf")
	p.look(keys...)
	if len(p.podSet) != 0 || p.header(keys[0]).Status.Phase != "" {
		t.Errorf("%d pods, %s", len(p.podSet), p.header(keys[0]).Status.Phase)
	}
	p.now.Step(10 * time.Second)
	p.look(keys...)
	if len(p.podSet) != 1 {
		t.Errorf("%d pods", len(p.podSet))
	}
}

func TestResourceRateLimit_POD17(t *testing.T) {
	p, keys := configured(t, "resourceRateLimit: {limit: 1, burst: 2}", threePods, "wf")
	p.look(keys...)
	if len(p.podSet) != 2 {
		t.Errorf("%d pods at once", len(p.podSet))
	}
	p.now.Step(time.Second)
	p.look(keys...)
	if len(p.podSet) != 3 {
		t.Errorf("%d pods after a second", len(p.podSet))
	}
}

func TestWorkflowEvents_CTL10(t *testing.T) {
	for text, want := range map[string][2]bool{ // about workflows, about steps
		"{}": {true, false}, "workflowEvents: {enabled: false}": {false, false}, "nodeEvents: {enabled: true}": {true, true},
	} {
		p, keys := configured(t, text, onePod, "wf")
		p.look(keys...)
		for _, pod := range p.podSet {
			_ = p.changePod(pod.Namespace, pod.Name, pod.UID, func(pod *corev1.Pod) { setPhase(pod, corev1.PodRunning) })
		}
		p.deliver()
		p.look(keys...)
		has := func(reason string) bool {
			return slices.ContainsFunc(p.told, func(e string) bool { return strings.HasPrefix(e, reason) })
		}
		if got := [2]bool{has("WorkflowRunning"), has("WorkflowNode")}; got != want {
			t.Errorf("%s: %v, want %v: %q", text, got, want, p.told)
		}
	}
}

func TestDefaultsReachPods_CFG03(t *testing.T) {
	p, keys := configured(t, "workflowDefaults: {metadata: {labels: {team: x}}, spec: {serviceAccountName: sa}}", onePod, "wf")
	p.look(keys...)
	for _, pod := range p.podSet {
		if pod.Spec.ServiceAccountName != "sa" {
			t.Errorf("%+v", pod.Spec)
		}
	}
	if wf := p.header(keys[0]); len(p.podSet) != 1 || wf.Labels["team"] != "x" || wf.Spec.ServiceAccountName != "" || wf.Status.StoredWorkflowSpec.ServiceAccountName != "sa" {
		t.Errorf("%+v", wf)
	}
}

func TestRestrictionsReachWorkflows_CFG04(t *testing.T) {
	p, keys := configured(t, "workflowRestrictions: {templateReferencing: Strict}", onePod, "wf")
	p.look(keys...)
	if wf := p.stored[keys[0]].header; len(p.podSet) != 0 || wf.Status.Phase != wfv1.WorkflowError || !strings.Contains(wf.Status.Message, "must use workflowTemplateRef") {
		t.Errorf("%+v", wf.Status)
	}
}

func TestEngineOptions(t *testing.T) {
	p, keys := configured(t, "failedPodRestart: {enabled: true, maxRestarts: 7, backoffSeconds: 9}\nworkflowRestrictions: {templateReferencing: Secure}", onePod, "wf")
	o := p.engineOptions(p.header(keys[0]))
	if o.RestartFailedPods != 7 || o.RestartPause != 9*time.Second || !o.Policy.TemplatesOnly || !o.Policy.Unchanged {
		t.Errorf("%+v", o)
	}
}

// shelves are the repositories of a test.
type shelves struct {
	found *wfv1.ArtifactRepositoryRefStatus
	err   error
	asked int
}

func (s *shelves) Resolve(context.Context, string, *wfv1.ArtifactRepositoryRef) (*wfv1.ArtifactRepositoryRefStatus, error) {
	s.asked++
	return s.found, s.err
}

func (s *shelves) StoresLogs(string) bool { return false }

type keyring struct{ given []string }

func (k *keyring) Ensure(_ context.Context, namespace string) error {
	k.given = append(k.given, namespace)
	return nil
}

// tags sets finalizers in a world.
type tags struct{ p *process }

func (f tags) Set(_ context.Context, key types.NamespacedName, _ types.UID, version string, finalizers []string) (string, error) {
	if f.p.stored[key].header.ResourceVersion != version {
		return "", errors.New("conflict")
	}
	f.p.edit(key, func(wf *wfv1.Workflow) { wf.Finalizers = finalizers })
	return f.p.stored[key].header.ResourceVersion, nil
}

func TestArtifactRepository_ART10_AGC04(t *testing.T) {
	p, keys := configured(t, "{}", artifacts, "wf")
	s := &shelves{found: &wfv1.ArtifactRepositoryRefStatus{Default: true, ArtifactRepository: &wfv1.ArtifactRepository{S3: &wfv1.S3ArtifactRepository{S3Bucket: wfv1.S3Bucket{Bucket: "b", Endpoint: "e"}}}}}
	k := &keyring{}
	p.repositories, p.credentials, p.finalizers = s, k, tags{p}
	p.look(keys...)
	p.look(keys...)
	wf := p.header(keys[0])
	if wf.Status.ArtifactRepositoryRef == nil || wf.Status.ArtifactRepositoryRef.ArtifactRepository.S3.Bucket != "b" || s.asked != 1 || !slices.Equal(k.given, []string{"work"}) {
		t.Errorf("%+v, asked %d times, credentials for %v", wf.Status.ArtifactRepositoryRef, s.asked, k.given)
	}
	if !slices.Equal(wf.Finalizers, []string{wfv1.FinalizerArtifactGC}) {
		t.Errorf("finalizers %v", wf.Finalizers)
	}

	p, keys = configured(t, "{}", artifacts, "wf")
	p.repositories = &shelves{err: errors.New("no such shelf")}
	p.look(keys...)
	if st := p.stored[keys[0]].header.Status; st.Phase != wfv1.WorkflowError || st.Message != "failed to resolve artifact repository: no such shelf" {
		t.Errorf("%+v", st)
	}

	p, keys = configured(t, "{}", onePod, "wf")
	s = &shelves{}
	p.repositories, p.finalizers = s, tags{p}
	p.look(keys...)
	if s.asked != 0 || len(p.header(keys[0]).Finalizers) != 0 {
		t.Error("a workflow without artifacts pays for them")
	}
}
