//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const waitsForSomebody = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: NAME, labels: {batch: waits}}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: approve, template: ask}
    - - {name: say, template: say, arguments: {parameters: [{name: answer, value: "{{steps.approve.outputs.parameters.answer}}"}]}}
  - name: ask
    suspend: {}
    outputs: {parameters: [{name: answer, valueFrom: {supplied: {}, default: none}}]}
  - name: say
    metadata: {labels: {speaks: "yes"}}
    inputs: {parameters: [{name: answer}]}
    container: {image: busybox, command: [echo, "the answer is {{inputs.parameters.answer}}"]}
`

// Verbs for several workflows at once, by name, as -o name prints them and by label (CLI-11, CLI-14 to CLI-21).
func TestPluginSteersSeveral(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	var all strings.Builder
	for _, name := range []string{"a", "b", "c"} {
		all.WriteString("---" + strings.Replace(waitsForSomebody, "NAME", name, 1))
	}
	names := strings.Fields(pluginOK(t, manifest(all.String()), "submit", "-", "-n", ns, "-o", "name"))
	if len(names) != 3 || !strings.HasSuffix(names[0], "/a") {
		t.Fatalf("submit -o name printed %q", names)
	}
	for _, name := range []string{"a", "b", "c"} {
		awaitWorkflow(t, ns, name, "to wait", func(wf *v1alpha1.Workflow) bool { return len(wf.Status.Nodes) >= 3 })
	}
	if out := pluginOK(t, "", append([]string{"suspend", "-n", ns}, names...)...); strings.Count(out, "suspended") != 3 {
		t.Errorf("suspend printed %q", out)
	}
	pluginOK(t, "", "node", "set", "a", "-n", ns, "--node-field-selector", "displayName=approve", "-p", "answer=42", "--phase", "succeeded", "-m", "fine")
	if out := pluginOK(t, "", "resume", "a", "-n", ns); !strings.Contains(out, "a resumed") {
		t.Errorf("resume printed %q", out)
	}
	pluginOK(t, "", "wait", "a", "-n", ns)
	if out := pluginOK(t, "", "logs", "a", "-n", ns, "-l", "speaks=yes", "--prefix=false", "--tail", "1"); out != "the answer is 42\n" {
		t.Errorf("log of pods with a label: %q", out)
	}
	if out := pluginOK(t, "", "logs", "a", "-n", ns, "--timestamps", "--since", "1h", "--grep", "answer"); !strings.Contains(out, "Z the answer is 42") {
		t.Errorf("log with timestamps: %q", out)
	}
	if _, errs, code := plugin(t, "", "logs", "a", "-n", ns, "-l", "speaks=no"); code != 1 || !strings.Contains(errs, "none of the pods asked for") {
		t.Errorf("log of no pod: %d, %q", code, errs)
	}

	if out := pluginOK(t, "", "list", "-n", ns, "--running", "-l", "batch=waits", "--no-headers"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "Running") {
		t.Errorf("list printed %q", out)
	}
	if out := pluginOK(t, "", "stop", "b", "wf/c", "-n", ns, "--dry-run"); strings.Count(out, "stopped (server dry run)") != 2 {
		t.Errorf("stop --dry-run printed %q", out)
	}
	pluginOK(t, "", "stop", "b", "-n", ns)
	pluginOK(t, "", "terminate", "-n", ns, "--field-selector", "metadata.name=c")
	out, _, code := plugin(t, "", "wait", "-l", "batch=waits", "-n", ns)
	if code != 1 || strings.Count(out, " Failed at ") != 2 || strings.Count(out, "a Succeeded at ") != 1 {
		t.Errorf("wait: exit code %d\n%s", code, out)
	}
	if out, _, code := plugin(t, "", "wait", "nobody", "a", "-n", ns, "--ignore-not-found"); code != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("wait --ignore-not-found: exit code %d\n%s", code, out)
	}

	// What is over is run again, or not, and deleted.
	if _, errs, code := plugin(t, "", "retry", "b", "-n", ns, "--dry-run=server"); code != 0 || !strings.Contains(errs, "would reset") {
		t.Errorf("retry --dry-run: exit code %d, %q", code, errs)
	}
	again := strings.TrimSpace(pluginOK(t, "", "resubmit", "a", "-n", ns, "-o", "name"))
	if out := pluginOK(t, "", "get", again, "-n", ns, "-o", "short"); !strings.HasPrefix(out, "a-") {
		t.Errorf("get -o short printed %q", out)
	}
	if out := pluginOK(t, "", "list", "-n", ns, "--resubmitted", "-o", "name"); strings.TrimSpace(out) != again {
		t.Errorf("list --resubmitted printed %q, want %s", out, again)
	}
	if out := pluginOK(t, "", "delete", "-n", ns, "--completed", "--status", "failed", "--dry-run=client"); strings.Count(out, "deleted (dry run)") != 2 {
		t.Errorf("delete --dry-run printed %q", out)
	}
	if out := pluginOK(t, "", "delete", "-n", ns, "--completed", "--status", "failed"); strings.Count(out, "deleted") != 2 {
		t.Errorf("delete printed %q", out)
	}
}

// Templates and schedules, and workflows made from them (CLI-10, CLI-23, CLI-24).
func TestPluginKinds(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	template := manifest(`
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: greet}
spec:
  entrypoint: main
  arguments: {parameters: [{name: whom, value: nobody}]}
  templates:
  - name: main
    container: {image: busybox, command: [echo, "hello {{workflow.parameters.whom}}"]}
`)
	cron := manifest(`
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  suspend: true
  schedules: ["0 3 * * *"]
  workflowSpec: {workflowTemplateRef: {name: greet}, arguments: {parameters: [{name: cronScheduleTime, value: ""}]}}
`)
	if _, errs, code := plugin(t, template, "template", "update", "-", "-n", ns); code != 1 || !strings.Contains(errs, "template create") {
		t.Errorf("update of what is not there: exit code %d, %s", code, errs)
	}
	pluginOK(t, template, "template", "create", "-", "-n", ns)
	if _, errs, code := plugin(t, template, "template", "create", "-", "-n", ns); code != 1 || !strings.Contains(errs, "template update") {
		t.Errorf("create of what is there: exit code %d, %s", code, errs)
	}
	pluginOK(t, strings.Replace(template, "value: nobody", "value: everybody", 1), "template", "update", "-", "-n", ns)
	if out := pluginOK(t, "", "template", "get", "greet", "-n", ns); !strings.Contains(out, "whom: everybody") {
		t.Errorf("template get printed %s", out)
	}
	parameters := filepath.Join(t.TempDir(), "parameters.yaml")
	if err := os.WriteFile(parameters, []byte("whom: world\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := pluginOK(t, "", "submit", "--from", "workflowtemplate/greet", "-n", ns, "-f", parameters, "--log"); !strings.Contains(out, ": hello world\n") {
		t.Errorf("submit --log printed %q", out)
	}
	pluginOK(t, cron, "cron", "create", "-", "-n", ns, "--schedule", "0 4 * * *", "-p", "whom=moon")
	if out := pluginOK(t, "", "cron", "get", "nightly", "-n", ns); !strings.Contains(out, "0 4 * * *") || !strings.Contains(out, "whom: moon") {
		t.Errorf("cron get printed %s", out)
	}
	pluginOK(t, "", "cron", "resume", "nightly", "-n", ns)
	pluginOK(t, "", "cron", "suspend", "nightly", "-n", ns)
	if out := pluginOK(t, "", "cron", "list", "-n", ns); !strings.Contains(out, "nightly") {
		t.Errorf("cron list printed %s", out)
	}
	if out := pluginOK(t, "", "cron", "backfill", "nightly", "-n", ns, "--start", "2026-01-01", "--end", "2026-01-03"); strings.Count(out, " created for 2026-01-0") != 2 {
		t.Errorf("backfill printed %s", out)
	}
	if out := pluginOK(t, "", "submit", "--from", "cronwf/nightly", "-n", ns, "--wait"); !strings.Contains(out, "Succeeded at") {
		t.Errorf("submit --from cron printed %s", out)
	}
	if out := pluginOK(t, template+"---"+cron, "lint", "-", "--dry-run=server", "-n", ns); !strings.Contains(out, "2 objects, no mistakes") {
		t.Errorf("lint printed %s", out)
	}
	pluginOK(t, "", "cron", "delete", "--all", "-n", ns)
	pluginOK(t, "", "template", "delete", "wftmpl/greet", "-n", ns)
}

// Mistakes of users are said with what to do about them, and kubectl itself completes names behind the plugin.
func TestPluginWithWrongInput(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	bad := manifest(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: bad}
spec:
  entrypoint: nowhere
  templates:
  - name: main
    dag: {tasks: [{name: a b, template: none}]}
`)
	for _, tc := range []struct {
		stdin, args, want string
	}{
		{"", "get nobody", "`kubectl workflow list`"},
		{"", "logs nobody", "`kubectl workflow list`"},
		{"", "submit --from wftmpl/nobody", "`kubectl workflow template list`"},
		{bad, "submit -", " is invalid:\n  spec."},
		{strings.Replace(bad, "entrypoint:", "entrypiont:", 1), "submit -", "kubectl explain"},
		{strings.Replace(bad, "name: a b", "name: y", 1), "submit -", "booleans unless they are quoted"},
		{"", "list --field-selector spec.priority=3", "field selector"},
		{"", "list -l a=b=c", "--selector"},
	} {
		out, errs, code := plugin(t, tc.stdin, append(strings.Fields(tc.args), "-n", ns)...)
		if code != 1 || out != "" || !strings.Contains(errs, "Error: ") || !strings.Contains(errs, tc.want) {
			t.Errorf("%s: exit code %d, want %q\n%s%s", tc.args, code, tc.want, out, errs)
		}
	}

	pluginOK(t, manifest(strings.Replace(waitsForSomebody, "NAME", "offered", 1)), "submit", "-", "-n", ns)
	completer := filepath.Join(t.TempDir(), "kubectl_complete-workflow")
	if err := os.WriteFile(completer, []byte(pluginOK(t, "", "completion", "kubectl")), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ args, want string }{{"get -n " + ns, "offered"}, {"list -n", ns}, {"submit --from", "workflowtemplate/"}} {
		cmd := pluginCommand(t.Context(), t)
		cmd.Args = slices.Concat(cmd.Args[:1], []string{"__complete", "workflow"}, strings.Fields(tc.args), []string{""})
		for i, entry := range cmd.Env {
			if path, found := strings.CutPrefix(entry, "PATH="); found {
				cmd.Env[i] = "PATH=" + filepath.Dir(completer) + ":" + path
			}
		}
		if out, err := cmd.Output(); err != nil || !slices.Contains(strings.Split(string(out), "\n"), tc.want) {
			t.Errorf("completion of %q: %v\n%s", tc.args, err, out)
		}
	}
}

// Somebody who leaves the live view has the terminal back as it was, also when its size has changed meanwhile; a reader that goes
// away ends the command without a word.
func TestPluginIsInterrupted(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	pluginOK(t, manifest(strings.Replace(waitsForSomebody, "NAME", "long", 1)), "submit", "-", "-n", ns)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := pluginCommand(ctx, t, "watch", "long", "-n", ns)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var seen screenText
	go func() { _, _ = io.Copy(&seen, terminal) }()
	draws := func(what string) func(context.Context) (bool, string, error) {
		return func(context.Context) (bool, string, error) {
			text := seen.String()
			return strings.Contains(text, what), text, nil
		}
	}
	eventually(t, "the tree", draws("‖ approve"))
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 10, Cols: 30}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tree on a smaller screen", draws("ago\x1b[K")) // there is no room for the time itself
	if _, err := terminal.Write([]byte{3}); err != nil {              // Ctrl-C
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v", err)
	}
	eventually(t, "the cursor", func(context.Context) (bool, string, error) {
		text := seen.String()
		return strings.LastIndex(text, "\x1b[?25h") > strings.LastIndex(text, "\x1b[?25l"), fmt.Sprintf("%q", text), nil
	})

	follows := pluginCommand(ctx, t, "logs", "long", "-n", ns, "-f")
	if err := follows.Start(); err != nil {
		t.Fatal(err)
	}
	if err := follows.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := follows.Wait(); err == nil {
		t.Error("an interrupted log ended as if nothing had been")
	}

	many := pluginCommand(ctx, t, "options")
	out, err := many.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	many.Stderr = &complaints
	if err := many.Start(); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	if _ = many.Wait(); complaints.Len() > 0 {
		t.Errorf("complaints about a reader that has gone: %s", complaints.String())
	}
}

// screenText is what a terminal was sent.
type screenText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screenText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screenText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

const takesAFile = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: takes}
spec:
  entrypoint: main
  arguments: {artifacts: [{name: words, s3: {key: none}}]}
  templates:
  - name: main
    inputs: {artifacts: [{name: words, path: /words}]}
    container: {image: busybox, command: [cat, /words]}
`

// A file of the user's machine becomes an artifact of the workflow (ART-17).
func TestPluginUploads(t *testing.T) {
	t.Parallel()
	if text, _, err := runKubectl(t.Context(), "", "-n", systemNamespace, "get", "deployment", "fairlead-store", "-o", "name"); err != nil || text == "" {
		t.Skip("this installation has no artifact store of its own")
	}
	ns := newNamespace(t)
	local := filepath.Join(t.TempDir(), "some words.txt")
	if err := os.WriteFile(local, []byte("from far away\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := pluginOK(t, manifest(takesAFile), "submit", "-", "-n", ns, "--artifact", "words="+local, "--log"); !strings.Contains(out, "takes: from far away\n") {
		t.Errorf("submit --artifact printed %q", out)
	}
	pluginOK(t, "", "wait", "takes", "-n", ns)

	// From a template, with a key that a script took.
	template := strings.NewReplacer("kind: Workflow", "kind: WorkflowTemplate", "{name: takes}", "{name: shared}").Replace(takesAFile)
	pluginOK(t, manifest(template), "template", "create", "-", "-n", ns)
	key := strings.TrimSpace(pluginOK(t, "", "artifacts", "upload", local, "-n", ns))
	if !strings.HasPrefix(key, "uploads/"+ns+"/") || !strings.HasSuffix(key, "/some words.txt") {
		t.Errorf("upload printed %q", key)
	}
	if out := pluginOK(t, "", "submit", "--from", "wftmpl/shared", "-n", ns, "--artifact-key", "words="+key, "--log"); !strings.Contains(out, ": from far away\n") {
		t.Errorf("submit --artifact-key printed %q", out)
	}
	if _, errs, code := plugin(t, manifest(takesAFile), "submit", "-", "-n", ns, "--artifact", "wrods="+local); code != 1 || !strings.Contains(errs, "has words") {
		t.Errorf("an artifact that is not declared: exit code %d, %s", code, errs)
	}
}
