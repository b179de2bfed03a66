//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var (
	pluginOnce sync.Once
	pluginDir  string
	errPlugin  error
)

// pluginPath builds the plugin once and returns the directory that has to be in PATH.
func pluginPath(t *testing.T) string {
	t.Helper()
	pluginOnce.Do(func() {
		if pluginDir, errPlugin = os.MkdirTemp("", "plugin"); errPlugin != nil {
			return
		}
		build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(pluginDir, "kubectl-workflow"), "fairlead.dev/fairlead/cmd/kubectl-workflow")
		if out, err := build.CombinedOutput(); err != nil {
			errPlugin = errors.New(string(out))
		}
	})
	if errPlugin != nil {
		t.Fatal(errPlugin)
	}
	return pluginDir
}

// pluginCommand is `kubectl workflow`, run through kubectl as a user runs it.
func pluginCommand(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, kubectlPath, append([]string{"workflow"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+pluginPath(t)+":"+os.Getenv("PATH"), "TERM=xterm", "NO_COLOR=1")
	return cmd
}

// plugin runs `kubectl workflow` and returns what it printed and its exit code.
func plugin(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := pluginCommand(ctx, t, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("kubectl workflow %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// pluginOK runs `kubectl workflow` and fails the test when it fails.
func pluginOK(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	stdout, stderr, code := plugin(t, stdin, args...)
	if code != 0 {
		t.Fatalf("kubectl workflow %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// The plugin from submission to deletion, on a cluster whose API comes through kube-apiserver (CLI-10 to CLI-20).
func TestPlugin(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	text, err := os.ReadFile(filepath.Join(examples, "dag-diamond.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := pluginOK(t, string(text), "submit", "-", "-n", ns, "--name", "diamond", "--wait")
	if !strings.Contains(out, "diamond created") || !strings.Contains(out, "diamond Succeeded at ") {
		t.Errorf("submit --wait printed %q", out)
	}
	for _, want := range []string{"✔ diamond", "├─✔ fetch", "└─✔ publish", "4 of 4"} {
		if out := pluginOK(t, "", "get", "diamond", "-n", ns); !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if out := pluginOK(t, "", "list", "-n", ns, "--completed"); !strings.Contains(out, "diamond") {
		t.Errorf("list printed %q", out)
	}

	// Followed logs end with the workflow; those of one step are its own.
	pluginOK(t, manifest(strings.Replace(talksAWhile, "generateName: talks-", "name: talks", 1)), "submit", "-", "-n", ns)
	followed := pluginOK(t, "", "logs", "talks", "-n", ns, "-f", "--prefix=false")
	if strings.Count(followed, "word 1\nword 2\nword 3\nno newline at the end") != 2 {
		t.Errorf("followed log = %q", followed)
	}
	if one := pluginOK(t, "", "logs", "talks", "two", "-n", ns, "--grep", "word 2"); strings.Count(one, "word 2") != 1 || !strings.HasPrefix(one, "talks-count-") {
		t.Errorf("log of one step = %q", one)
	}

	// What fails is retried, with another parameter.
	failing := `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: fails}
spec:
  entrypoint: main
  arguments: {parameters: [{name: code, value: "3"}]}
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "exit {{workflow.parameters.code}}"]}
`
	if out, _, code := plugin(t, manifest(failing), "submit", "-", "-n", ns, "--wait"); code != 1 || !strings.Contains(out, "fails Failed at") {
		t.Errorf("exit code %d: %s", code, out)
	}
	pluginOK(t, "", "retry", "fails", "-n", ns, "-p", "code=0", "--wait")
	awaitEnd(t, ns, "fails", v1alpha1.WorkflowSucceeded)

	// A step that waits is let go on.
	waits := `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: waits}
spec:
  entrypoint: main
  templates:
  - {name: main, suspend: {}}
`
	pluginOK(t, manifest(waits), "submit", "-", "-n", ns)
	awaitWorkflow(t, ns, "waits", "to wait", func(wf *v1alpha1.Workflow) bool { return len(wf.Status.Nodes) == 1 })
	if out := pluginOK(t, "", "get", "waits", "-n", ns); !strings.Contains(out, "Running (Suspended)") {
		t.Errorf("get printed %s", out)
	}
	pluginOK(t, "", "resume", "waits", "-n", ns)
	pluginOK(t, "", "wait", "waits", "-n", ns)

	if out := pluginOK(t, "", "delete", "--all", "-n", ns); strings.Count(out, "deleted") != 4 {
		t.Errorf("delete printed %q", out)
	}
}

// The live view in a terminal: drawn in place, and left there whole when the workflow is over (CLI-13).
func TestPluginLiveView(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	pluginOK(t, manifest(strings.Replace(talksAWhile, "generateName: talks-", "name: live", 1)), "submit", "-", "-n", ns)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := pluginCommand(ctx, t, "get", "live", "-n", ns, "-w")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var seen bytes.Buffer
	_, _ = io.Copy(&seen, terminal) // ends with an error when the program has closed its side
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, seen.String())
	}
	text := seen.String()
	if pictures := strings.Count(text, "Name:            live"); pictures < 3 {
		t.Errorf("it was drawn %d times", pictures)
	}
	if !strings.Contains(text, "\x1b[?25l") || !strings.HasSuffix(text, "\x1b[?25h") {
		t.Error("the cursor was not hidden, or not shown again")
	}
	last := text[strings.LastIndex(text, "Name:            live"):]
	for _, want := range []string{"Succeeded", "├─✔ one", "└─✔ two", "2 of 2"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is not in the last picture:\n%s", want, last)
		}
	}
}

const leavesThings = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: leaves}
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: busybox
      command: [sh, -c, "mkdir -p /tmp/all/deep; echo one > /tmp/all/one; echo two > /tmp/all/deep/two; head -c 300000 /dev/zero > /tmp/large"]
    outputs:
      artifacts:
      - {name: large, path: /tmp/large, archive: {none: {}}}
      - {name: packed, path: /tmp/all}
      - {name: all, path: /tmp/all, archive: {none: {}}}
`

// Artifacts come through kube-apiserver and the server from the store: files, archives and directories (CLI-26).
func TestPluginArtifacts(t *testing.T) {
	t.Parallel()
	if text, _, err := runKubectl(t.Context(), "", "-n", systemNamespace, "get", "deployment", "fairlead-store", "-o", "name"); err != nil || text == "" {
		t.Skip("this installation has no artifact store of its own")
	}
	ns := newNamespace(t)
	pluginOK(t, manifest(leavesThings), "submit", "-", "-n", ns, "--wait")
	list := pluginOK(t, "", "artifacts", "ls", "leaves", "-n", ns)
	for _, want := range []string{"STEP", "large", "packed", "all", "packed.tgz"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not in\n%s", want, list)
		}
	}
	into := t.TempDir()
	pluginOK(t, "", "artifacts", "cp", "leaves", into, "-n", ns, "--path", "{artifactName}")
	size := func(pattern string) int64 {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(into, pattern))
		if err != nil || len(found) != 1 {
			t.Errorf("%s: found %q, %v", pattern, found, err)
			return -1
		}
		info, err := os.Stat(found[0])
		if err != nil {
			t.Error(err)
			return -1
		}
		return info.Size()
	}
	if got := size("large/large"); got != 300_000 {
		t.Errorf("large has %d bytes", got)
	}
	if got := size("packed/packed.tgz"); got < 100 {
		t.Errorf("packed has %d bytes", got)
	}
	if one, two := size("all/*/one"), size("all/*/deep/two"); one != 4 || two != 4 {
		t.Errorf("the files of the directory have %d and %d bytes", one, two)
	}
	if _, stderr, code := plugin(t, "", "artifacts", "cp", "leaves", into, "-n", ns, "--artifact-name", "none"); code != 1 || !strings.Contains(stderr, "artifacts ls leaves") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
