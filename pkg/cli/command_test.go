package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// run runs the plugin where there is no cluster.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var out, errs bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errs}
	code = Main(t.Context(), args, streams, testingclock.NewFakeClock(epoch))
	return out.String(), errs.String(), code
}

// Every command explains itself, with an example, and none of its flags is in the way of those that all have.
func TestCommandsExplainThemselves(t *testing.T) {
	var visit func(cmd *cobra.Command, path []string)
	visit = func(cmd *cobra.Command, path []string) {
		if cmd.Name() == "help" {
			return
		}
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%v: Short is %q", path, cmd.Short)
		}
		if cmd.Runnable() && cmd.HasParent() && !cmd.HasAvailableSubCommands() && cmd.Example == "" && cmd.Name() != "options" {
			t.Errorf("%v has no example", path)
		}
		out, errs, code := run(t, "", append(path, "--help")...)
		if code != 0 || !strings.Contains(out, "Usage:") || errs != "" {
			t.Errorf("%v --help: exit code %d\n%s%s", path, code, out, errs)
		}
		for _, child := range cmd.Commands() {
			visit(child, append(path[:len(path):len(path)], child.Name()))
		}
	}
	visit(NewCommand(genericiooptions.IOStreams{Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}, testingclock.NewFakeClock(epoch)), nil)
}

// What needs no cluster asks for none.
func TestWithoutACluster(t *testing.T) {
	manifest := filepath.Join("..", "..", "artifacts", "examples", "dag-diamond.yaml")
	for _, args := range [][]string{
		{"lint", manifest}, {"plan", "-f", manifest}, {"version", "--client"}, {"completion", "zsh"}, {"completion", "fish"},
		{"completion", "powershell"}, {"options"}, {}, {"help", "submit"}, {"convert", manifest}, {"version", "--short"},
	} {
		if out, errs, code := run(t, "", args...); code != 0 || out == "" {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	for _, args := range [][]string{{"list"}, {"get", "x"}, {"submit", manifest}} {
		if out, errs, code := run(t, "", append(args, "--request-timeout=5s")...); code != 1 || !strings.HasPrefix(errs, "Error: ") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

// docs/cli.md is written from the commands; hack/update-reference.sh --verify compares all of it.
func TestReference(t *testing.T) {
	text := Reference()
	for _, want := range []string{"| [get](#kubectl-workflow-get) |", "### kubectl workflow cron backfill", "| `-w`, `--watch` |", "## Flags of all commands"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if home, err := os.UserHomeDir(); err == nil && strings.Contains(text, home+"/") {
		t.Error("it depends on whose machine this is")
	}
}

// OPS-02, V-232: what workflows are made from.
func TestParseFrom_V232(t *testing.T) {
	for from, want := range map[string]string{
		"workflowtemplate/a": client.WorkflowTemplates, "wftmpl/a": client.WorkflowTemplates, "WorkflowTemplates/a": client.WorkflowTemplates,
		"clusterworkflowtemplate/a": client.ClusterWorkflowTemplates, "cwft/a": client.ClusterWorkflowTemplates,
		"cronworkflow/a": client.CronWorkflows, "cronwf/a": client.CronWorkflows, "cwf/a": client.CronWorkflows,
	} {
		if resource, name, err := parseFrom(from); resource != want || name != "a" || err != nil {
			t.Errorf("%s: %s, %s, %v", from, resource, name, err)
		}
	}
	for _, from := range []string{"", "a", "workflowtemplate/", "/a", "pod/a"} {
		if _, _, err := parseFrom(from); err == nil {
			t.Errorf("%q is taken", from)
		}
	}
}

func TestParseDay(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02": "2026-01-02T00:00:00Z", "2026-01-02T03:04:05+01:00": "2026-01-02T02:04:05Z", "Fri, 02 Jan 2026 03:04:05 +0000": "2026-01-02T03:04:05Z",
	} {
		if at, err := parseDay("--start", text); err != nil || at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"", "yesterday", "02/01/2026"} {
		if _, err := parseDay("--start", text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// Names of steps and artifacts are whatever the author of a workflow chose; no file is written outside of the directory.
func TestArtifactsStayInside(t *testing.T) {
	artifact := &v1alpha1.Artifact{Name: "out"}
	artifact.S3 = &v1alpha1.S3Artifact{Key: "a/b/report.tgz"}
	n := &v1alpha1.NodeStatus{ID: "w-1", Name: "w[0].../../x", TemplateName: "t"}
	for path, want := range map[string]string{
		defaultArtifactPath: "ns/w/w-1/outputs/out/report.tgz", "{artifactName}": "out/report.tgz", "{nodeName}": "w[0]..._.._x/report.tgz",
		"x/../y": "y/report.tgz", "../{artifactName}": "", "/etc": "",
	} {
		o := &copyOptions{path: path}
		got, err := o.place("ns", "w", stored{n, artifact})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for _, name := range []string{"..", "../../etc/passwd", "a/../.."} {
		odd := &v1alpha1.Artifact{Name: name}
		odd.S3 = &v1alpha1.S3Artifact{Key: ".."}
		o := &copyOptions{path: "{artifactName}"}
		if got, err := o.place("ns", "w", stored{n, odd}); err == nil && !filepath.IsLocal(got) {
			t.Errorf("%s leads to %q", name, got)
		}
	}
}

// No artifact silently takes the place of another one, and a directory that the server does not list to its end is not complete.
func TestArtifactsAreAllThere(t *testing.T) {
	named := func(id, name string) stored {
		artifact := &v1alpha1.Artifact{Name: name}
		artifact.S3 = &v1alpha1.S3Artifact{Key: id + "/out.tgz"}
		return stored{&v1alpha1.NodeStatus{ID: id, DisplayName: id}, artifact}
	}
	o := &copyOptions{path: "{artifactName}"}
	if err := o.apart("ns", "w", []stored{named("a", "x"), named("b", "y")}); err != nil {
		t.Error(err)
	}
	if err := o.apart("ns", "w", []stored{named("a", "x"), named("b", "x")}); err == nil || !strings.Contains(err.Error(), "x of step a and artifact x of step b would both become x/out.tgz") {
		t.Error(err)
	}
	workflow := `{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"cells":[],"object":{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"w","namespace":"ns","resourceVersion":"1"},"status":{"phase":"Succeeded","nodes":{` +
		`"w":{"id":"w","name":"w","displayName":"w","type":"Pod","phase":"Succeeded","outputs":{"artifacts":[{"name":"d","s3":{"key":"k"}}]}}}}}}]}`
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/artifacts/w/d"):
			w.Header().Set("Fairlead-Artifact-Listing", "true")
			_, _ = w.Write([]byte(`{"truncated":true,"items":[{"name":"one"}]}`))
		case strings.Contains(r.URL.Path, "/artifacts/"):
			_, _ = w.Write([]byte("1"))
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(workflow))
		}
	})
	into := t.TempDir()
	if out, errs, err := runOn(t, api, "artifacts", "cp", "w", into, "--path", "{artifactName}"); err == nil || !strings.Contains(err.Error(), "not complete: it has more than the 1 files") {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}

// A step that is below another of its name is part of that one's log.
func TestOutermost(t *testing.T) {
	nodes := map[string]v1alpha1.NodeStatus{
		"w": {ID: "w"}, "a": {ID: "a", BoundaryID: "w", DisplayName: "x"}, "b": {ID: "b", BoundaryID: "a"}, "c": {ID: "c", BoundaryID: "b", DisplayName: "x"},
		"d": {ID: "d", BoundaryID: "w", DisplayName: "x"},
	}
	for want, found := range map[int][]v1alpha1.NodeStatus{1: {nodes["a"], nodes["c"]}, 2: {nodes["a"], nodes["c"], nodes["d"]}, 0: nil} {
		if got := outermost(found, nodes); len(got) != want {
			t.Errorf("%d of %d are left, want %d", len(got), len(found), want)
		}
	}
}
