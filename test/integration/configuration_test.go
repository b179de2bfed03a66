package integration

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/fakekube"
	"fairlead.dev/fairlead/test/integration/harness"
)

const configMapName = "workflow-controller-configmap"

// configurable is a server, a cluster and a controller that is configured by a ConfigMap.
type configurable struct {
	t      *testing.T
	server *harness.Server
	kube   *fakekube.Server
	client kubernetes.Interface
}

func startConfigured(t *testing.T, data map[string]string) *configurable {
	t.Helper()
	c := &configurable{t: t, server: harness.StartServer(t)}
	c.kube = fakekube.Start(t, c.server.Config)
	client, err := kubernetes.NewForConfig(c.kube.Config())
	if err != nil {
		t.Fatal(err)
	}
	c.client = client
	if _, err := client.CoreV1().ConfigMaps("fairlead-system").Create(t.Context(), c.configMap(data), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	startController(t, c.kube.Kubeconfig(t), noElection)
	return c
}

func (c *configurable) configMap(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: configMapName, Namespace: "fairlead-system"}, Data: data}
}

func (c *configurable) configure(data map[string]string) {
	c.t.Helper()
	if _, err := c.client.CoreV1().ConfigMaps("fairlead-system").Update(c.t.Context(), c.configMap(data), metav1.UpdateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *configurable) submit(name, spec string) {
	c.t.Helper()
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault}}
	if err := yaml.UnmarshalStrict([]byte(spec), &wf.Spec); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.server.Client.ArgoprojV1alpha1().Workflows(wf.Namespace).Create(c.t.Context(), wf, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// workflow reads a workflow; nil: there is none.
func (c *configurable) workflow(name string) *wfv1.Workflow {
	c.t.Helper()
	wf, err := c.server.Client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault).Get(context.Background(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return wf
}

func (c *configurable) hasEvent(reason, text string) bool {
	c.t.Helper()
	for _, namespace := range []string{"fairlead-system", metav1.NamespaceDefault} {
		list, err := c.client.CoreV1().Events(namespace).List(context.Background(), metav1.ListOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		for i := range list.Items {
			if list.Items[i].Reason == reason && strings.Contains(list.Items[i].Message, text) {
				return true
			}
		}
	}
	return false
}

const onePodSpec = `{entrypoint: main, templates: [{name: main, container: {image: busybox, command: ["true"]}}]}`

// CFG-01, CTL-22: a change of the ConfigMap comes into force without a restart, and a bad one changes nothing and is told of.
func TestConfigurationIsFollowed(t *testing.T) {
	t.Parallel()
	c := startConfigured(t, map[string]string{"parallelism": "1", "navColor": "red"})
	c.submit("first", onePodSpec)
	awaitCondition(t, "the first workflow to run", func() bool { return c.workflow("first").Status.Phase == wfv1.WorkflowRunning })
	c.submit("second", onePodSpec)
	awaitCondition(t, "the second one to wait (CTL-04)", func() bool {
		return strings.HasPrefix(c.workflow("second").Status.Message, "Workflow processing has been postponed")
	})
	awaitCondition(t, "the key without effect to be told of", func() bool { return c.hasEvent("ConfigIgnored", "navColor has no effect here") })

	c.configure(map[string]string{"paralelism": "5"})
	awaitCondition(t, "the mistake to be told of", func() bool { return c.hasEvent("ConfigInvalid", "did you mean parallelism?") })
	if got := c.workflow("second").Status.Phase; got != wfv1.WorkflowPending {
		t.Errorf("the second workflow is %s under a configuration that cannot be understood", got)
	}
	c.configure(map[string]string{"config": "parallelism: 5\nworkflowDefaults:\n  metadata: {labels: {team: x}}\n  spec:\n    ttlStrategy: {secondsAfterSuccess: 0}\n    podGC: {strategy: OnPodCompletion}\npodGCDeleteDelayDuration: 0s\n"})
	awaitCondition(t, "the second one to run", func() bool { return c.workflow("second").Status.Phase == wfv1.WorkflowRunning })

	// CFG-03, TTL-01, PGC-01: workflows from now on have the defaults.
	c.submit("third", onePodSpec)
	awaitCondition(t, "the third one to run with defaults", func() bool {
		wf := c.workflow("third")
		return wf.Status.Phase == wfv1.WorkflowRunning && wf.Labels["team"] == "x" && wf.Status.StoredWorkflowSpec != nil
	})
	c.kube.RunPods(t, 50*time.Millisecond)
	awaitCondition(t, "the third one to be deleted", func() bool { return c.workflow("third") == nil })
	awaitCondition(t, "the first one to succeed", func() bool { return c.workflow("first").Status.Phase == wfv1.WorkflowSucceeded })
}

// ART-10, AGC-04: the repository is recorded before the first pod, and the finalizer is there before there can be an artifact.
func TestRepositoryIsRecorded(t *testing.T) {
	t.Parallel()
	c := startConfigured(t, map[string]string{"artifactRepository": "s3: {endpoint: e, bucket: common}"})
	spec := `{entrypoint: main, artifactGC: {strategy: OnWorkflowDeletion}, templates: [{name: main, container: {image: busybox, command: ["true"]}, outputs: {artifacts: [{name: a, path: /a}]}}]}`
	c.submit("common", spec)
	awaitCondition(t, "the workflow to run", func() bool { return c.workflow("common").Status.Phase == wfv1.WorkflowRunning })
	wf := c.workflow("common")
	if ref := wf.Status.ArtifactRepositoryRef; ref == nil || !ref.Default || ref.ArtifactRepository.S3.Bucket != "common" || len(wf.Finalizers) != 1 {
		t.Errorf("%+v, finalizers %v", ref, wf.Finalizers)
	}

	own := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "artifact-repositories", Namespace: metav1.NamespaceDefault, Annotations: map[string]string{wfv1.AnnotationKeyDefaultArtifactRepository: "mine"}},
		Data:       map[string]string{"mine": "s3: {endpoint: e, bucket: own}"},
	}
	if _, err := c.client.CoreV1().ConfigMaps(own.Namespace).Create(t.Context(), own, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	names := 0
	awaitCondition(t, "a workflow with the namespace's repository", func() bool {
		names++
		name := "own-" + strings.Repeat("x", names%50+1)
		if c.workflow(name) != nil {
			return false
		}
		c.submit(name, spec)
		awaitCondition(t, "it to run", func() bool { return c.workflow(name).Status.Phase == wfv1.WorkflowRunning })
		ref := c.workflow(name).Status.ArtifactRepositoryRef
		return ref.Namespace == metav1.NamespaceDefault && ref.ConfigMap == "artifact-repositories" && ref.Key == "mine" && ref.ArtifactRepository.S3.Bucket == "own"
	})

	c.submit("nowhere", `{entrypoint: main, artifactRepositoryRef: {configMap: nosuch, key: k}, templates: [{name: main, container: {image: busybox, command: ["true"]}}]}`)
	awaitCondition(t, "a workflow whose repository is not there to end", func() bool {
		st := c.workflow("nowhere").Status
		return st.Phase == wfv1.WorkflowError && strings.HasPrefix(st.Message, "failed to resolve artifact repository: ")
	})
}

// AGC-02 to AGC-04, Trap 24: a workflow is gone at once, its artifacts are deleted after it.
func TestArtifactsAreDeletedAfterTheirWorkflow(t *testing.T) {
	t.Parallel()
	c := startConfigured(t, nil)
	wf := &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: metav1.NamespaceDefault, Finalizers: []string{wfv1.FinalizerArtifactGC}, Labels: map[string]string{wfv1.LabelKeyCompleted: "true", wfv1.LabelKeyPhase: "Succeeded"}},
	}
	if err := yaml.UnmarshalStrict([]byte(`{entrypoint: main, artifactGC: {strategy: OnWorkflowDeletion}, templates: [{name: main, container: {image: busybox, command: ["true"]}, outputs: {artifacts: [{name: a, path: /a}, {name: b, path: /b, artifactGC: {strategy: OnWorkflowCompletion}}]}}]}`), &wf.Spec); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(`
phase: Succeeded
startedAt: "2026-01-01T00:00:00Z"
finishedAt: "2026-01-01T00:00:00Z"
nodes:
  wf:
    id: wf
    name: wf
    displayName: wf
    type: Pod
    phase: Succeeded
    templateName: main
    outputs:
      artifacts:
      - {name: a, path: /a, s3: {endpoint: e, bucket: b, key: k/a}}
      - {name: b, path: /b, artifactGC: {strategy: OnWorkflowCompletion}, s3: {endpoint: e, bucket: b, key: k/b}}
`), &wf.Status); err != nil {
		t.Fatal(err)
	}
	workflows := c.server.Client.ArgoprojV1alpha1().Workflows(metav1.NamespaceDefault)
	if _, err := workflows.Create(t.Context(), wf, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pods := func(infix string) []*corev1.Pod {
		var found []*corev1.Pod
		for _, p := range c.kube.Pods() {
			if strings.HasPrefix(p.Name, "wf-artgc-"+infix+"-") {
				found = append(found, p)
			}
		}
		return found
	}
	awaitCondition(t, "a pod for what goes with the end", func() bool { return len(pods("wfcomp")) == 1 })
	p := pods("wfcomp")[0]
	if list := p.Annotations["fairlead.dev/artifacts"]; !strings.Contains(list, "k/b") || strings.Contains(list, "k/a") || p.Labels[wfv1.LabelKeyWorkflow] != "wf" {
		t.Errorf("%s %v", list, p.Labels)
	}

	// While the pod has not ended, the workflow is deleted: nothing holds it up.
	if err := workflows.Delete(t.Context(), "wf", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitCondition(t, "the workflow to go", func() bool { return c.workflow("wf") == nil })
	awaitCondition(t, "a pod for what goes with the workflow", func() bool { return len(pods("wfdel")) == 1 })
	tasks := c.server.Client.ArgoprojV1alpha1().WorkflowArtifactGCTasks(metav1.NamespaceDefault)
	list, err := tasks.List(t.Context(), metav1.ListOptions{LabelSelector: wfv1.LabelKeyWorkflow + "=wf"})
	if err != nil || len(list.Items) != 2 {
		t.Errorf("%d records of what is to be deleted: %v", len(list.Items), err)
	}
	c.kube.RunPods(t, 50*time.Millisecond)
	awaitCondition(t, "the records to go when all is done", func() bool {
		list, err := tasks.List(context.Background(), metav1.ListOptions{})
		return err == nil && len(list.Items) == 0
	})
}
