package cli

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// CLI-32.
func TestVersionAndCompletion(t *testing.T) {
	f := newFixture(t)
	contains(t, f.ok("version"), "Client:", "API:        "+v1alpha1.SchemeGroupVersion.String(), "Kubernetes: v")
	contains(t, f.ok("version", "-o", "json"), `"api": "`+v1alpha1.SchemeGroupVersion.String()+`"`)
	contains(t, f.ok("completion", "kubectl"), "__complete")
	contains(t, f.ok("completion", "bash"), "kubectl-workflow")
	f.ok("submit", f.file(hello), "--name", "found")
	contains(t, f.ok("__complete", "get", ""), "found")
	contains(t, f.ok("__complete", "list", "-o", ""), "wide", "jsonpath")
	contains(t, f.ok("help"), "Templates and schedules:")
	f.fails("did you mean submit", "sumbit")
	f.fails("--help", "list", "--no-such-flag")
}

// What is wrong with the way to the cluster is said in words, with what to do.
func TestConnection(t *testing.T) {
	f := newFixture(t)
	f.fails("does not serve workflows in the API group", "list", "--api-group", "other.io")
	f.fails("context", "list", "--context", "none")
	f.kubeconfig = "/dev/null"
	f.fails("--kubeconfig", "list")
	f.fails("kubectl config get-contexts", "list", "--server", "http://127.0.0.1:1")
}

// onlyObject is the right to get workflows, without subresources, as roles made for Argo give it.
func onlyObject() authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		if a.GetUser().GetName() != "reader" || !a.IsResourceRequest() || a.GetSubresource() == "" && a.GetVerb() == "get" {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionDeny, "", nil
	})
}

// Whoever may read objects and nothing else sees trees all the same.
func TestFewRights(t *testing.T) {
	f := newFixture(t, harness.WithAuthorizer(onlyObject()))
	f.ok("submit", f.file(strings.ReplaceAll(suspended, "%s", "seen")))
	nodes := fanOut("seen", 500)
	f.post("seen", v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, StartedAt: nodes[0].StartedAt}, running, nodes...)
	if f.workflow("seen").Status.NodeStorage == nil {
		t.Fatal("the nodes are inside the object, so nothing is tested")
	}
	f.kubeconfig = f.writeKubeconfig("reader")
	contains(t, f.ok("get", "seen"), "├─✖ t7", "more")
	f.fails("forbidden", "list")
	f.fails("forbidden", "logs", "seen")
	f.fails("kubectl auth can-i", "suspend", "seen")
}

// logPods is a cluster with two pods of the workflow.
type logPods struct {
	owner v1alpha1.Workflow
	lines map[string]string
}

func (p *logPods) pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, UID: types.UID("uid-of-" + name),
			Annotations:     map[string]string{v1alpha1.AnnotationKeyNodeName: "talks." + strings.TrimPrefix(name, "pod-")},
			OwnerReferences: []metav1.OwnerReference{{UID: p.owner.UID, Controller: ptr.To(true)}},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.NewTime(time.Unix(1_800_000_000, 0))}},
		}}},
	}
}

func (p *logPods) Get(_ context.Context, _, name string) (*corev1.Pod, error) {
	if _, known := p.lines[name]; known {
		return p.pod(name), nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
}

func (p *logPods) List(context.Context, string, metav1.ListOptions) (*corev1.PodList, error) {
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
	for name := range p.lines {
		list.Items = append(list.Items, *p.pod(name))
	}
	return list, nil
}

func (p *logPods) Watch(context.Context, string, metav1.ListOptions) (watch.Interface, error) {
	return watch.NewFake(), nil
}

func (p *logPods) Log(_ context.Context, _, name string, _ *corev1.PodLogOptions) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(p.lines[name])), nil
}

// CLI-14.
func TestLogs(t *testing.T) {
	pods := &logPods{lines: map[string]string{
		"pod-a": "2027-01-15T08:00:01.000000001Z one\n2027-01-15T08:00:03.000000001Z three\n",
		"pod-b": "2027-01-15T08:00:02.000000001Z two\n",
	}}
	f := newFixture(t, harness.WithPods(pods))
	f.ok("submit", f.file(strings.ReplaceAll(suspended, "%s", "talks")))
	pods.owner = *f.workflow("talks")
	nodes := fanOut("talks", 2)
	for i, name := range []string{"a", "b"} {
		nodes[i+1].DisplayName, nodes[i+1].Name = name, "talks."+name
	}
	status, labels := ended("Succeeded", 0)
	f.post("talks", status, labels, nodes...)

	tests := []struct {
		args []string
		want string
	}{
		{nil, "pod-a: one\npod-b: two\npod-a: three\n"},
		{[]string{"-f"}, "pod-a: one\npod-b: two\npod-a: three\n"},
		{[]string{"--prefix=false"}, "one\ntwo\nthree\n"},
		{[]string{"pod-b"}, "two\n"},
		{[]string{"a"}, "pod-a: one\npod-a: three\n"},
		{[]string{"talks.b"}, "pod-b: two\n"},
		{[]string{"--grep", "^t", "--prefix=false"}, "two\nthree\n"},
		{[]string{"--timestamps", "pod-b"}, "2027-01-15T08:00:02.000000001Z two\n"},
	}
	for _, test := range tests {
		if got := f.ok(append([]string{"logs", "talks"}, test.args...)...); got != test.want {
			t.Errorf("%q gave %q, want %q", test.args, got, test.want)
		}
	}
	f.fails("no pod of that name", "logs", "talks", "none")
	f.fails("not found", "logs", "none")
	f.fails("one of --since and", "logs", "talks", "--since", "1m", "--since-time", "2026-01-01T00:00:00Z")
	f.fails("is not a time", "logs", "talks", "--since-time", "noon")
	f.fails("error parsing regexp", "logs", "talks", "--grep", "(")
}
