package artifactgc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned/fake"
)

// world is a cluster with one workflow.
type world struct {
	t        *testing.T
	c        *Controller
	client   *fake.Clientset
	kube     *kubefake.Clientset
	recorder *record.FakeRecorder
	now      *clocktesting.FakeClock
	nodes    []wfv1.NodeStatus
	status   *wfv1.WorkflowStatus // as last stored
	ended    int                  // pods
	// failNodes makes UpdateNodes fail, where it is set and says so.
	failNodes func() error
}

// Header implements Workflows.
func (w *world) Header(ctx context.Context, key types.NamespacedName) (*wfv1.Workflow, error) {
	wf, err := w.client.ArgoprojV1alpha1().Workflows(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return wf, err
}

// Nodes implements Workflows.
func (w *world) Nodes(ctx context.Context, key types.NamespacedName) (*wfv1.NodeList, error) {
	wf, err := w.client.ArgoprojV1alpha1().Workflows(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return &wfv1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: wf.ResourceVersion}, Items: w.nodes}, nil
}

// UpdateNodes implements Workflows.
func (w *world) UpdateNodes(ctx context.Context, update *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error) {
	if w.failNodes != nil {
		if err := w.failNodes(); err != nil {
			return nil, err
		}
	}
	for _, page := range update.Pages {
		for _, n := range page.Set {
			i := slices.IndexFunc(w.nodes, func(known wfv1.NodeStatus) bool { return known.ID == n.ID })
			w.nodes[i] = n
		}
	}
	w.status = update.Status
	wf, err := w.client.ArgoprojV1alpha1().Workflows(update.Metadata.Namespace).Get(ctx, update.Metadata.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	wf.Status = *update.Status
	return update, w.client.Tracker().Update(wfv1.SchemeGroupVersion.WithResource("workflows"), wf, wf.Namespace)
}

func newWorld(t *testing.T, wf *wfv1.Workflow, options Options) *world {
	t.Helper()
	w := &world{t: t, client: fake.NewSimpleClientset(), kube: kubefake.NewClientset(), recorder: record.NewFakeRecorder(100), now: clocktesting.NewFakeClock(time.Unix(1000, 0))}
	if wf != nil {
		if err := w.client.Tracker().Add(wf); err != nil {
			t.Fatal(err)
		}
	}
	artifacts := func(names ...string) *wfv1.Outputs {
		o := &wfv1.Outputs{}
		for _, name := range names {
			o.Artifacts = append(o.Artifacts, wfv1.Artifact{Name: name, ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: name}}})
		}
		return o
	}
	w.nodes = []wfv1.NodeStatus{
		{ID: "n1", Type: wfv1.NodeTypePod, Outputs: artifacts("a", "b")},
		{ID: "n2", Type: wfv1.NodeTypePod, Ordinal: 1, Outputs: artifacts("c")},
	}
	informer := func(example runtime.Object) cache.SharedIndexInformer {
		return cache.NewSharedIndexInformer(&cache.ListWatch{}, example, 0, cache.Indexers{})
	}
	options.Executor.Image = "image"
	if options.Settings == nil {
		options.Settings = func() pod.Settings { return pod.Settings{} }
	}
	var err error
	w.c, err = NewController(Dependencies{
		Workflows: w, Client: w.client.ArgoprojV1alpha1(), Pods: w.kube.CoreV1(), Recorder: w.recorder,
		Headers: informer(&wfv1.Workflow{}), Tasks: informer(&wfv1.WorkflowArtifactGCTask{}), OwnPods: informer(&corev1.Pod{}),
	}, options, w.now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// deliver brings the informers up to date.
func (w *world) deliver() (tasks []wfv1.WorkflowArtifactGCTask, pods []corev1.Pod) {
	w.t.Helper()
	taskList, err := w.client.ArgoprojV1alpha1().WorkflowArtifactGCTasks("ns").List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	podList, err := w.kube.CoreV1().Pods("ns").List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	var objs, podObjs []any
	for i := range taskList.Items {
		objs = append(objs, &taskList.Items[i])
	}
	for i := range podList.Items {
		podObjs = append(podObjs, &podList.Items[i])
	}
	if err := w.c.Tasks.GetIndexer().Replace(objs, ""); err != nil {
		w.t.Fatal(err)
	}
	if err := w.c.OwnPods.GetIndexer().Replace(podObjs, ""); err != nil {
		w.t.Fatal(err)
	}
	return taskList.Items, podList.Items
}

// sync looks at the only task.
func (w *world) sync() (*wfv1.WorkflowArtifactGCTask, *corev1.Pod) {
	w.t.Helper()
	tasks, _ := w.deliver()
	if len(tasks) != 1 {
		w.t.Fatalf("%d tasks", len(tasks))
	}
	if err := w.c.syncTask(w.t.Context(), types.NamespacedName{Namespace: "ns", Name: tasks[0].Name}); err != nil {
		w.t.Fatal(err)
	}
	tasks, pods := w.deliver()
	var task *wfv1.WorkflowArtifactGCTask
	var p *corev1.Pod
	if len(tasks) > 0 {
		task = &tasks[0]
	}
	if len(pods) > 0 {
		p = &pods[0]
	}
	return task, p
}

// end ends the pod.
func (w *world) end(p *corev1.Pod, phase corev1.PodPhase, words string) {
	w.t.Helper()
	w.ended++
	p.UID = types.UID(fmt.Sprint("pod-", w.ended))
	p.Status.Phase = phase
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: words, Reason: "Error", ExitCode: 1}}}}
	if err := w.kube.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), p, p.Namespace); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) syncWorkflow() {
	w.t.Helper()
	if err := w.c.syncWorkflow(w.t.Context(), types.NamespacedName{Namespace: "ns", Name: "wf"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) finalizers() []string {
	w.t.Helper()
	wf, err := w.client.ArgoprojV1alpha1().Workflows("ns").Get(w.t.Context(), "wf", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil // the fake removes nothing by itself
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return wf.Finalizers
}

func finished(strategy wfv1.ArtifactGCStrategy) *wfv1.Workflow {
	wf := &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "wf", UID: "u", ResourceVersion: "5", Finalizers: []string{"other", wfv1.FinalizerArtifactGC}},
		Spec:       wfv1.WorkflowSpec{ArtifactGC: &wfv1.WorkflowLevelArtifactGC{ArtifactGC: wfv1.ArtifactGC{Strategy: strategy, ServiceAccountName: "sa"}, PodSpecPatch: `{"priorityClassName": "low"}`}},
		Status:     wfv1.WorkflowStatus{Phase: wfv1.WorkflowSucceeded},
	}
	wf.Status.ArtifactRepositoryRef = &wfv1.ArtifactRepositoryRefStatus{ArtifactRepository: &wfv1.ArtifactRepository{
		S3: &wfv1.S3ArtifactRepository{S3Bucket: wfv1.S3Bucket{Endpoint: "e", Bucket: "b", AccessKeySecret: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: "k",
		}}},
	}}
	return wf
}

func TestOnCompletion_AGC03(t *testing.T) {
	w := newWorld(t, finished(completion), Options{})
	w.syncWorkflow()
	if !w.status.ArtifactGCStatus.StrategiesProcessed[completion] || len(w.finalizers()) != 2 {
		t.Fatalf("%+v %v", w.status.ArtifactGCStatus, w.finalizers())
	}
	task, p := w.sync()
	if p == nil || p.Name != task.Name || !strings.HasPrefix(p.Name, "wf-artgc-wfcomp-") || p.Spec.ServiceAccountName != "sa" || p.Spec.PriorityClassName != "low" ||
		!metav1.IsControlledBy(p, task) || metav1.GetControllerOf(task) != nil {
		t.Fatalf("%+v\n%+v", task, p)
	}
	if v := p.Spec.Volumes[len(p.Spec.Volumes)-1]; v.Secret == nil || v.Secret.SecretName != "cred" {
		t.Errorf("no credentials: %+v", p.Spec.Volumes)
	}

	// Two of three go, one does not.
	w.end(p, corev1.PodFailed, `{"failed":"1","failures":[{"artifact":1,"message":"access denied"}],"complete":true}`)
	task, p = w.sync()
	if p != nil || task.Annotations[annotationAttempts] != "1" || !strings.Contains(task.Annotations[annotationLastReason], "1 of 3 artifacts could not be deleted; the first: access denied") {
		t.Fatalf("pod %v, %+v", p, task)
	}
	if r := task.Status.ArtifactResultsByNode["n1"].ArtifactResults; !r["a"].Success || r["b"].Success || *r["b"].Error != "access denied" {
		t.Errorf("%+v", r)
	}
	if !w.nodes[0].Outputs.Artifacts[0].Deleted || w.nodes[0].Outputs.Artifacts[1].Deleted || !w.nodes[1].Outputs.Artifacts[0].Deleted {
		t.Errorf("ART-16: %+v", w.nodes)
	}
	if i := slices.IndexFunc(w.status.Conditions, func(c wfv1.Condition) bool { return c.Type == wfv1.ConditionTypeArtifactGCError }); i < 0 || !w.status.ArtifactGCStatus.PodsRecouped[task.Name] {
		t.Errorf("%+v", w.status)
	}
	if e := <-w.recorder.Events; !strings.Contains(e, ReasonFailed) {
		t.Error(e)
	}

	// Not before its time; then only what is left.
	if _, p = w.sync(); p != nil {
		t.Fatal("tried again at once")
	}
	w.now.Step(firstPause)
	if _, p = w.sync(); p == nil || strings.Contains(p.Annotations["fairlead.dev/artifacts"], `"key":"a"`) || !strings.Contains(p.Annotations["fairlead.dev/artifacts"], `"key":"b"`) {
		t.Fatalf("%+v", p)
	}
	w.end(p, corev1.PodSucceeded, "")
	task, _ = w.sync()
	if task != nil || !w.nodes[0].Outputs.Artifacts[1].Deleted || len(w.status.Conditions) != 0 {
		t.Errorf("%+v %+v", task, w.status.Conditions)
	}
}

func TestOnDeletion_AGC03_AGC04_Trap24(t *testing.T) {
	wf := finished(deletion)
	wf.DeletionTimestamp = &metav1.Time{Time: time.Unix(900, 0)}
	w := newWorld(t, wf, Options{})
	w.syncWorkflow()
	if got := w.finalizers(); slices.Contains(got, wfv1.FinalizerArtifactGC) {
		t.Fatalf("deletion waits for the store: %v", got)
	}
	if err := w.client.Tracker().Delete(wfv1.SchemeGroupVersion.WithResource("workflows"), "ns", "wf"); err != nil {
		t.Fatal(err)
	}
	_, p := w.sync()
	if p == nil || !strings.HasPrefix(p.Name, "wf-artgc-wfdel-") || p.Labels[wfv1.LabelKeyWorkflow] != "wf" {
		t.Fatalf("%+v", p)
	}
	// A pod that dies without a word.
	w.end(p, corev1.PodFailed, "")
	task, p := w.sync()
	if p != nil || !strings.Contains(task.Annotations[annotationLastReason], "Error (exit code 1)") {
		t.Fatalf("%+v", task)
	}
	for range 3 { // the store does not come back
		w.now.Step(longestPause)
		if _, p = w.sync(); p == nil {
			t.Fatal("no further attempt")
		}
		w.end(p, corev1.PodFailed, `{"failed":"0-2","failures":[],"complete":true}`)
		task, _ = w.sync()
	}
	if task.Annotations[annotationAttempts] != "4" {
		t.Errorf("%+v", task.Annotations)
	}
	w.now.Step(longestPause)
	_, p = w.sync()
	w.end(p, corev1.PodSucceeded, "")
	if task, _ = w.sync(); task != nil {
		t.Errorf("left: %+v", task)
	}
}

func TestLastingFailuresAreNotTriedAgain_DRV11(t *testing.T) {
	w := newWorld(t, finished(completion), Options{})
	w.syncWorkflow()
	_, p := w.sync()
	w.end(p, corev1.PodFailed, `{"failed":"2","failures":[{"artifact":2,"message":"delete not supported","lasting":true}],"complete":true}`)
	task, _ := w.sync()
	if task.Annotations[annotationNext] != never {
		t.Fatalf("%+v", task.Annotations)
	}
	w.now.Step(longestPause)
	if _, p = w.sync(); p != nil {
		t.Error("tried again")
	}
}

// DRV-10: artifacts of a driver of others are deleted by it, in a pod that has it; while there is none, that is told and tried again.
func TestArtifactDriver_DRV10(t *testing.T) {
	settings := pod.Settings{}
	w := newWorld(t, finished(completion), Options{Settings: func() pod.Settings { return settings }})
	for i := range w.nodes[0].Outputs.Artifacts {
		w.nodes[0].Outputs.Artifacts[i].ArtifactLocation = wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{Name: "shelf", Key: w.nodes[0].Outputs.Artifacts[i].Name}}
	}
	w.syncWorkflow()
	task, p := w.sync()
	if p != nil || !strings.Contains(task.Annotations[annotationLastReason], "artifact driver shelf not found") || task.Annotations[annotationNext] == never {
		t.Fatalf("without the driver: %v %+v", p, task.Annotations)
	}
	settings.ArtifactDrivers = map[string]pod.ArtifactDriver{"shelf": {Image: "shelf:1", ConnectionTimeoutSeconds: 7}}
	w.now.Step(firstPause)
	if _, p = w.sync(); p == nil {
		t.Fatal("not tried again")
	}
	if first := p.Spec.InitContainers[0]; first.Name != "artifact-plugin-shelf" || first.Image != "shelf:1" || !strings.Contains(p.Annotations["fairlead.dev/artifacts"], `"connectionTimeoutSeconds":7`) {
		t.Errorf("%+v", p)
	}
	w.end(p, corev1.PodSucceeded, "")
	if task, _ = w.sync(); task != nil || !w.nodes[0].Outputs.Artifacts[0].Deleted || !w.nodes[0].Outputs.Artifacts[1].Deleted || !w.nodes[1].Outputs.Artifacts[0].Deleted {
		t.Errorf("%+v %+v", task, w.nodes)
	}
}

func TestPodThatCannotStart_AGC02(t *testing.T) {
	w := newWorld(t, finished(completion), Options{})
	w.kube.PrependReactor("create", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("pods"), "x", nil)
	})
	w.syncWorkflow()
	if task, _ := w.sync(); !strings.Contains(task.Annotations[annotationLastReason], "its pod was refused") {
		t.Fatalf("%+v", task.Annotations)
	}
	w.kube.ReactionChain = w.kube.ReactionChain[1:]
	w.now.Step(firstPause)
	_, p := w.sync()
	p.CreationTimestamp = metav1.NewTime(w.now.Now())
	p.UID = "p"
	p.Status.Phase = corev1.PodPending
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
	if err := w.kube.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), p, "ns"); err != nil {
		t.Fatal(err)
	}
	if task, _ := w.sync(); task.Annotations[annotationAttempts] != "1" {
		t.Error("no patience")
	}
	w.now.Step(patience)
	if task, p := w.sync(); p != nil || !strings.Contains(task.Annotations[annotationLastReason], "ImagePullBackOff") {
		t.Errorf("%v %+v", p, task.Annotations)
	}
}

func TestSwitchedOff_AGC05(t *testing.T) {
	wf := finished(deletion)
	wf.DeletionTimestamp = &metav1.Time{Time: time.Unix(900, 0)}
	w := newWorld(t, wf, Options{Off: true})
	w.syncWorkflow()
	if tasks, _ := w.deliver(); len(tasks) != 0 || slices.Contains(w.finalizers(), wfv1.FinalizerArtifactGC) {
		t.Errorf("%d tasks, finalizers %v", len(tasks), w.finalizers())
	}
}

// A namespace that is going must be able to go, although nothing can be recorded in it any more.
func TestNamespaceIsDeleted_AGC04(t *testing.T) {
	wf := finished(deletion)
	wf.DeletionTimestamp = &metav1.Time{Time: time.Unix(900, 0)}
	w := newWorld(t, wf, Options{})
	w.client.PrependReactor("create", "workflowartifactgctasks", func(clienttesting.Action) (bool, runtime.Object, error) {
		err := apierrors.NewForbidden(wfv1.Resource("workflowartifactgctasks"), "x", nil)
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
		return true, nil, err
	})
	w.syncWorkflow()
	if slices.Contains(w.finalizers(), wfv1.FinalizerArtifactGC) {
		t.Error("the namespace cannot go")
	}
	if e := <-w.recorder.Events; !strings.Contains(e, "left behind") {
		t.Error(e)
	}
}
