package integration

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/test/integration/fakekube"
	"fairlead.dev/fairlead/test/integration/harness"
)

// accountRules lets everybody but the controller do everything, and the controller what its role says while it is granted.
type accountRules struct {
	mu      sync.Mutex
	revoked bool
	// asked counts how often it was asked whether the controller may write.
	asked int
}

const controllerAccount = "the-controller"

func (r *accountRules) authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() != controllerAccount {
		return authorizer.DecisionAllow, "", nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.GetResource() == "workflows" && a.GetSubresource() == "nodes" {
		if r.revoked {
			return authorizer.DecisionDeny, "revoked", nil
		}
		r.asked++
	}
	return authorizer.DecisionAllow, "", nil
}

func (r *accountRules) revoke(revoked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked = revoked
}

// The controller sends its writes straight to the server; they are subject to the same rights as those through
// kube-apiserver, which it uses while it cannot verify the server.
func TestControllerGoesStraightToTheServer(t *testing.T) {
	t.Parallel()
	rules := &accountRules{}
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(rules.authorize)))
	kube := fakekube.Start(t, server.Config)
	kube.Register(t, server.Config.CAData)
	kube.RunPods(t, 20*time.Millisecond)
	controller := startController(t, kube.SecureKubeconfig(t, controllerAccount), noElection, "--workflow-server="+server.Config.Host)

	created := 0
	run := func() {
		t.Helper()
		createRuns(t, server.Client, 3, func(i int) *wfv1.Workflow { return diamondRun(fmt.Sprintf("run-%d", created+i), 1) })
		created += 3
		awaitRuns(t, server.Client, created, alive(t, controller))
	}
	through := func() int { return kube.Requests("POST workflows/nodes") }

	run()
	if n := through(); n != 0 {
		t.Fatalf("%d writes went through kube-apiserver", n)
	}
	if rules.asked == 0 {
		t.Fatal("the rights of the controller were never asked for")
	}

	// The same rights: what the role does not grant is refused, and not tried the other way.
	rules.revoke(true)
	createRuns(t, server.Client, 1, func(int) *wfv1.Workflow { return diamondRun("forbidden", 1) })
	created++
	await(t, "the controller to be refused", func() bool { return strings.Contains(controller.output.String(), "revoked") })
	if n := through(); n != 0 {
		t.Errorf("%d writes went through kube-apiserver after they were refused", n)
	}
	rules.revoke(false)
	awaitRuns(t, server.Client, created, alive(t, controller))

	// An authority that did not sign the server's certificate.
	other, _, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	kube.Register(t, other)
	await(t, "the controller to leave the straight way", func() bool {
		run()
		return through() > 0
	})
	// And the right one again, under which everything goes straight once more.
	kube.Register(t, server.Config.CAData)
	await(t, "the controller to take the straight way again", func() bool {
		before := through()
		run()
		return through() == before
	})
}

// Pitfall 11: the server itself asks who a client is, whatever way the client comes.
func TestServerRefusesClientsWithoutToken(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	nobody := rest.CopyConfig(server.Config)
	nobody.BearerToken = ""
	client, err := versioned.NewForConfig(nobody)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ArgoprojV1alpha1().Workflows("default").UpdateNodes(t.Context(), "wf", &wfv1.NodesUpdate{}, metav1.CreateOptions{})
	if status, ok := err.(interface{ Status() metav1.Status }); !ok || status.Status().Code != http.StatusUnauthorized {
		t.Errorf("got %v, want 401", err)
	}
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, runsDeadline, true, func(context.Context) (bool, error) { return condition(), nil })
	if err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}
