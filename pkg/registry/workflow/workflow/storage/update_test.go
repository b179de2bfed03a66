package storage

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

func resume(workflow *v1alpha1.Workflow, id string) {
	n := workflow.Status.Nodes[id]
	n.Phase, n.FinishedAt, n.Message = v1alpha1.NodeSucceeded, metav1.NewTime(time.Unix(1_800_000_000, 0)), "go on"
	workflow.Status.Nodes[id] = n
}

// To a client that reads and writes whole objects, workflows of all sizes look alike (issue 2, section 4).
func TestWholeObjectOfEverySize(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 16 << 10}, nodes.Options{})
	for _, count := range []int{10, 65, 1_200, 10_000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			name := fmt.Sprintf("wf%d", count)
			f.run(name, count)
			suspended := fmt.Sprintf("%s-%07d", name, 1)
			before := f.get(name)
			if len(before.Status.Nodes) != count || paged(f.header(name)) != (count > 10) || before.Status.OffloadNodeStatusVersion+before.Status.CompressedNodes != "" {
				t.Fatalf("got %d nodes, paged %v", len(before.Status.Nodes), paged(f.header(name)))
			}

			// PUT of what was read, with one step resumed, as `argo resume` does.
			pages := f.storedPages()
			body := asOldClient(before)
			resume(body, suspended)
			body.Spec.Suspend = nil
			updated, err := f.put(f.Workflow, body)
			if err != nil {
				t.Fatal(err)
			}
			want := before.DeepCopy()
			resume(want, suspended)
			got := f.get(name)
			if !apiequality.Semantic.DeepEqual(got.Status.Nodes, want.Status.Nodes) {
				t.Error("the nodes are not those that were there, with one resumed")
			}
			if !apiequality.Semantic.DeepEqual(updated.Status.Nodes, got.Status.Nodes) {
				t.Error("the answer of the update has other nodes than the next GET")
			}
			if written := changedPages(pages, f.storedPages()); written != 0 && count == 10 || written != 1 && count > 10 {
				t.Errorf("%d pages written", written)
			}
			if warned := f.takeWarnings(); len(warned) != 0 {
				t.Errorf("warnings: %v", warned)
			}

			// The same with the nodes compressed, as clients send what is over 1 MiB.
			body = asOldClient(got)
			body.Status.CompressedNodes, body.Status.Nodes = compress(t, "gzip", body.Status.Nodes), nil
			body.Labels = map[string]string{"compressed": "yes"}
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			labelled := f.get(name)
			if labelled.Labels["compressed"] != "yes" || !apiequality.Semantic.DeepEqual(labelled.Status.Nodes, want.Status.Nodes) || labelled.Status.CompressedNodes != "" {
				t.Error("compressed nodes came out differently")
			}

			// Neither an absent status nor one without nodes is a change of the nodes.
			body = labelled.DeepCopy()
			body.Status = v1alpha1.WorkflowStatus{}
			body.Labels = nil
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			bare := f.get(name)
			if bare.Labels != nil || !apiequality.Semantic.DeepEqual(bare.Status, labelled.Status) {
				t.Error("an absent status changed something")
			}

			// A patch of the spec never reads or writes a page.
			pages = f.storedPages()
			stopped, err := f.patch(f.Workflow, name, func(w *v1alpha1.Workflow) error {
				w.Spec.Shutdown = v1alpha1.ShutdownStrategyStop
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if changedPages(pages, f.storedPages()) != 0 || len(stopped.Status.Nodes) != count || stopped.Generation != 2 {
				t.Errorf("got %d nodes, generation %d", len(stopped.Status.Nodes), stopped.Generation)
			}

			// workflows/status takes every change: a changed, a new and a removed node.
			body = asOldClient(stopped)
			last := fmt.Sprintf("%s-%07d", name, count-1)
			delete(body.Status.Nodes, last)
			body.Status.Nodes["new"] = v1alpha1.NodeStatus{ID: "new", Name: name + ".new", Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodePending, BoundaryID: name}
			root := body.Status.Nodes[name]
			root.Children = append(root.Children, "new")
			root.Phase = v1alpha1.NodeFailed
			body.Status.Nodes[name] = root
			body.Status.Phase = v1alpha1.WorkflowFailed
			body.Spec.Entrypoint = "not taken through status"
			if _, err := f.put(f.Status, body); err != nil {
				t.Fatal(err)
			}
			got = f.get(name)
			added, removed := got.Status.Nodes["new"], got.Status.Nodes[last]
			if len(got.Status.Nodes) != count || removed.ID != "" || added.Ordinal != int64(count) || got.Status.Nodes[name].Phase != v1alpha1.NodeFailed {
				t.Errorf("%d nodes, new has ordinal %d, root is %s", len(got.Status.Nodes), added.Ordinal, got.Status.Nodes[name].Phase)
			}
			if got.Spec.Entrypoint != "main" || got.Status.Phase != v1alpha1.WorkflowFailed || got.Status.Nodes[fmt.Sprintf("%s-%07d", name, 2)].PodUID != "pod-uid" {
				t.Errorf("got entrypoint %s, phase %s", got.Spec.Entrypoint, got.Status.Phase)
			}
			if paged(got) && got.Status.NodeStorage.Nodes != int64(count) {
				t.Errorf("the header counts %d nodes", got.Status.NodeStorage.Nodes)
			}

			// A retry resets nodes through a plain update.
			body = asOldClient(got)
			body.Status.Phase = ""
			delete(body.Status.Nodes, "new")
			if _, err := f.put(f.Workflow, body); err != nil {
				t.Fatal(err)
			}
			if got := f.get(name); len(got.Status.Nodes) != count-1 || got.Status.Phase != "" {
				t.Errorf("after the retry: %d nodes, phase %q", len(got.Status.Nodes), got.Status.Phase)
			}
			if warned := f.takeWarnings(); len(warned) != 0 {
				t.Errorf("warnings: %v", warned)
			}
		})
	}
}

func compress(t *testing.T, algorithm string, nodes v1alpha1.Nodes) string {
	t.Helper()
	data, err := json.Marshal(nodes)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var writer io.WriteCloser
	switch algorithm {
	case "gzip":
		writer = gzip.NewWriter(&out)
	case "brotli":
		writer = brotli.NewWriter(&out)
	default:
		if writer, err = zstd.NewWriter(&out); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := writer.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

func TestCompressedNodes(t *testing.T) {
	nodes := v1alpha1.Nodes{"a": {ID: "a", Phase: v1alpha1.NodeSucceeded}}
	for _, algorithm := range []string{"gzip", "zstd", "brotli"} {
		status := &v1alpha1.WorkflowStatus{CompressedNodes: compress(t, algorithm, nodes)}
		if err := decodeCompressedNodes(status); err != nil || status.CompressedNodes != "" || status.Nodes["a"].Phase != v1alpha1.NodeSucceeded {
			t.Errorf("%s: %v, %+v", algorithm, err, status)
		}
	}
	bomb := make([]byte, maxDecompressed+1)
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = writer.Write(bomb)
	_ = writer.Close()
	for _, text := range []string{"*", "AAAA", base64.StdEncoding.EncodeToString(gzipMagic), base64.StdEncoding.EncodeToString(zstdMagic), base64.StdEncoding.EncodeToString(out.Bytes())} {
		if err := decodeCompressedNodes(&v1alpha1.WorkflowStatus{CompressedNodes: text}); !apierrors.IsBadRequest(err) {
			t.Errorf("%.20s: got %v", text, err)
		}
	}
}

// Of changes of status by a plain update, only the recognised transitions are stored (DESIGN §6).
func TestPlainUpdateOfStatus(t *testing.T) {
	fixtures := map[string]*fixture{
		"inside":   newFixture(t, Options{InlineNodesBytes: 1 << 20}, nodes.Options{}),
		"in pages": newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{}),
	}
	for _, tc := range []struct {
		name   string
		phase  v1alpha1.WorkflowPhase
		change func(*v1alpha1.Workflow)
		stored bool
	}{
		{"resumed step", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { resume(w, "wf-0000001") }, true},
		{"outputs of a suspended step", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) {
			n := w.Status.Nodes["wf-0000001"]
			n.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "approved", Value: new(v1alpha1.AnyString("yes"))}}}
			w.Status.Nodes[n.ID] = n
		}, true},
		{"suspended step failed by stop", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) {
			n := w.Status.Nodes["wf-0000001"]
			n.Phase, n.Message = v1alpha1.NodeFailed, "Step was stopped"
			w.Status.Nodes[n.ID] = n
		}, true},
		{"retry", v1alpha1.WorkflowFailed, func(w *v1alpha1.Workflow) {
			w.Status.Phase = v1alpha1.WorkflowRunning
			delete(w.Status.Nodes, "wf-0000002")
		}, true},
		{"phase", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Status.Phase = v1alpha1.WorkflowSucceeded }, false},
		{"finished workflow gets another end", v1alpha1.WorkflowFailed, func(w *v1alpha1.Workflow) { w.Status.Phase = v1alpha1.WorkflowSucceeded }, false},
		{"message", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Status.Message = "hello" }, false},
		{"pod node", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { resume(w, "wf-0000002") }, false},
		{"suspended step gets a template", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) {
			n := w.Status.Nodes["wf-0000001"]
			n.TemplateName = "other"
			w.Status.Nodes[n.ID] = n
		}, false},
		{"new node", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { w.Status.Nodes["x"] = v1alpha1.NodeStatus{ID: "x"} }, false},
		{"removed node", v1alpha1.WorkflowRunning, func(w *v1alpha1.Workflow) { delete(w.Status.Nodes, "wf-0000002") }, false},
	} {
		for form, f := range fixtures {
			t.Run(tc.name+"/"+form, func(t *testing.T) {
				defer f.remove("wf")
				update := updateOf(f.create(newWorkflow("wf")), table("wf", 3)...)
				update.Status = &v1alpha1.WorkflowStatus{Phase: tc.phase}
				f.mustPost(update)
				before := f.get("wf")
				body := asOldClient(before)
				tc.change(body)
				body.Labels = map[string]string{"changed": "yes"}
				if _, err := f.put(f.Workflow, body); err != nil {
					t.Fatal(err)
				}
				after := f.get("wf")
				if changed := !apiequality.Semantic.DeepEqual(before.Status.Nodes, after.Status.Nodes) || before.Status.Phase != after.Status.Phase ||
					before.Status.Message != after.Status.Message; changed != tc.stored {
					t.Errorf("status changed: %v", changed)
				}
				if warned := f.takeWarnings(); (len(warned) == 0) != tc.stored {
					t.Errorf("warnings: %v", warned)
				}
				if after.Labels["changed"] != "yes" {
					t.Error("the label must be stored either way")
				}
			})
		}
	}
}

// A patch of one node of a workflow in pages is applied to the nodes, not to the header that lacks them.
func TestPatchOfANodeInAPage(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{})
	f.run("wf", 200)
	pages := f.storedPages()
	merge := func(w *v1alpha1.Workflow) error { // as a merge patch: what is not there is made
		if w.Status.Nodes == nil {
			w.Status.Nodes = v1alpha1.Nodes{}
		}
		resume(w, "wf-0000001")
		return nil
	}
	if _, err := f.patch(f.Workflow, "wf", merge); err != nil {
		t.Fatal(err)
	}
	jsonPatch := func(w *v1alpha1.Workflow) error { // as a JSON patch: the path has to exist
		if _, ok := w.Status.Nodes["wf-0000150"]; !ok {
			return errors.New("path does not exist")
		}
		resume(w, "wf-0000150")
		return nil
	}
	patched, err := f.patch(f.Status, "wf", jsonPatch)
	if err != nil {
		t.Fatal(err)
	}
	if len(patched.Status.Nodes) != 200 || patched.Status.Nodes["wf-0000001"].Phase != v1alpha1.NodeSucceeded || patched.Status.Nodes["wf-0000150"].Phase != v1alpha1.NodeSucceeded {
		t.Errorf("got %d nodes", len(patched.Status.Nodes))
	}
	if got := changedPages(pages, f.storedPages()); got != 2 {
		t.Errorf("%d pages written", got)
	}
	if _, err := f.patch(f.Status, "wf", func(*v1alpha1.Workflow) error { return errors.New("broken patch") }); err == nil || err.Error() != "broken patch" {
		t.Errorf("got %v", err)
	}
}

func TestUpdateConflicts(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{})
	answer := f.run("wf", 100)
	seen := f.get("wf")
	f.mustPost(updateOf(answer, v1alpha1.NodePageChange{Index: 1, ResourceVersion: pageVersion(answer, 1), Set: []v1alpha1.NodeStatus{record("wf", 70, v1alpha1.NodeFailed)}}))
	before := f.revision()
	body := asOldClient(seen)
	resume(body, "wf-0000001")
	if _, err := f.put(f.Workflow, body); !apierrors.IsConflict(err) {
		t.Errorf("old resource version: got %v", err)
	}
	body.ResourceVersion = ""
	if _, err := f.put(f.Workflow, body); !apierrors.IsInvalid(err) {
		t.Errorf("no resource version: got %v", err)
	}
	if f.revision() != before {
		t.Error("something was stored")
	}

	// A page that a writer left ahead of its header does not block others, and what is new in it stays.
	current := f.get("wf")
	listed := f.list("wf", &v1alpha1.NodesOptions{})
	if _, err := f.pages.Apply(f.ctx, refOf(current), current.Status.NodeStorage.Revision, []v1alpha1.NodePageChange{{
		ResourceVersion: listed.Pages[0].ResourceVersion, Set: []v1alpha1.NodeStatus{record("wf", 5, v1alpha1.NodeSucceeded)},
	}}); err != nil {
		t.Fatal(err)
	}
	body = asOldClient(current)
	resume(body, "wf-0000001")
	if _, err := f.put(f.Workflow, body); err != nil {
		t.Fatal(err)
	}
	got := f.get("wf").Status.Nodes
	if got["wf-0000001"].Phase != v1alpha1.NodeSucceeded || got["wf-0000005"].Phase != v1alpha1.NodeSucceeded {
		t.Errorf("node 1 is %s, node 5 is %s", got["wf-0000001"].Phase, got["wf-0000005"].Phase)
	}
}

func TestUpdateDryRun(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	f.run("wf", 100)
	before := f.revision()
	body := asOldClient(f.get("wf"))
	resume(body, "wf-0000001")
	updated, err := f.put(f.Workflow, body, metav1.DryRunAll)
	if err != nil || updated.Status.Nodes["wf-0000001"].Phase != v1alpha1.NodeSucceeded || len(updated.Status.Nodes) != 100 {
		t.Errorf("got %v", err)
	}
	large := newWorkflow("large")
	large.Status.Nodes = body.Status.Nodes
	created, err := f.Workflow.Create(f.ctx, large, rest.ValidateAllObjectFunc, &metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || len(created.(*v1alpha1.Workflow).Status.Nodes) != 100 {
		t.Errorf("got %v", err)
	}
	if f.revision() != before {
		t.Error("a dry run stored something")
	}
}

// A resubmitted workflow brings the results of steps that it does not repeat.
func TestCreateWithStatus(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 16 << 10}, nodes.Options{})
	f.run("old", 1_200)
	for _, count := range []int{3, 1_200} {
		workflow := asOldClient(f.get("old"))
		workflow.ObjectMeta = metav1.ObjectMeta{GenerateName: "again-", Namespace: "ns"}
		for id, n := range workflow.Status.Nodes {
			if len(workflow.Status.Nodes) > count && n.Type == v1alpha1.NodeTypePod {
				delete(workflow.Status.Nodes, id)
			}
		}
		count = len(workflow.Status.Nodes)
		workflow.Status.OffloadNodeStatusVersion = "fnv:1"
		workflow.Status.NodeStorage = &v1alpha1.NodeStorage{Pages: 99, Revision: "1"}
		created := f.create(workflow)
		got := f.get(created.Name)
		if !strings.HasPrefix(got.Name, "again-") || len(got.Status.Nodes) != count || len(created.Status.Nodes) != count ||
			got.Status.Phase != v1alpha1.WorkflowUnknown || got.Status.OffloadNodeStatusVersion != "" || paged(f.header(got.Name)) != (count > 100) {
			t.Errorf("%d nodes of %d, phase %q, storage %+v", len(got.Status.Nodes), count, got.Status.Phase, got.Status.NodeStorage)
		}
	}
}

// What is yet to run cannot claim by its status to have started: the policy would not look at it any more (CFG-04). What has
// finished is a restored backup.
func TestCreateForgetsForgedStatus_CFG04(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 1 << 20}, nodes.Options{})
	given := v1alpha1.WorkflowStatus{
		StartedAt: metav1.NewTime(time.Unix(1, 0)), Retries: 3,
		Nodes:                  v1alpha1.Nodes{"n": {ID: "n", Name: "n", Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodePending, PodUID: "other", Inputs: &v1alpha1.Inputs{}}},
		StoredWorkflowSpec:     &v1alpha1.WorkflowSpec{Entrypoint: "evil"},
		StoredTemplates:        map[string]v1alpha1.Template{"namespaced/lib/main": {Name: "evil"}},
		PersistentVolumeClaims: []corev1.Volume{{Name: "others"}},
		ArtifactRepositoryRef:  &v1alpha1.ArtifactRepositoryRefStatus{Default: true},
	}
	for _, phase := range []v1alpha1.WorkflowPhase{"", v1alpha1.WorkflowPending, v1alpha1.WorkflowRunning, "Strange", v1alpha1.WorkflowFailed} {
		wf := newWorkflow("forged-" + strings.ToLower(string(phase)) + "x")
		wf.Status = *given.DeepCopy()
		wf.Status.Phase = phase
		got := f.create(wf).Status
		if len(got.Nodes) != 1 {
			t.Errorf("%q: the nodes are gone", phase)
		}
		if phase.Completed() {
			if got.Phase != phase || got.StoredWorkflowSpec == nil || got.StartedAt.IsZero() || len(f.takeWarnings()) != 0 {
				t.Errorf("a restored workflow lost its status: %+v", got)
			}
			continue
		}
		if warned := strings.Join(f.takeWarnings(), ""); !strings.Contains(warned, "startedAt, storedTemplates, storedWorkflowTemplateSpec, persistentVolumeClaims") {
			t.Errorf("%q: warned of %q", phase, warned)
		}
		n := got.Nodes["n"]
		if n.PodUID != "" || n.Inputs != nil {
			t.Errorf("%q: node %+v", phase, n)
		}
		got.Nodes = nil
		if !apiequality.Semantic.DeepEqual(got, v1alpha1.WorkflowStatus{}) {
			t.Errorf("%q: %+v", phase, got)
		}
	}
}

// LBL-04: server-side apply creates through an update, and forges no creator either.
func TestCreateByUpdateNotesCreator_LBL04(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	f.ctx = genericapirequest.WithUser(f.ctx, &user.DefaultInfo{Name: "jane"})
	applied := newWorkflow("wf")
	applied.Labels = map[string]string{v1alpha1.LabelKeyCreator: "admin", v1alpha1.LabelKeyCreatorEmail: "admin.at.example.com", v1alpha1.LabelKeyActor: "admin"}
	applied.Annotations = map[string]string{v1alpha1.AnnotationKeyCreator: "{}", v1alpha1.AnnotationKeyActor: "{}"}
	if _, created, err := f.Workflow.Update(f.ctx, "wf", rest.DefaultUpdatedObjectInfo(applied), rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, true, &metav1.UpdateOptions{}); err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	got := f.get("wf")
	if len(got.Labels) != 1 || got.Labels[v1alpha1.LabelKeyCreator] != "jane" || len(got.Annotations) != 1 || !strings.Contains(got.Annotations[v1alpha1.AnnotationKeyCreator], `"user":"jane"`) {
		t.Errorf("%v %v", got.Labels, got.Annotations)
	}
}

// What a restored workflow says that its templates were is for reading: when it goes on, they are read again, whoever has it
// go on, and that it was restored is the server's to say.
func TestRestoredWorkflowReadsTemplatesAgain_OPS13(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	restored := newWorkflow("wf")
	restored.Status = v1alpha1.WorkflowStatus{
		Phase: v1alpha1.WorkflowFailed, StartedAt: metav1.NewTime(time.Unix(1, 0)), FinishedAt: metav1.NewTime(time.Unix(2, 0)),
		StoredWorkflowSpec: &v1alpha1.WorkflowSpec{Entrypoint: "evil"}, StoredTemplates: map[string]v1alpha1.Template{"namespaced/lib/main": {Name: "evil"}},
	}
	pod := record("wf", 0, v1alpha1.NodeFailed)
	pod.Type = v1alpha1.NodeTypePod
	restored.Status.Nodes = v1alpha1.Nodes{pod.ID: pod}
	f.create(restored)
	if got := f.get("wf"); got.Annotations[v1alpha1.AnnotationKeyRestored] != "true" || got.Status.StoredWorkflowSpec == nil {
		t.Fatalf("%v %+v", got.Annotations, got.Status)
	}
	body := f.get("wf").DeepCopy()
	body.Annotations = nil
	body.Status.Phase, body.Status.StartedAt, body.Status.FinishedAt, body.Status.Nodes = v1alpha1.WorkflowRunning, metav1.NewTime(time.Unix(3, 0)), metav1.Time{}, nil
	if _, err := f.put(f.Workflow, body); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); got.Status.Retries != 1 || got.Status.StoredWorkflowSpec != nil || got.Status.StoredTemplates != nil || got.Annotations[v1alpha1.AnnotationKeyRestored] != "true" {
		t.Errorf("%v %+v", got.Annotations, got.Status)
	}
}

func TestDeleteRemovesPages(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	f.run("wf", 1_000)
	f.run("stays", 100)
	if _, _, err := f.Workflow.Delete(f.ctx, "wf", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	if got := f.get("wf"); len(got.Status.Nodes) != 1_000 {
		t.Errorf("a dry run removed nodes: %d are left", len(got.Status.Nodes))
	}
	if _, _, err := f.Workflow.Delete(f.ctx, "wf", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		return len(f.storedPages()) == 2, nil
	}); err != nil {
		t.Errorf("pages left: %d", len(f.storedPages()))
	}
}

// TRAP of large runs: reading several of them at once must not end the server (429 with Retry-After).
func TestHydrationLimit(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 1}, nodes.Options{HydrationLimit: 3})
	f.run("wf", 128)
	ctx, cancel := context.WithCancel(f.ctx)
	first, err := f.Workflow.Get(ctx, "wf", &metav1.GetOptions{})
	if err != nil || len(first.(*v1alpha1.Workflow).Status.Nodes) != 128 {
		t.Fatal(err)
	}
	_, err = f.Workflow.Get(f.ctx, "wf", &metav1.GetOptions{})
	if _, ok := apierrors.SuggestsClientDelay(err); !ok || !apierrors.IsTooManyRequests(err) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Workflow.Get(WithHeadersOnly(f.ctx), "wf", &metav1.GetOptions{}); err != nil {
		t.Errorf("a table needs no nodes: %v", err)
	}
	// A write that needs no nodes is not refused; its answer goes without them.
	if _, err := f.patch(f.Workflow, "wf", func(w *v1alpha1.Workflow) error { w.Labels = map[string]string{"a": "b"}; return nil }); err != nil {
		t.Errorf("label: %v", err)
	}
	cancel() // the first answer is written
	if err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) {
		ctx, cancel := context.WithCancel(f.ctx)
		defer cancel()
		_, err := f.Workflow.Get(ctx, "wf", &metav1.GetOptions{})
		return err == nil, nil
	}); err != nil {
		t.Error("the place of an answer that was written is not free")
	}
}

func TestTooLargeObject(t *testing.T) {
	f := newFixture(t, Options{}, nodes.Options{})
	workflow := newWorkflow("large")
	noise := make([]byte, 3<<20)
	state := uint64(1)
	for i := range noise {
		state = state*6364136223846793005 + 1442695040888963407
		noise[i] = 'a' + byte(state>>33)%26
	}
	workflow.Status.Phase, workflow.Status.Message = v1alpha1.WorkflowFailed, string(noise)
	_, err := f.Workflow.Create(f.ctx, workflow, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if !apierrors.IsRequestEntityTooLargeError(err) || !strings.Contains(err.Error(), "workflows/{name}/nodes") {
		t.Errorf("got %.300v", err)
	}
}

func TestListsAndSelectors(t *testing.T) {
	f := newFixture(t, Options{InlineNodesBytes: 4000}, nodes.Options{})
	f.run("large", 200)
	f.run("small", 2)
	f.create(newWorkflow("fresh"))
	for _, tc := range []struct {
		selector string
		want     int
	}{
		{"", 3}, {"metadata.name=small", 1}, {"status.phase=Running", 2}, {"status.phase=", 1}, {"spec.entrypoint=main", 3},
		{"spec.workflowTemplateRef.name=x", 0}, {"metadata.namespace=ns", 3},
	} {
		object, err := f.Workflow.List(f.ctx, &metainternalversion.ListOptions{FieldSelector: fields.ParseSelectorOrDie(tc.selector)})
		if err != nil {
			t.Fatal(err)
		}
		if got := meta.LenList(object); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.selector, got, tc.want)
		}
		_ = meta.EachListItem(object, func(item runtime.Object) error {
			workflow := item.(*v1alpha1.Workflow)
			if want := map[string]int{"small": 2}[workflow.Name]; len(workflow.Status.Nodes) != want {
				t.Errorf("%s: a list has the nodes inside the object, %d, not %d", workflow.Name, want, len(workflow.Status.Nodes))
			}
			return nil
		})
	}
}
