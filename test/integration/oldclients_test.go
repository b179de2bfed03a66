package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/util/retry"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// oldClient works on whole objects, as clients made before there were subresources do: it knows neither our own fields nor
// our verbs, packs nodes over 1 MiB, and has the rights of the roles made for it: everything on workflows, nothing on
// workflows/status.
type oldClient struct {
	t         *testing.T
	workflows typed.WorkflowInterface
	warnings  *collectedWarnings
}

func newOldClient(t *testing.T, server *harness.Server) *oldClient {
	t.Helper()
	c := &oldClient{t: t, warnings: &collectedWarnings{}}
	config := server.As("argo")
	config.WarningHandler = c.warnings
	client, err := versioned.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c.workflows = client.ArgoprojV1alpha1().Workflows("default")
	return c
}

// get reads a workflow as this client understands it.
func (c *oldClient) get(name string) *v1alpha1.Workflow {
	c.t.Helper()
	wf, err := c.workflows.Get(c.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.strip(wf)
}

func (c *oldClient) strip(wf *v1alpha1.Workflow) *v1alpha1.Workflow {
	wf = asOldClient(c.t, wf)
	wf.Status.Retries = 0
	return wf
}

// update changes a workflow and sends it whole, again when somebody else was faster.
func (c *oldClient) update(name string, change func(*v1alpha1.Workflow)) {
	c.t.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		wf := c.get(name)
		change(wf)
		if len(wf.Status.Nodes) > 1_000 {
			wf.Status.CompressedNodes, wf.Status.Nodes = gzipNodes(c.t, wf.Status.Nodes), nil
		}
		_, err := c.workflows.Update(c.t.Context(), wf, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *oldClient) patch(name, body string) {
	c.t.Helper()
	if _, err := c.workflows.Patch(c.t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

func suspendedNode(wf *v1alpha1.Workflow) (string, v1alpha1.NodeStatus) {
	for id, n := range wf.Status.Nodes {
		if n.Type == v1alpha1.NodeTypeSuspend {
			return id, n
		}
	}
	return "", v1alpha1.NodeStatus{}
}

// setOutput gives the suspended step a supplied output, which it also publishes for the workflow.
func setOutput(wf *v1alpha1.Workflow) {
	id, n := suspendedNode(wf)
	value := v1alpha1.AnyString("x")
	n.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "o", GlobalName: "g", Value: &value}}}
	n.Message = "set"
	wf.Status.Nodes[id] = n
	wf.Status.Outputs = &v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "g", Value: &value}}}
}

func resumeNode(wf *v1alpha1.Workflow) {
	id, n := suspendedNode(wf)
	n.Phase, n.Message, n.FinishedAt = v1alpha1.NodeSucceeded, "Resumed by: map[User:jane]", metav1.Now()
	wf.Status.Nodes[id] = n
	wf.Spec.Suspend = nil
}

// resetForRetry removes the failed pods and has the rest go on.
func resetForRetry(wf *v1alpha1.Workflow) {
	delete(wf.Labels, v1alpha1.LabelKeyCompleted)
	for id, n := range wf.Status.Nodes {
		if n.Type == v1alpha1.NodeTypePod && n.Phase == v1alpha1.NodeFailed {
			delete(wf.Status.Nodes, id)
		}
	}
	root := wf.Status.Nodes[wf.Name]
	root.Phase, root.Message, root.FinishedAt = v1alpha1.NodeRunning, "", metav1.Time{}
	var children []string
	for _, id := range root.Children {
		if _, ok := wf.Status.Nodes[id]; ok {
			children = append(children, id)
		}
	}
	root.Children = children
	wf.Status.Nodes[wf.Name] = root
	wf.Spec.Shutdown = ""
	wf.Status.Phase, wf.Status.Message, wf.Status.FinishedAt, wf.Status.StartedAt = v1alpha1.WorkflowRunning, "", metav1.Time{}, metav1.Now()
	wf.Status.Conditions = v1alpha1.Conditions{{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionFalse}}
}

// Old clients suspend, set, resume, stop, terminate, retry and resubmit by writing the workflow itself, inline and in pages of
// every size (DESIGN 6, OPS-08…14).
func TestOldClients(t *testing.T) {
	server := harness.StartServer(t,
		harness.WithOptions(func(o *app.Options) { o.Storage.InlineNodesBytes = 16 << 10 }),
		harness.WithAuthorizer(authorizer.AuthorizerFunc(rules{
			"argo/get/workflows": true, "argo/update/workflows": true, "argo/patch/workflows": true, "argo/create/workflows": true,
		}.authorize)))
	admin := server.Client.ArgoprojV1alpha1().Workflows("default")
	for _, count := range []int{10, 65, 1_200, 10_000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			name, c := fmt.Sprintf("old-%d", count), newOldClient(t, server)
			largeRun(t, server, name, count)
			suspended := name + "-1"

			c.update(name, func(wf *v1alpha1.Workflow) { wf.Spec.Suspend = new(true) })
			if got := c.get(name); got.Spec.Suspend == nil || len(got.Status.Nodes) != count {
				t.Fatalf("suspend: %d nodes", len(got.Status.Nodes))
			}
			c.update(name, setOutput)
			got := c.get(name)
			if n := got.Status.Nodes[suspended]; n.Phase != v1alpha1.NodeRunning || n.Message != "set" || *n.Outputs.Parameters[0].Value != "x" ||
				got.Status.Outputs == nil || *got.Status.Outputs.GetParameterByName("g").Value != "x" {
				t.Errorf("set: %+v, outputs %+v", n, got.Status.Outputs)
			}
			c.update(name, resumeNode)
			if got = c.get(name); got.Status.Nodes[suspended].Phase != v1alpha1.NodeSucceeded || got.Spec.Suspend != nil {
				t.Errorf("resume: %+v", got.Status.Nodes[suspended])
			}
			c.patch(name, `{"spec":{"shutdown":"Stop"}}`)
			c.patch(name, `{"spec":{"shutdown":"Terminate"}}`)
			if got = c.get(name); got.Spec.Shutdown != v1alpha1.ShutdownStrategyTerminate || len(got.Status.Nodes) != count {
				t.Errorf("terminate: %q, %d nodes", got.Spec.Shutdown, len(got.Status.Nodes))
			}
			if c.warnings.String() != "" {
				t.Errorf("warnings: %s", c.warnings)
			}

			// kubectl replace -f of the file that the workflow was made from keeps the run.
			file := newWorkflow(name)
			file.Spec.Entrypoint, file.Spec.Templates = got.Spec.Entrypoint, got.Spec.Templates
			if _, err := c.workflows.Update(t.Context(), file, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) {
				t.Errorf("an update without resource version: %v", err)
			}
			file.ResourceVersion = got.ResourceVersion
			if _, err := c.workflows.Update(t.Context(), file, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if got = c.get(name); len(got.Status.Nodes) != count || got.Status.Phase != v1alpha1.WorkflowRunning {
				t.Errorf("replace: %s, %d nodes", got.Status.Phase, len(got.Status.Nodes))
			}

			// What is no recognised transition is dropped with a warning; the rest of the write is stored.
			c.update(name, func(wf *v1alpha1.Workflow) {
				wf.Labels = map[string]string{"l": "1"}
				n := wf.Status.Nodes[name+"-2"]
				n.Phase = v1alpha1.NodeSucceeded
				wf.Status.Nodes[n.ID] = n
			})
			if got = c.get(name); got.Labels["l"] != "1" || got.Status.Nodes[name+"-2"].Phase != v1alpha1.NodeRunning || !strings.Contains(c.warnings.String(), "not stored") {
				t.Errorf("a forged result: %s, warnings %q", got.Status.Nodes[name+"-2"].Phase, c.warnings)
			}

			// The run fails, half of its pods having succeeded.
			finish(t, server, name)
			c.warnings = &collectedWarnings{}
			c.update(name, resetForRetry)
			got = c.get(name)
			if got.Status.Phase != "" || len(got.Status.Nodes) >= count || got.Status.Nodes[name].Phase != v1alpha1.NodeRunning || got.Labels[v1alpha1.LabelKeyCompleted] != "" {
				t.Errorf("retry: phase %q, %d nodes, warnings %q", got.Status.Phase, len(got.Status.Nodes), c.warnings)
			}
			if stored, err := admin.Get(t.Context(), name, metav1.GetOptions{}); err != nil || stored.Status.Retries != 1 || stored.Labels[v1alpha1.LabelKeyAction] != "Retry" || stored.Labels[v1alpha1.LabelKeyActor] != "argo" {
				t.Errorf("retries %d, labels %v, %v", stored.Status.Retries, stored.Labels, err)
			}

			// A memoized resubmission brings its status.
			again := got.DeepCopy()
			again.Status.StoredWorkflowSpec = &v1alpha1.WorkflowSpec{Entrypoint: "other"}
			again.ObjectMeta = metav1.ObjectMeta{Name: name + "-again", Labels: map[string]string{v1alpha1.LabelKeyPreviousWorkflowName: name}}
			if len(again.Status.Nodes) > 1_000 {
				again.Status.CompressedNodes, again.Status.Nodes = gzipNodes(t, again.Status.Nodes), nil
			}
			created, err := c.workflows.Create(t.Context(), again, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(created.Status.Nodes) != len(got.Status.Nodes) || created.Status.CompressedNodes != "" || created.Status.Phase != "" ||
				created.Status.StoredWorkflowSpec != nil || !created.Status.StartedAt.IsZero() {
				t.Errorf("resubmit: %d nodes of %d", len(created.Status.Nodes), len(got.Status.Nodes))
			}

			// A result that a retry smuggles in is not taken.
			finish(t, server, name)
			c.update(name, func(wf *v1alpha1.Workflow) {
				resetForRetry(wf)
				root := wf.Status.Nodes[name]
				root.Phase = v1alpha1.NodeSucceeded
				wf.Status.Nodes[name] = root
			})
			if got = c.get(name); got.Status.Phase != v1alpha1.WorkflowFailed || got.Status.Nodes[name].Phase != v1alpha1.NodeFailed {
				t.Errorf("a forged retry: %s, root %s", got.Status.Phase, got.Status.Nodes[name].Phase)
			}
		})
	}
}

// finish ends a run as Failed: the root and every other pod that is not over.
func finish(t *testing.T, server *harness.Server, name string) {
	t.Helper()
	workflows := server.Client.ArgoprojV1alpha1().Workflows("default")
	nodes := &v1alpha1.NodeList{}
	if err := server.REST(t).Get().AbsPath(path("workflows", name, "nodes")).Do(t.Context()).Into(nodes); err != nil {
		t.Fatal(err)
	}
	versions := map[int32]string{}
	for _, page := range nodes.Pages {
		versions[page.Index] = page.ResourceVersion
	}
	wf := header(t, server, name)
	update := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{UID: wf.UID, ResourceVersion: nodes.ResourceVersion, Labels: map[string]string{v1alpha1.LabelKeyCompleted: "true"}}}
	update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowFailed, Message: "no", StartedAt: metav1.NewTime(time.Unix(1, 0)), FinishedAt: metav1.NewTime(time.Unix(2, 0))}
	for i, n := range nodes.Items {
		index := int32(n.Ordinal / v1alpha1.NodesPerPage)
		if last := len(update.Pages) - 1; last < 0 || update.Pages[last].Index != index {
			update.Pages = append(update.Pages, v1alpha1.NodePageChange{Index: index, ResourceVersion: versions[index]})
		}
		page := &update.Pages[len(update.Pages)-1]
		switch {
		case n.ID == name || n.Type == v1alpha1.NodeTypePod && !n.Phase.Completed() && i%2 == 0:
			n.Phase = v1alpha1.NodeFailed
		case n.Type == v1alpha1.NodeTypePod && !n.Phase.Completed():
			n.Phase = v1alpha1.NodeSucceeded
		default:
			continue
		}
		page.Set = append(page.Set, n)
	}
	if _, err := workflows.UpdateNodes(t.Context(), name, update, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// header reads a workflow without the nodes of a large one.
func header(t *testing.T, server *harness.Server, name string) *v1alpha1.Workflow {
	t.Helper()
	list, err := server.Client.ArgoprojV1alpha1().Workflows("default").List(context.Background(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%d workflows, %v", len(list.Items), err)
	}
	return &list.Items[0]
}
