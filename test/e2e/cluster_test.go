//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
)

const (
	systemNamespace = "fairlead-system"
	examples        = "../../artifacts/examples"

	// patience is how long any one condition may take on a busy machine. Nothing asserts a time: reaching it means hung.
	patience = 5 * time.Minute
	// look is how often a condition is looked at.
	look = 200 * time.Millisecond
)

// The clients of the cluster under test, as the user of KUBECONFIG.
var (
	kubectlPath string
	config      *rest.Config
	kube        kubernetes.Interface
	fairlead    versioned.Interface
	apiservices aggregator.Interface
)

func TestMain(m *testing.M) {
	if os.Getenv("KUBECONFIG") == "" {
		fmt.Fprintln(os.Stderr, "e2e: KUBECONFIG names no cluster, nothing is tested; `make e2e` brings one up")
		os.Exit(0)
	}
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func connect() (err error) {
	kubectlPath = os.Getenv("KUBECTL")
	if kubectlPath == "" {
		kubectlPath = "kubectl"
	}
	if _, err := exec.LookPath(kubectlPath); err != nil {
		return fmt.Errorf("kubectl is needed (KUBECTL says where it is): %w", err)
	}
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	config.QPS = -1
	if kube, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if apiservices, err = aggregator.NewForConfig(config); err != nil {
		return err
	}
	fairlead, err = versioned.NewForConfig(config)
	return err
}

// eventually waits for a condition. The condition returns what it saw, for the message when patience ends; errors are
// waited over, because the servers restart under some tests.
func eventually(t *testing.T, what string, condition func(ctx context.Context) (done bool, saw string, err error)) {
	t.Helper()
	var saw string
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), look, patience, true, func(ctx context.Context) (bool, error) {
		var done bool
		done, saw, last = condition(ctx)
		return done && last == nil, nil
	})
	if err != nil {
		t.Fatalf("waited %s for %s; last seen: %s (error: %v)", patience, what, saw, last)
	}
}

// newNamespace makes a namespace for one test. When the test failed, what is in it is shown before it is deleted.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			describe(t, ns.Name)
		}
		err := kube.CoreV1().Namespaces().Delete(context.Background(), ns.Name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	eventually(t, "the default service account", func(ctx context.Context) (bool, string, error) {
		_, err := kube.CoreV1().ServiceAccounts(ns.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, "", err
	})
	return ns.Name
}

// describe logs what a person would look at after a failure.
func describe(t *testing.T, namespace string) {
	for _, args := range [][]string{
		{"get", "workflows", "-n", namespace, "-o", "yaml"},
		{"get", "pods", "-n", namespace, "-o", "wide"},
		{"get", "events", "-n", namespace},
		{"logs", "-n", systemNamespace, "deployment/fairlead-controller", "--tail=40"},
		{"logs", "-n", systemNamespace, "deployment/fairlead-apiserver", "--tail=40"},
	} {
		stdout, stderr, _ := runKubectl(context.Background(), "", args...)
		t.Logf("kubectl %s\n%s%s", strings.Join(args, " "), stdout, stderr)
	}
}

// runKubectl runs kubectl with the given standard input.
func runKubectl(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, kubectlPath, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// kubectl runs kubectl and fails the test when it fails.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, err := runKubectl(t.Context(), "", args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// manifest is a workflow's text in the API group of the installation.
func manifest(text string) string {
	return strings.ReplaceAll(text, "argoproj.io/v1alpha1", v1alpha1.SchemeGroupVersion.String())
}

// create creates a workflow from text with kubectl, as a user would, and returns its name.
func create(t *testing.T, namespace, text string) string {
	t.Helper()
	stdout, stderr, err := runKubectl(t.Context(), manifest(text), "create", "-n", namespace, "-o", "name", "-f", "-")
	if err != nil {
		t.Fatalf("kubectl create: %v\n%s", err, stderr)
	}
	kind, name, found := strings.Cut(strings.TrimSpace(stdout), "/")
	if !found || kind != "workflow."+v1alpha1.GroupName {
		t.Fatalf("kubectl create printed %q", stdout)
	}
	return name
}

// createExample creates one of the workflows under artifacts/examples.
func createExample(t *testing.T, namespace, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, file))
	if err != nil {
		t.Fatal(err)
	}
	return create(t, namespace, string(text))
}

// awaitWorkflow waits until a workflow is as described and returns it.
func awaitWorkflow(t *testing.T, namespace, name, what string, as func(*v1alpha1.Workflow) bool) *v1alpha1.Workflow {
	t.Helper()
	var wf *v1alpha1.Workflow
	eventually(t, fmt.Sprintf("workflow %s %s", name, what), func(ctx context.Context) (bool, string, error) {
		var err error
		wf, err = fairlead.ArgoprojV1alpha1().Workflows(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		return as(wf), fmt.Sprintf("phase %q, progress %s, message %q", wf.Status.Phase, wf.Status.Progress, wf.Status.Message), nil
	})
	return wf
}

// awaitEnd waits until a workflow is over, and fails the test unless it ended in this phase.
func awaitEnd(t *testing.T, namespace, name string, phase v1alpha1.WorkflowPhase) *v1alpha1.Workflow {
	t.Helper()
	wf := awaitWorkflow(t, namespace, name, "to end", func(wf *v1alpha1.Workflow) bool { return wf.Status.Phase.Completed() })
	if wf.Status.Phase != phase {
		t.Fatalf("workflow %s ended %s (%s), want %s", name, wf.Status.Phase, wf.Status.Message, phase)
	}
	return wf
}

// nodeNamed returns the node with this display name.
func nodeNamed(t *testing.T, wf *v1alpha1.Workflow, displayName string) v1alpha1.NodeStatus {
	t.Helper()
	for _, node := range wf.Status.Nodes {
		if node.DisplayName == displayName {
			return node
		}
	}
	t.Fatalf("workflow %s has no node %s", wf.Name, displayName)
	return v1alpha1.NodeStatus{}
}

// podsOf lists the pods of a workflow, whatever their phase.
func podsOf(t *testing.T, namespace, workflow string) []corev1.Pod {
	t.Helper()
	pods, err := kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: v1alpha1.LabelKeyWorkflow + "=" + workflow})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// logPath is the path of a workflow's log subresource.
func logPath(namespace, name string) string {
	return "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/namespaces/" + namespace + "/workflows/" + name + "/log"
}
