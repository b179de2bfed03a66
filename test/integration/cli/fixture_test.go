// Package cli runs the kubectl plugin against a server in this process.
package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/clock"

	controller "fairlead.dev/fairlead/cmd/fairlead-controller/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli"
	"fairlead.dev/fairlead/test/integration/fakekube"
	"fairlead.dev/fairlead/test/integration/harness"
)

const namespace = "default"

// patience is how long any one condition may take on a busy machine. Nothing asserts a time.
const patience = 2 * time.Minute

// fixture is a server, with or without a controller, and what the plugin needs to speak with it.
type fixture struct {
	*harness.Server
	t          *testing.T
	kubeconfig string
	cache      string
}

func newFixture(t *testing.T, options ...harness.Option) *fixture {
	t.Helper()
	f := &fixture{Server: harness.StartServer(t, options...), t: t, cache: t.TempDir()}
	f.kubeconfig = f.writeKubeconfig(harness.Admin)
	return f
}

// writeKubeconfig writes a kubeconfig for a user.
func (f *fixture) writeKubeconfig(user string) string {
	f.t.Helper()
	if block, _ := pem.Decode(f.Config.CAData); block == nil {
		f.t.Fatal("the server has no certificate")
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: f.Config.Host, CertificateAuthorityData: f.Config.CAData}
	config.AuthInfos["test"] = &clientcmdapi.AuthInfo{Token: user}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test", Namespace: namespace}
	config.CurrentContext = "test"
	path := filepath.Join(f.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// withController runs a controller, and pods that succeed after a moment.
func (f *fixture) withController() *fakekube.Server {
	f.t.Helper()
	kube := fakekube.Start(f.t, f.Config)
	kube.RunPods(f.t, 50*time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- controller.Main(ctx, []string{"--kubeconfig=" + kube.Kubeconfig(f.t), "--leader-elect=false", "--healthz-bind-address=", "--metrics-bind-address="})
	}()
	f.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.t.Errorf("the controller ended with: %v", err)
		}
	})
	return kube
}

// result is what a run of the plugin gave.
type result struct {
	stdout, stderr string
	code           int
}

// run runs the plugin.
func (f *fixture) run(args ...string) result { return f.runWith(f.t.Context(), "", args...) }

func (f *fixture) runWith(ctx context.Context, stdin string, args ...string) result {
	var out, errs lockedBuffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errs}
	all := append([]string{"--kubeconfig", f.kubeconfig, "--cache-dir", f.cache}, args...)
	code := cli.Main(ctx, all, streams, clock.RealClock{})
	return result{out.String(), errs.String(), code}
}

// ok runs the plugin and fails the test when it fails.
func (f *fixture) ok(args ...string) string {
	f.t.Helper()
	r := f.run(args...)
	if r.code != 0 {
		f.t.Fatalf("kubectl workflow %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// fails runs the plugin and fails the test unless it fails with this text.
func (f *fixture) fails(want string, args ...string) {
	f.t.Helper()
	r := f.run(args...)
	if r.code == 0 || !strings.Contains(r.stderr+r.stdout, want) {
		f.t.Errorf("kubectl workflow %s: exit code %d, want an error with %q\n%s%s", strings.Join(args, " "), r.code, want, r.stdout, r.stderr)
	}
}

// contains fails the test unless the text has all parts.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// file writes a manifest and returns its path.
func (f *fixture) file(text string) string {
	f.t.Helper()
	path := filepath.Join(f.t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// workflow returns a workflow as it is stored.
func (f *fixture) workflow(name string) *v1alpha1.Workflow {
	f.t.Helper()
	wf, err := f.Client.ArgoprojV1alpha1().Workflows(namespace).Get(f.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	return wf
}

// decode reads JSON that the plugin printed.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return value
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) { return met(), nil })
	if err != nil {
		t.Fatalf("waited for %s: %v", what, err)
	}
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String returns what was written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// update stores a changed workflow.
func (f *fixture) update(wf *v1alpha1.Workflow) {
	f.t.Helper()
	if _, err := f.Client.ArgoprojV1alpha1().Workflows(namespace).Update(f.t.Context(), wf, metav1.UpdateOptions{}); err != nil {
		f.t.Fatal(err)
	}
}
