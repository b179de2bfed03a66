package integration

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/harness"
)

// largeRun creates a workflow and writes so many nodes in batches, as the controller does.
func largeRun(tb testing.TB, server *harness.Server, name string, count int) *v1alpha1.NodesUpdate {
	tb.Helper()
	workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
	workflow := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name}}
	workflow.Spec.Entrypoint = "main"
	workflow.Spec.Templates = []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}}
	created, err := workflows.Create(tb.Context(), workflow, metav1.CreateOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	answer := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: created.UID, ResourceVersion: created.ResourceVersion}}
	versions := map[int32]string{}
	const batch = 50 * v1alpha1.NodesPerPage
	for from := 0; from < count; from += batch {
		update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: answer.Metadata.UID, ResourceVersion: answer.Metadata.ResourceVersion}}
		update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning}
		for ordinal := from; ordinal < min(from+batch, count); ordinal++ {
			index := int32(ordinal / v1alpha1.NodesPerPage)
			if last := len(update.Pages) - 1; last < 0 || update.Pages[last].Index != index {
				update.Pages = append(update.Pages, v1alpha1.NodePageChange{Index: index, ResourceVersion: versions[index]})
			}
			page := &update.Pages[len(update.Pages)-1]
			page.Set = append(page.Set, largeRunNode(name, ordinal, v1alpha1.NodeRunning))
		}
		if answer, err = workflows.UpdateNodes(tb.Context(), name, update, metav1.CreateOptions{}); err != nil {
			tb.Fatal(err)
		}
		for _, page := range answer.Pages {
			versions[page.Index] = page.ResourceVersion
		}
	}
	answer.Pages = nil
	for index, version := range versions {
		answer.Pages = append(answer.Pages, v1alpha1.NodePageChange{Index: index, ResourceVersion: version})
	}
	return answer
}

func largeRunNode(workflow string, ordinal int, phase v1alpha1.NodePhase) v1alpha1.NodeStatus {
	n := v1alpha1.NodeStatus{
		ID: fmt.Sprintf("%s-%d", workflow, ordinal), Name: fmt.Sprintf("%s[0].step(%d)", workflow, ordinal), DisplayName: fmt.Sprintf("step(%d)", ordinal),
		Type: v1alpha1.NodeTypePod, TemplateName: "main", TemplateScope: "local/" + workflow, BoundaryID: workflow, Phase: phase,
		StartedAt: metav1.NewTime(time.Unix(1_700_000_000, 0)), Ordinal: int64(ordinal), Parents: []string{workflow}, PodUID: "uid",
	}
	switch ordinal {
	case 0:
		n.ID, n.Name, n.Type, n.BoundaryID, n.Parents = workflow, workflow, v1alpha1.NodeTypeSteps, "", nil
	case 1:
		n.Type = v1alpha1.NodeTypeSuspend
		n.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "o", GlobalName: "g", ValueFrom: &v1alpha1.ValueFrom{Supplied: &v1alpha1.SuppliedValueFrom{}, Default: v1alpha1.AnyStringPtr("d")}}}}
	}
	return n
}

// asOldClient decodes what the server sent into the fields that old clients know, and encodes it again.
func asOldClient(t *testing.T, workflow *v1alpha1.Workflow) *v1alpha1.Workflow {
	t.Helper()
	old := workflow.DeepCopy()
	old.Status.NodeStorage = nil
	for id, n := range old.Status.Nodes {
		n.Ordinal, n.Outbound, n.PodUID = 0, false, ""
		old.Status.Nodes[id] = n
	}
	return old
}

// On the wire, workflows in pages look like all others to clients that read and write whole objects.
func TestLargeWorkflowsLookLikeSmallOnes(t *testing.T) {
	server := harness.StartServer(t, harness.WithOptions(func(o *app.Options) { o.Storage.InlineNodesBytes = 16 << 10 }))
	workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
	for _, count := range []int{10, 65, 1_200, 10_000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			name := fmt.Sprintf("run-%d", count)
			largeRun(t, server, name, count)
			before, err := workflows.Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(before.Status.Nodes) != count || len(before.Status.Nodes[name].Children) != count-1 {
				t.Fatalf("got %d nodes, the root has %d children", len(before.Status.Nodes), len(before.Status.Nodes[name].Children))
			}
			raw, err := server.Dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource("workflows")).Namespace("default").Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			status := raw.Object["status"].(map[string]any)
			for _, field := range []string{"offloadNodeStatusVersion", "compressedNodes"} {
				if _, ok := status[field]; ok {
					t.Errorf("status.%s is on the wire", field)
				}
			}

			watcher, err := workflows.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name, ResourceVersion: before.ResourceVersion})
			if err != nil {
				t.Fatal(err)
			}
			defer watcher.Stop()

			// A resumed step, in a PUT of the whole object; nodes over 1 MiB come compressed.
			body := asOldClient(t, before)
			suspended := body.Status.Nodes[name+"-1"]
			suspended.Phase, suspended.FinishedAt = v1alpha1.NodeSucceeded, metav1.NewTime(time.Unix(1_800_000_000, 0))
			body.Status.Nodes[suspended.ID] = suspended
			want := before.DeepCopy().Status.Nodes
			resumed := want[suspended.ID]
			resumed.Phase, resumed.FinishedAt = suspended.Phase, suspended.FinishedAt
			want[suspended.ID] = resumed
			if count >= 1_200 {
				body.Status.CompressedNodes, body.Status.Nodes = gzipNodes(t, body.Status.Nodes), nil
			}
			updated, err := workflows.Update(t.Context(), body, metav1.UpdateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := workflows.Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !apiequality.Semantic.DeepEqual(got.Status.Nodes, want) || !apiequality.Semantic.DeepEqual(updated.Status.Nodes, want) {
				t.Error("the nodes are not those that were there, with one resumed")
			}
			for _, entry := range got.ManagedFields {
				if entry.FieldsV1 != nil && len(entry.FieldsV1.GetRawBytes()) > 4096 {
					t.Errorf("managed fields of %s have %d bytes", entry.Manager, len(entry.FieldsV1.GetRawBytes()))
				}
			}
			for event := range watcher.ResultChan() {
				workflow, ok := event.Object.(*v1alpha1.Workflow)
				if !ok || event.Type != watch.Modified {
					t.Fatalf("got %s %T", event.Type, event.Object)
				}
				if len(workflow.Status.Nodes) != count {
					t.Errorf("the watch has %d nodes", len(workflow.Status.Nodes))
				}
				if workflow.Status.Nodes[suspended.ID].Phase == v1alpha1.NodeSucceeded {
					break
				}
			}

			// Patches of all kinds.
			for patchType, patch := range map[types.PatchType]string{
				types.MergePatchType:          `{"spec":{"suspend":true},"metadata":{"labels":{"merge":"yes"}}}`,
				types.StrategicMergePatchType: `{"metadata":{"labels":{"strategic":"yes"}}}`,
				types.JSONPatchType:           `[{"op":"add","path":"/metadata/annotations","value":{"json":"yes"}}]`,
				types.ApplyPatchType:          fmt.Sprintf(`{"apiVersion":"%s","kind":"Workflow","metadata":{"name":"%s","labels":{"applied":"yes"}}}`, v1alpha1.SchemeGroupVersion, name),
			} {
				options := metav1.PatchOptions{}
				if patchType == types.ApplyPatchType {
					options.FieldManager = "test"
				}
				patched, err := workflows.Patch(t.Context(), name, patchType, []byte(patch), options)
				if err != nil {
					t.Errorf("%s: %v", patchType, err)
					continue
				}
				if !apiequality.Semantic.DeepEqual(patched.Status.Nodes, want) {
					t.Errorf("%s: the answer has %d nodes", patchType, len(patched.Status.Nodes))
				}
			}
			// A merge patch and a JSON patch of one node.
			for patchType, patch := range map[types.PatchType]string{
				types.MergePatchType: fmt.Sprintf(`{"status":{"nodes":{"%s-2":{"message":"by merge patch"}}}}`, name),
				types.JSONPatchType:  fmt.Sprintf(`[{"op":"add","path":"/status/nodes/%s-3/message","value":"by JSON patch"}]`, name),
			} {
				if _, err := workflows.Patch(t.Context(), name, patchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil {
					t.Errorf("%s: %v", patchType, err)
				}
			}
			got, err = workflows.Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Status.Nodes) != count || got.Status.Nodes[name+"-2"].Message != "by merge patch" || got.Status.Nodes[name+"-3"].Message != "by JSON patch" {
				t.Errorf("%d nodes; %q, %q", len(got.Status.Nodes), got.Status.Nodes[name+"-2"].Message, got.Status.Nodes[name+"-3"].Message)
			}
			for _, key := range []string{"merge", "strategic", "applied"} {
				if got.Labels[key] != "yes" {
					t.Errorf("label %s is missing", key)
				}
			}

			// Lists have headers; metadata and tables do not need nodes.
			list, err := workflows.List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
			if err != nil || len(list.Items) != 1 || (len(list.Items[0].Status.Nodes) == count) != (count == 10) {
				t.Errorf("list: %v", err)
			}
			table := &metav1.Table{}
			if err := tableOf(t.Context(), server, name, table); err != nil || len(table.Rows) != 1 {
				t.Errorf("table: %v", err)
			}

			if err := workflows.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func tableOf(ctx context.Context, server *harness.Server, name string, table *metav1.Table) error {
	return server.Client.ArgoprojV1alpha1().RESTClient().Get().Namespace("default").Resource("workflows").Name(name).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(ctx).Into(table)
}

func gzipNodes(t *testing.T, nodes v1alpha1.Nodes) string {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if err := json.NewEncoder(writer).Encode(nodes); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// workflows/nodes over HTTP: reading with query parameters, and the writer's preconditions.
func TestNodesSubresource(t *testing.T) {
	server := harness.StartServer(t)
	answer := largeRun(t, server, "run", 300)
	get := func(query map[string]string) (*v1alpha1.NodeList, error) {
		request := server.Client.ArgoprojV1alpha1().RESTClient().Get().Namespace("default").Resource("workflows").Name("run").SubResource("nodes")
		for name, value := range query {
			request = request.Param(name, value)
		}
		list := &v1alpha1.NodeList{}
		return list, request.Do(t.Context()).Into(list)
	}
	for _, tc := range []struct {
		query map[string]string
		want  int
	}{
		{nil, 300}, {map[string]string{"limit": "7"}, 7}, {map[string]string{"type": "Suspend"}, 1}, {map[string]string{"phase": "Failed"}, 0},
		{map[string]string{"latest": "true"}, 300}, {map[string]string{"changedSince": answer.Status.NodeStorage.Revision}, 0},
	} {
		list, err := get(tc.query)
		if err != nil || len(list.Items) != tc.want || list.ResourceVersion != answer.Metadata.ResourceVersion {
			t.Errorf("%v: %d items, error %v", tc.query, len(list.Items), err)
		}
	}
	if _, err := get(map[string]string{"limit": "many"}); !apierrors.IsBadRequest(err) {
		t.Errorf("got %v", err)
	}

	workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
	update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: answer.Metadata.UID, ResourceVersion: "1"}}
	if _, err := workflows.UpdateNodes(t.Context(), "run", update, metav1.CreateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("old version: %v", err)
	}
	update.Metadata.ResourceVersion = ""
	if _, err := workflows.UpdateNodes(t.Context(), "run", update, metav1.CreateOptions{}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "metadata.resourceVersion") {
		t.Errorf("no version: %v", err)
	}
	update.Metadata.ResourceVersion, update.Metadata.Labels = answer.Metadata.ResourceVersion, map[string]string{"set": "yes"}
	if _, err := workflows.UpdateNodes(t.Context(), "run", update, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Errorf("dry run: %v", err)
	}
	after, err := workflows.UpdateNodes(t.Context(), "run", update, metav1.CreateOptions{})
	if err != nil || after.Metadata.ResourceVersion == answer.Metadata.ResourceVersion || after.Metadata.UID != answer.Metadata.UID {
		t.Errorf("got %+v, %v", after, err)
	}
}

// The memory that reading nodes may take is given back when an answer is written: reading one run often enough to fill the
// limit many times over never ends in 429.
func TestReadsGiveTheirMemoryBack(t *testing.T) {
	server := harness.StartServer(t)
	largeRun(t, server, "run", 1_200)
	config := rest.CopyConfig(server.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return refusals{t, next} })
	client, err := versioned.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	workflows := client.ArgoprojV1alpha1().Workflows("default")
	for i := range 120 { // times 19 pages
		if i%2 == 0 {
			_, err = workflows.Get(t.Context(), "run", metav1.GetOptions{})
		} else {
			_, err = workflows.Patch(t.Context(), "run", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// refusals notes answers that the client would hide by trying again.
type refusals struct {
	t    *testing.T
	next http.RoundTripper
}

func (r refusals) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusTooManyRequests {
		r.t.Errorf("%s %s was refused with 429", request.Method, request.URL.Path)
	}
	return response, err
}

// BenchmarkUpdateNodes is one transition through the whole server: HTTP, authentication, admission, storage.
func BenchmarkUpdateNodes(b *testing.B) {
	for _, count := range []int{3, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			server := harness.StartServer(b)
			answer := largeRun(b, server, "run", count)
			workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
			index := int32(count / 2 / v1alpha1.NodesPerPage)
			version := ""
			for _, page := range answer.Pages {
				if page.Index == index {
					version = page.ResourceVersion
				}
			}
			phases := []v1alpha1.NodePhase{v1alpha1.NodeSucceeded, v1alpha1.NodeRunning}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: answer.Metadata.UID, ResourceVersion: answer.Metadata.ResourceVersion}}
				update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, Message: fmt.Sprint(i)}
				update.Pages = []v1alpha1.NodePageChange{{Index: index, ResourceVersion: version, Set: []v1alpha1.NodeStatus{largeRunNode("run", count/2, phases[i%2])}}}
				var err error
				if answer, err = workflows.UpdateNodes(b.Context(), "run", update, metav1.CreateOptions{}); err != nil {
					b.Fatal(err)
				}
				if i++; len(answer.Pages) > 0 {
					version = answer.Pages[0].ResourceVersion
				}
			}
		})
	}
}
