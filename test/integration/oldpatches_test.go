package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// What old clients do in whole updates works as `kubectl patch` too, as a merge patch and as a JSON patch, inside the object and
// in pages: a patch names nodes that the stored object does not have inside it (DESIGN 6, OPS-08…14).
func TestTransitionsByPatch(t *testing.T) {
	server := harness.StartServer(t,
		harness.WithOptions(func(o *app.Options) { o.Storage.InlineNodesBytes = 16 << 10 }),
		harness.WithAuthorizer(authorizer.AuthorizerFunc(rules{"argo/get/workflows": true, "argo/update/workflows": true, "argo/patch/workflows": true}.authorize)))
	for _, count := range []int{10, 65, 1_200, 10_000} {
		for _, kind := range []types.PatchType{types.MergePatchType, types.JSONPatchType} {
			t.Run(fmt.Sprintf("%d %s", count, kind), func(t *testing.T) {
				name := fmt.Sprintf("patch-%d-%d", count, len(kind))
				largeRun(t, server, name, count)
				c := newOldClient(t, server)
				// patch sends the change in the form under test: the paths below status of a JSON patch, or the merge patch.
				patch := func(merge string, operations ...string) {
					t.Helper()
					body := merge
					if kind == types.JSONPatchType {
						body = "[" + strings.Join(operations, ",") + "]"
					}
					if _, err := c.workflows.Patch(t.Context(), name, kind, []byte(body), metav1.PatchOptions{}); err != nil {
						t.Fatal(err)
					}
					if c.warnings.String() != "" {
						t.Errorf("warnings: %s", c.warnings)
					}
				}
				node := name + "-1"
				at := "/status/nodes/" + node
				patch(`{"spec":{"suspend":true}}`, `{"op":"add","path":"/spec/suspend","value":true}`)
				patch(fmt.Sprintf(`{"status":{"nodes":{"%s":{"message":"set","outputs":{"parameters":[{"name":"o","globalName":"g","value":"x"}]}}},"outputs":{"parameters":[{"name":"g","value":"x"}]}}}`, node),
					`{"op":"add","path":"`+at+`/message","value":"set"}`,
					`{"op":"replace","path":"`+at+`/outputs/parameters/0","value":{"name":"o","globalName":"g","value":"x"}}`,
					`{"op":"add","path":"/status/outputs","value":{"parameters":[{"name":"g","value":"x"}]}}`)
				if n := c.get(name).Status.Nodes[node]; n.Message != "set" || *n.Outputs.Parameters[0].Value != "x" || n.Phase != v1alpha1.NodeRunning {
					t.Errorf("set: %+v", n)
				}
				patch(fmt.Sprintf(`{"spec":{"suspend":null},"status":{"nodes":{"%s":{"phase":"Succeeded","finishedAt":"2026-01-02T03:04:05Z"}}}}`, node),
					`{"op":"test","path":"`+at+`/phase","value":"Running"}`, `{"op":"replace","path":"`+at+`/phase","value":"Succeeded"}`, `{"op":"remove","path":"/spec/suspend"}`)
				got := c.get(name)
				if got.Status.Nodes[node].Phase != v1alpha1.NodeSucceeded || got.Spec.Suspend != nil || len(got.Status.Nodes) != count || got.Labels[v1alpha1.LabelKeyAction] != "Resume" {
					t.Errorf("resume: %+v, %d nodes, labels %v", got.Status.Nodes[node], len(got.Status.Nodes), got.Labels)
				}
				patch(`{"spec":{"shutdown":"Stop"}}`, `{"op":"add","path":"/spec/shutdown","value":"Stop"}`)
				finish(t, server, name)

				merge, operations := retryPatches(t, c.get(name))
				patch(merge, operations...)
				got = c.get(name)
				if got.Status.Phase != "" || len(got.Status.Nodes) >= count || got.Status.Nodes[name].Phase != v1alpha1.NodeRunning || got.Labels[v1alpha1.LabelKeyAction] != "Retry" || got.Spec.Shutdown != "" {
					t.Errorf("retry: phase %q, %d nodes, root %s, labels %v", got.Status.Phase, len(got.Status.Nodes), got.Status.Nodes[name].Phase, got.Labels)
				}

				// What is none of them is dropped with a warning, whatever its form, and a patch of metadata still counts.
				forged := []byte(fmt.Sprintf(`{"metadata":{"labels":{"l":"1"}},"status":{"nodes":{"%s":{"phase":"Succeeded"}}}}`, name))
				if kind == types.JSONPatchType {
					forged = []byte(fmt.Sprintf(`[{"op":"add","path":"/metadata/labels/l","value":"1"},{"op":"replace","path":"/status/nodes/%s/phase","value":"Succeeded"}]`, name))
				}
				if _, err := c.workflows.Patch(t.Context(), name, kind, forged, metav1.PatchOptions{}); err != nil {
					t.Fatal(err)
				}
				if got = c.get(name); got.Labels["l"] != "1" || got.Status.Nodes[name].Phase != v1alpha1.NodeRunning || !strings.Contains(c.warnings.String(), "not stored") {
					t.Errorf("forged: %s, warnings %q", got.Status.Nodes[name].Phase, c.warnings)
				}
				// A stale resource version in a patch is a conflict.
				stale := []byte(`{"metadata":{"resourceVersion":"1"},"spec":{"suspend":true}}`)
				if _, err := c.workflows.Patch(t.Context(), name, types.MergePatchType, stale, metav1.PatchOptions{}); !apierrors.IsConflict(err) {
					t.Errorf("a stale patch: %v", err)
				}
			})
		}
	}
}

// retryPatches are the patches that reset a failed run: failed pods are forgotten, the root goes on.
func retryPatches(t *testing.T, wf *v1alpha1.Workflow) (string, []string) {
	t.Helper()
	nodes := map[string]any{wf.Name: map[string]any{"phase": "Running", "finishedAt": nil}}
	operations := []string{
		`{"op":"replace","path":"/status/phase","value":"Running"}`,
		`{"op":"replace","path":"/status/startedAt","value":"2030-01-02T03:04:05Z"}`,
		`{"op":"replace","path":"/status/finishedAt","value":null}`,
		`{"op":"replace","path":"/status/nodes/` + wf.Name + `/phase","value":"Running"}`,
		`{"op":"remove","path":"/spec/shutdown"}`,
	}
	for id, n := range wf.Status.Nodes {
		if n.Type == v1alpha1.NodeTypePod && n.Phase == v1alpha1.NodeFailed {
			nodes[id] = nil
			// A JSON patch has at most 10,000 operations.
			operations = append(operations, `{"op":"remove","path":"/status/nodes/`+id+`"}`)
		}
	}
	merge, err := json.Marshal(map[string]any{
		"spec":   map[string]any{"shutdown": nil},
		"status": map[string]any{"phase": "Running", "message": nil, "startedAt": "2030-01-02T03:04:05Z", "finishedAt": nil, "nodes": nodes},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(merge), operations
}
