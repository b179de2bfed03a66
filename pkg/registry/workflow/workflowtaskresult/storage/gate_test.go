package storage

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult"
)

// world has one running workflow with nodes whose pods are recorded or not, and one that has ended.
type world struct{}

func (world) Node(_ context.Context, namespace, workflow, id string, _ int64) (*v1alpha1.Workflow, *v1alpha1.NodeStatus, error) {
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: workflow, UID: types.UID("uid-of-" + workflow)}}
	switch workflow {
	case "demo":
		wf.Status.Phase = v1alpha1.WorkflowRunning
	case "ended":
		wf.Status.Phase = v1alpha1.WorkflowSucceeded
	default:
		return nil, nil, nil
	}
	if namespace != "work" {
		return nil, nil, nil
	}
	pods := map[string]types.UID{"demo-1": "pod-1", "demo-2": "pod-2", "demo-3": "", "ended-1": "pod-9"}
	uid, ok := pods[id]
	if !ok || !strings.HasPrefix(id, workflow+"-") {
		return wf, nil, nil
	}
	return wf, &v1alpha1.NodeStatus{ID: id, PodUID: uid}, nil
}

// onlyController lets the controller create workflows/nodes, and nobody else.
var onlyController = authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() == "controller" && a.GetVerb() == "create" && a.GetResource() == "workflows" && a.GetSubresource() == "nodes" {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
})

func podUser(uid string) user.Info {
	return &user.DefaultInfo{Name: "system:serviceaccount:work:default", Extra: map[string][]string{"authentication.kubernetes.io/pod-uid": {uid}}}
}

func as(u user.Info) context.Context {
	return genericapirequest.WithUser(genericapirequest.WithNamespace(context.Background(), "work"), u)
}

func report(name, workflow string, change ...func(*v1alpha1.WorkflowTaskResult)) *v1alpha1.WorkflowTaskResult {
	r := &v1alpha1.WorkflowTaskResult{ObjectMeta: metav1.ObjectMeta{
		Namespace: "work", Name: name, Labels: map[string]string{v1alpha1.LabelKeyWorkflow: workflow, v1alpha1.LabelKeyReportOutputsCompleted: "false"},
		Annotations: map[string]string{v1alpha1.AnnotationKeyNodeOrdinal: "1"},
	}}
	set("1")(r)
	for _, c := range change {
		c(r)
	}
	return r
}

func set(result string) func(*v1alpha1.WorkflowTaskResult) {
	return func(r *v1alpha1.WorkflowTaskResult) { r.Outputs = &v1alpha1.Outputs{Result: &result} }
}

func final(r *v1alpha1.WorkflowTaskResult) {
	r.Labels[v1alpha1.LabelKeyReportOutputsCompleted] = "true"
}

func open(t *testing.T) *REST {
	t.Helper()
	backend := storagetest.Start(t)
	r, err := NewStorage(backend.Scheme, backend.Getter, &workflowtaskresult.Gate{Nodes: world{}, Authorizer: onlyController})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Destroy)
	return r
}

func check(t *testing.T, err error, is func(error) bool, words string) {
	t.Helper()
	switch {
	case is == nil && err != nil:
		t.Errorf("refused: %v", err)
	case is != nil && (err == nil || !is(err) || !strings.Contains(err.Error(), words)):
		t.Errorf("got %v, want a refusal with %q", err, words)
	}
}

// RES-07, DESIGN 7: who may report what, seen from what forged reports try.
func TestCreate(t *testing.T) {
	annotate := func(key, value string) func(*v1alpha1.WorkflowTaskResult) {
		return func(r *v1alpha1.WorkflowTaskResult) { r.Annotations[key] = value }
	}
	label := func(key, value string) func(*v1alpha1.WorkflowTaskResult) {
		return func(r *v1alpha1.WorkflowTaskResult) { r.Labels[key] = value }
	}
	owner := func(uid types.UID) func(*v1alpha1.WorkflowTaskResult) {
		return func(r *v1alpha1.WorkflowTaskResult) {
			r.OwnerReferences = append(r.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: "x", UID: uid})
		}
	}
	tests := []struct {
		name   string
		user   user.Info
		report *v1alpha1.WorkflowTaskResult
		is     func(error) bool
		words  string
	}{
		{name: "own node", user: podUser("pod-1"), report: report("demo-1", "demo")},
		{name: "own node, final", user: podUser("pod-2"), report: report("demo-2", "demo", final)},
		{name: "controller", user: &user.DefaultInfo{Name: "controller"}, report: report("anything", "demo")},
		{name: "controller in a pod", user: &user.DefaultInfo{Name: "controller", Extra: podUser("pod-7").GetExtra()}, report: report("anything-else", "demo")},
		{name: "no pod's token", user: &user.DefaultInfo{Name: "system:serviceaccount:work:default"}, report: report("demo-1", "demo"), is: apierrors.IsForbidden, words: "the token of the node's own pod"},
		{name: "two pods", user: &user.DefaultInfo{Extra: map[string][]string{"authentication.kubernetes.io/pod-uid": {"pod-1", "pod-2"}}}, report: report("demo-1", "demo"), is: apierrors.IsForbidden, words: "own pod"},
		{name: "another node", user: podUser("pod-1"), report: report("demo-2", "demo"), is: apierrors.IsForbidden, words: "another pod than the one of node demo-2"},
		{name: "unknown node", user: podUser("pod-1"), report: report("demo-4", "demo"), is: apierrors.IsForbidden, words: "no node demo-4"},
		{name: "another workflow", user: podUser("pod-1"), report: report("demo-1", "ended"), is: apierrors.IsForbidden, words: "no node demo-1"},
		{name: "no such workflow", user: podUser("pod-1"), report: report("demo-1", "none"), is: apierrors.IsForbidden, words: "no workflow none"},
		{name: "no workflow", user: podUser("pod-1"), report: report("demo-1", ""), is: apierrors.IsForbidden, words: "has to name the workflow"},
		{name: "ended workflow", user: podUser("pod-9"), report: report("ended-1", "ended"), is: apierrors.IsForbidden, words: "workflow ended has ended"},
		{name: "pod not recorded yet", user: podUser("pod-3"), report: report("demo-3", "demo"), is: apierrors.IsTooManyRequests, words: "not recorded yet"},
		{name: "forged label", user: podUser("pod-1"), report: report("demo-1", "demo", label("app", "bank")), is: apierrors.IsForbidden, words: "may not set the label app"},
		{name: "odd final", user: podUser("pod-1"), report: report("demo-1", "demo", label(v1alpha1.LabelKeyReportOutputsCompleted, "maybe")), is: apierrors.IsForbidden, words: "true or false"},
		{name: "forged annotation", user: podUser("pod-1"), report: report("demo-1", "demo", annotate("a", "b")), is: apierrors.IsForbidden, words: "may not set the annotation a"},
		{name: "odd ordinal", user: podUser("pod-1"), report: report("demo-1", "demo", annotate(v1alpha1.AnnotationKeyNodeOrdinal, "x")), is: apierrors.IsForbidden, words: "no number"},
		{name: "forged owner", user: podUser("pod-1"), report: report("demo-1", "demo", owner("somebody")), is: apierrors.IsForbidden, words: "leave ownerReferences out"},
		{name: "owner besides", user: podUser("pod-1"), report: report("demo-1", "demo", owner("uid-of-demo"), owner("somebody")), is: apierrors.IsForbidden, words: "leave ownerReferences out"},
		{name: "finalizer", user: podUser("pod-1"), report: report("demo-1", "demo", func(r *v1alpha1.WorkflowTaskResult) { r.Finalizers = []string{"a/b"} }), is: apierrors.IsForbidden, words: "finalizers"},
		{name: "too large", user: podUser("pod-1"), report: report("demo-1", "demo", set(strings.Repeat("x", validation.MaxTaskResultBytes))), is: apierrors.IsInvalid, words: "larger outputs are artifacts"},
	}
	r := open(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stored, err := r.Create(as(test.user), test.report, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
			check(t, err, test.is, test.words)
			if seconds, ok := apierrors.SuggestsClientDelay(err); test.is != nil && apierrors.IsTooManyRequests(err) && (!ok || seconds == 0) {
				t.Error("does not say when to come again")
			}
			if err != nil {
				return
			}
			owner := metav1.GetControllerOf(stored.(*v1alpha1.WorkflowTaskResult))
			if test.user.GetName() != "controller" && (owner == nil || owner.UID != "uid-of-demo" || owner.Kind != "Workflow") {
				t.Errorf("owner %+v", owner)
			}
			if _, _, err := r.Delete(as(test.user), test.report.Name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, err := r.Create(genericapirequest.WithNamespace(context.Background(), "work"), report("demo-1", "demo"), rest.ValidateAllObjectFunc, &metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("without a user: %v", err)
	}
}

// EXE-02: progress, then the final report; the same again is fine, anything else after it is not, for nobody.
func TestPatch(t *testing.T) {
	r := open(t)
	patch := func(u user.Info, name string, change ...func(*v1alpha1.WorkflowTaskResult)) error {
		info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
			patched := old.DeepCopyObject().(*v1alpha1.WorkflowTaskResult)
			for _, c := range change {
				c(patched)
			}
			return patched, nil
		})
		_, _, err := r.Update(as(u), name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
		return err
	}
	own := podUser("pod-1")
	if _, err := r.Create(as(own), report("demo-1", "demo"), rest.ValidateAllObjectFunc, &metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Create(as(own), report("demo-1", "demo"), rest.ValidateAllObjectFunc, &metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("created twice: %v", err)
	}
	move := func(r *v1alpha1.WorkflowTaskResult) { r.Labels[v1alpha1.LabelKeyWorkflow] = "ended" }
	reopen := func(r *v1alpha1.WorkflowTaskResult) { r.Labels[v1alpha1.LabelKeyReportOutputsCompleted] = "false" }
	for _, step := range []struct {
		name   string
		user   user.Info
		change []func(*v1alpha1.WorkflowTaskResult)
		is     func(error) bool
		words  string
	}{
		{name: "progress", user: own, change: []func(*v1alpha1.WorkflowTaskResult){set("2")}},
		{name: "by another pod", user: podUser("pod-2"), change: []func(*v1alpha1.WorkflowTaskResult){set("3")}, is: apierrors.IsForbidden, words: "another pod"},
		{name: "empty patch by another pod", user: podUser("pod-2"), is: apierrors.IsForbidden, words: "another pod"},
		{name: "to another workflow", user: own, change: []func(*v1alpha1.WorkflowTaskResult){move}, is: apierrors.IsForbidden, words: "cannot be changed"},
		{name: "final", user: own, change: []func(*v1alpha1.WorkflowTaskResult){set("3"), final}},
		{name: "the same again", user: own, change: []func(*v1alpha1.WorkflowTaskResult){set("3"), final}},
		{name: "something else", user: own, change: []func(*v1alpha1.WorkflowTaskResult){set("4")}, is: apierrors.IsInvalid, words: "this result is final"},
		{name: "not final any more", user: own, change: []func(*v1alpha1.WorkflowTaskResult){reopen}, is: apierrors.IsInvalid, words: "this result is final"},
		{name: "something else by the controller", user: &user.DefaultInfo{Name: "controller"}, change: []func(*v1alpha1.WorkflowTaskResult){set("4")}, is: apierrors.IsInvalid, words: "this result is final"},
	} {
		t.Run(step.name, func(t *testing.T) {
			check(t, patch(step.user, "demo-1", step.change...), step.is, step.words)
		})
	}
	// Server-side apply creates through an update.
	info := rest.DefaultUpdatedObjectInfo(report("demo-2", "demo"))
	_, _, err := r.Update(as(own), "demo-2", info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, true, &metav1.UpdateOptions{})
	check(t, err, apierrors.IsForbidden, "another pod than the one of node demo-2")
}
