package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const hello = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: hi}]}
  templates:
  - name: main
    steps: [[{name: a, template: say, arguments: {parameters: [{name: word, value: "{{workflow.parameters.word}}"}]}}]]
  - name: say
    inputs: {parameters: [{name: word}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.word}}"]}
`

const approval = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: approve, template: wait}, {name: other, template: wait}]]
  - name: wait
    suspend: {}
    outputs: {parameters: [{name: answer, valueFrom: {supplied: {}, default: "no"}}]}
`

// CLI-10, OPS-01, OPS-03.
func TestSubmit(t *testing.T) {
	f := newFixture(t)
	manifest := f.file(hello + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
	parameters := f.file("word: from file\nmore: 7\n")

	for _, try := range []string{"client", "server"} {
		wf := decode[v1alpha1.Workflow](t, f.ok("submit", manifest, "--dry-run="+try, "-o", "json", "--name", "tried", "-f", parameters, "-p", "word=x",
			"--entrypoint", "say", "--serviceaccount", "runner", "-l", "a=b", "--annotations", "note=two words", "--priority", "3"))
		if wf.Name != "tried" || wf.Spec.Entrypoint != "say" || wf.Spec.ServiceAccountName != "runner" || wf.Labels["a"] != "b" || *wf.Spec.Priority != 3 {
			t.Errorf("%s: %+v", try, wf)
		}
		if p := wf.Spec.Arguments.Parameters; len(p) != 2 || *p[0].Value != "x" || *p[1].Value != "7" {
			t.Errorf("%s: parameters %+v", try, p)
		}
	}
	if text := f.ok("list", "-o", "name"); text != "" {
		t.Errorf("a dry run stored %s", text)
	}
	r := f.run("submit", manifest, "--name", "first")
	if want := "workflow." + v1alpha1.GroupName + "/first created\n"; r.stdout != want || !strings.Contains(r.stderr, "ConfigMap is no Workflow and left out") {
		t.Errorf("%+v", r)
	}
	if got := f.runWith(t.Context(), hello, "submit", "-", "-o", "name"); got.code != 0 || !strings.HasPrefix(got.stdout, "workflow."+v1alpha1.GroupName+"/hello-") {
		t.Errorf("%+v", got)
	}
	// The API group of the file does not matter.
	moved := strings.Replace(hello, "argoproj.io", v1alpha1.GroupName, 1)
	f.ok("submit", f.file(moved), "--name", "moved")

	f.fails("already exists", "submit", manifest, "--name", "first")
	f.fails("NAME=VALUE", "submit", manifest, "-p", "word")
	f.fails("no such file", "submit", "none.yaml")
	f.fails("no workflow in", "submit", f.file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"))
	f.fails("-f is the file of parameters", "submit", "-f", manifest)
	f.fails("name a file with a workflow", "submit")
	f.fails("unknown field", "submit", f.file(strings.Replace(hello, "entrypoint", "entrypiont", 1)))
	f.fails("give one of --watch and --wait", "submit", manifest, "--watch", "--wait")
	f.fails("nothing is started", "submit", manifest, "--dry-run=server", "--wait")
	f.fails("cannot all have the name", "submit", manifest, manifest, "--name", "same")
	f.fails("is for namespace other", "submit", f.file(strings.Replace(hello, "{generateName", "{namespace: other, generateName", 1)), "-n", namespace)
}

// CLI-10: from start to end, with a controller.
func TestSubmitAndFollow(t *testing.T) {
	f := newFixture(t)
	f.withController()
	manifest := f.file(hello)
	out := f.ok("submit", manifest, "--name", "waited", "--wait")
	contains(t, out, "/waited created", "waited Succeeded at ")
	out = f.ok("submit", manifest, "--name", "watched", "--watch")
	contains(t, out, "/watched created", "watched[0].a", "Succeeded", "workflow watched")
	if got := f.workflow("waited").Status.Phase; got != v1alpha1.WorkflowSucceeded {
		t.Errorf("phase %s", got)
	}
	contains(t, f.ok("get", "waited"), "✔ waited", "└─✔ a", "1 of 1")
}

// CLI-17, CLI-18, CLI-21, OPS-08 to OPS-12.
func TestSteer(t *testing.T) {
	f := newFixture(t)
	f.withController()
	start := func(name string) {
		t.Helper()
		f.ok("submit", f.file(fmt.Sprintf(approval, name)))
		eventually(t, name+" to wait", func() bool { return len(f.workflow(name).Status.Nodes) == 4 })
	}
	phase := func(name string, want v1alpha1.WorkflowPhase) {
		t.Helper()
		f.run("wait", name)
		if got := f.workflow(name).Status; got.Phase != want {
			t.Errorf("%s ended %s: %s", name, got.Phase, got.Message)
		}
	}

	start("resumed")
	contains(t, f.ok("get", "resumed"), "Running (Suspended)", "‖ approve")
	contains(t, f.ok("node", "set", "resumed", "--node-field-selector", "displayName=approve", "-p", "answer=yes", "-m", "by hand"), "/resumed set")
	contains(t, f.ok("resume", "resumed", "--node-field-selector", "displayName=approve"), "/resumed resumed")
	contains(t, f.ok("get", "resumed"), "✔ approve", "‖ other")
	contains(t, f.ok("resume", "resumed"), "/resumed resumed")
	phase("resumed", v1alpha1.WorkflowSucceeded)
	contains(t, f.run("resume", "resumed").stderr, "nothing to resume")

	start("suspended")
	contains(t, f.ok("suspend", "suspended", "--dry-run=server"), "/suspended suspended (server dry run)")
	if f.workflow("suspended").Spec.Suspend != nil {
		t.Error("a dry run was stored")
	}
	f.ok("suspend", "suspended")
	if s := f.workflow("suspended").Spec.Suspend; s == nil || !*s {
		t.Error("not suspended")
	}
	contains(t, f.ok("stop", "suspended", "--node-field-selector", "displayName=approve", "-m", "not today"), "/suspended stopped")
	contains(t, f.ok("get", "suspended"), "✖ approve", "not today")
	f.ok("terminate", "suspended", "-o", "name")
	phase("suspended", v1alpha1.WorkflowFailed)

	start("one")
	start("two")
	contains(t, f.ok("stop", "-l", v1alpha1.LabelKeyCompleted+"=false"), "/one stopped", "/two stopped")
	phase("one", v1alpha1.WorkflowFailed)
	phase("two", v1alpha1.WorkflowFailed)

	// CLI-19, CLI-20.
	r := f.run("retry", "one", "--dry-run=server")
	if r.code != 0 || !strings.Contains(r.stderr, "Warning") {
		t.Errorf("%+v", r)
	}
	contains(t, f.ok("retry", "one"), "/one retried")
	eventually(t, "one to wait again", func() bool { return f.workflow("one").Status.Phase == v1alpha1.WorkflowRunning })
	f.ok("resume", "one")
	phase("one", v1alpha1.WorkflowSucceeded)
	contains(t, f.ok("resubmit", "two", "--name", "three"), "/three created")
	eventually(t, "three to wait", func() bool { return len(f.workflow("three").Status.Nodes) == 4 })
	f.ok("terminate", "three")
	phase("three", v1alpha1.WorkflowFailed)
	contains(t, f.ok("resubmit", "three", "--memoized", "-o", "name"), "workflow."+v1alpha1.GroupName+"/three-")
	contains(t, f.ok("list", "--resubmitted", "-o", "name"), "/three")

	// Whether filters narrow names or add to them is not left to be guessed.
	for _, verb := range []string{"suspend", "resume", "stop", "terminate", "retry", "resubmit", "wait"} {
		f.fails("and not both", verb, "one", "-l", "set=x")
		f.fails("and not both", verb, "one", "--field-selector", "metadata.name=two")
	}
	contains(t, f.ok("retry", "two", "two", "workflow/two"), "/two retried\n") // CLI-19: once

	f.fails("go together", "retry", "one", "--restart-successful")
	f.fails("node-field-selector", "node", "set", "one", "-m", "x")
	f.fails("at least one of", "node", "set", "one", "--node-field-selector", "displayName=x")
	f.fails("not one of Succeeded", "node", "set", "one", "--node-field-selector", "displayName=x", "--phase", "odd")
	f.fails("not found", "stop", "none")
	f.fails("name a workflow", "suspend")
	f.fails("no workflow in namespace", "suspend", "-l", "no=such")
	f.fails(`"nobody" not found`, "suspend", "none", "nobody")
}

// CLI-16.
func TestDelete(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a", "b", "c", "old"} {
		f.ok("submit", f.file(fmt.Sprintf(suspended, name)), "-l", "set=x")
	}
	for name, ago := range map[string]time.Duration{"b": time.Minute, "old": 72 * time.Hour} {
		status, labels := ended("Succeeded", ago)
		f.post(name, status, labels)
	}
	f.fails("or say --all", "delete")
	f.fails("give names or --all", "delete", "a", "--all")
	f.fails("looked up in one namespace", "delete", "a", "-A")
	f.fails("not found", "delete", "none")
	f.ok("delete", "none", "--ignore-not-found")
	for _, try := range []string{"client", "server"} {
		contains(t, f.ok("delete", "--all", "--dry-run="+try), `workflow "a" deleted (`, `workflow "old" deleted (`)
	}
	if left := f.ok("list", "-o", "jsonpath={.items[*].metadata.name}"); sorted(left) != "a b c old" {
		t.Errorf("dry runs left %q", left)
	}
	if out := f.ok("delete", "--older", "1d"); out != "workflow \"old\" deleted\n" {
		t.Errorf("got %q", out)
	}
	if r := f.run("delete", "--status", "failed"); r.code != 0 || !strings.Contains(r.stderr, "No workflow matches.") {
		t.Errorf("%+v", r)
	}
	for _, filter := range []string{"--completed", "--older=1h", "--prefix=a", "--selector=set=x", "--field-selector=metadata.name=a"} {
		f.fails("and not both", "delete", "a", filter)
	}
	f.ok("delete", "a", "a")
	f.ok("delete", "--completed")
	if left := f.ok("list", "-o", "jsonpath={.items[*].metadata.name}"); left != "c" {
		t.Errorf("left: %q", left)
	}
	// A finalizer that nobody removes does not stand in the way.
	wf := f.workflow("c")
	wf.Finalizers = []string{v1alpha1.FinalizerArtifactGC}
	f.update(wf)
	f.ok("delete", "-A", "-l", "set=x", "--force")
	if left := f.ok("list", "-o", "name"); left != "" {
		t.Errorf("left: %q", left)
	}
}

// CLI-22.
func TestLint(t *testing.T) {
	f := newFixture(t)
	bad := f.file(strings.Replace(hello, "template: say", "template: sing", 1))
	good := f.file(hello)
	contains(t, f.ok("lint", good), "✔ 1 object, no mistakes")
	f.ok("lint", good, "--dry-run=server")
	for _, args := range [][]string{{}, {"--dry-run=server"}} {
		f.fails("spec.templates[0].steps[0][0]", append([]string{"lint", bad}, args...)...)
		r := f.run(append([]string{"lint", bad, "-o", "simple"}, args...)...)
		if r.code != 1 || !strings.HasPrefix(r.stdout, bad+":2: error: Workflow/hello-: spec.templates[0].steps[0][0]") {
			t.Errorf("%+v", r)
		}
	}
	found := decode[[]map[string]any](t, f.run("lint", bad, "-o", "json").stdout)
	if len(found) == 0 || found[0]["severity"] != "error" || found[0]["source"] != bad {
		t.Errorf("%v", found)
	}
	f.fails("unknown field", "lint", f.file(strings.Replace(hello, "entrypoint", "entrypiont", 1)))
	f.fails("nothing to lint", "lint", f.file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"))
	f.fails("nothing to lint", "lint", good, "--kinds", "CronWorkflow")
	f.fails("not one of pretty", "lint", good, "-o", "xml")
	if r := f.runWith(t.Context(), hello, "lint", "-"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	// What cannot be decoded is said with its path too, the same by the server.
	shapeless := f.file(strings.Replace(hello, "arguments: {parameters: [{name: word, value: \"{{workflow.parameters.word}}\"}]}", "arguments: x", 1))
	f.fails(`spec.templates[0].steps[0][0].arguments: must be an object, and is the text "x"`, "lint", shapeless)
	f.fails(`spec.templates[0].steps[0][0].arguments: must be an object, and is the text "x"`, "lint", shapeless, "--dry-run=server")
	f.fails(`spec.templates[0].steps[0][0].arguments: must be an object, and is the text "x"`, "submit", shapeless)
}

// CFG-03: what the controller lays under workflows is not missing to lint and plan either.
func TestControllerConfig(t *testing.T) {
	f := newFixture(t)
	const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n  workflowDefaults: |\n    spec: {entrypoint: main, arguments: {parameters: [{name: word, value: under}]}}\n"
	bare := strings.Replace(strings.Replace(hello, "  entrypoint: main\n", "", 1), "  arguments: {parameters: [{name: word, value: hi}]}\n", "", 1)
	manifest, usual := f.file(bare), f.file(fmt.Sprintf(config, "workflow-controller-configmap"))
	other := f.file(fmt.Sprintf(config, "mine"))
	f.fails("see --controller-config", "lint", manifest)
	contains(t, f.ok("lint", manifest, usual), "1 object, no mistakes")
	f.fails("spec.entrypoint", "lint", manifest, other) // it could be anybody's
	f.ok("lint", manifest, "--controller-config", other)
	f.ok("lint", filepath.Dir(f.file(bare)), "--controller-config", usual)
	if r := f.runWith(t.Context(), fmt.Sprintf(config, "piped"), "lint", manifest, "--controller-config", "-"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	contains(t, f.ok("plan", "-f", manifest, "-f", usual), "└─◷ a")
	contains(t, f.ok("plan", "-f", manifest, "--controller-config", other), "└─◷ a")
	// What is not missing is not right because of that.
	f.fails("spec.templates[0].steps[0][0]", "lint", f.file(strings.Replace(bare, "template: say", "template: sing", 1)), usual)
	// Other controllers' defaults are not known: what they could give is no mistake, and is told.
	contains(t, f.ok("lint", manifest, usual, "--instanceid", "blue"), "unless the workflowDefaults of its controller do")
	all := f.file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: blue}\ndata:\n  config: |\n    instanceID: blue\n    parallelism: 5\n    workflowDefaults: {spec: {entrypoint: main, arguments: {parameters: [{name: word, value: b}]}}}\n")
	if out := f.ok("lint", manifest, "--controller-config", all, "--instanceid", "blue"); strings.Contains(out, "warning") {
		t.Errorf("%s", out)
	}
	broken := f.file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workflow-controller-configmap}\ndata: {workflowDefaults: '{spec: {entrypoint: [main]}}'}\n")
	contains(t, f.ok("lint", manifest, broken), "its workflowDefaults cannot be read")
	f.fails("its workflowDefaults cannot be read", "lint", manifest, "--controller-config", broken)
	f.fails("no ConfigMap in", "lint", manifest, "--controller-config", manifest)
	f.fails("another ConfigMap for a controller of the same", "plan", "-f", manifest, "-f", usual, "-f", usual)
	f.fails("leave out --controller-config", "lint", manifest, "--controller-config", usual, "--dry-run=server")
	f.fails("standard input is either", "lint", "-", "--controller-config", "-")
	f.fails("is for --filename", "plan", "x", "--controller-config", usual)
}

// OPS-19, CFG-05, CLI-01: with an instance ID there is nothing but what belongs to that controller.
func TestInstanceID(t *testing.T) {
	f := newFixture(t)
	f.ok("submit", f.file(fmt.Sprintf(suspended, "blue")), "--instanceid", "blue")
	f.ok("submit", f.file(fmt.Sprintf(suspended, "plain")))
	if id := f.workflow("blue").Labels[v1alpha1.LabelKeyControllerInstanceID]; id != "blue" {
		t.Errorf("submitted for %q", id)
	}
	names := func(args ...string) string {
		return sorted(f.ok(append([]string{"list", "-o", "jsonpath={.items[*].metadata.name}"}, args...)...))
	}
	for id, want := range map[string]string{"blue": "blue", "": "plain", "green": ""} {
		if got := names("--instanceid", id); got != want {
			t.Errorf("of %q: %q", id, got)
		}
	}
	if got := names(); got != "blue plain" {
		t.Errorf("of all: %q", got)
	}
	t.Setenv("ARGO_INSTANCEID", "blue")
	if got := names(); got != "blue" {
		t.Errorf("of the environment's: %q", got)
	}
	contains(t, f.ok("get", "@latest"), "Name:            blue")
	for _, args := range [][]string{
		{"get", "plain"}, {"get", "plain", "-o", "yaml"}, {"watch", "plain"}, {"logs", "plain"}, {"wait", "plain"}, {"plan", "plain"}, {"delete", "plain"},
		{"delete", "plain", "--force"}, {"suspend", "plain"}, {"resume", "plain"}, {"stop", "plain"}, {"terminate", "plain"}, {"retry", "plain"},
		{"resubmit", "plain"}, {"node", "set", "plain", "--node-field-selector", "displayName=x", "-m", "m"}, {"artifacts", "ls", "plain"},
	} {
		f.fails("it belongs to the controller with", append(args, "--instanceid", "green")...)
		f.fails("it belongs to the controller with", args...)
	}
	contains(t, f.ok("suspend", "blue"), "/blue suspended")
	f.ok("template", "create", f.file(fmt.Sprintf(template, "WorkflowTemplate")))
	f.fails("not found", "submit", "--from", "workflowtemplate/build", "-p", "level=1", "--instanceid", "green")
	f.fails("not found", "template", "update", f.file(fmt.Sprintf(template, "WorkflowTemplate")), "--instanceid", "green")
	f.fails("not found", "template", "delete", "build", "--instanceid", "")
	made := f.ok("submit", "--from", "workflowtemplate/build", "-p", "level=1", "-o", "jsonpath={.metadata.labels}")
	contains(t, made, `"workflows.argoproj.io/controller-instanceid":"blue"`)
	f.ok("delete", "blue")
	f.fails("must", "list", "--instanceid", "not a label")
	if got := names("--instanceid", ""); got != "plain" {
		t.Errorf("left of the one without: %q", got)
	}
}

const template = `
apiVersion: argoproj.io/v1alpha1
kind: %s
metadata: {name: build, annotations: {workflows.argoproj.io/description: builds it}}
spec:
  entrypoint: main
  arguments: {parameters: [{name: target, value: all}, {name: level}]}
  templates:
  - name: main
    inputs: {parameters: [{name: in, value: x}]}
    suspend: {}
`

// CLI-23, OPS-02.
func TestTemplates(t *testing.T) {
	f := newFixture(t)
	for group, kind := range map[string]string{"template": "WorkflowTemplate", "clustertemplate": "ClusterWorkflowTemplate"} {
		manifest := f.file(fmt.Sprintf(template, kind))
		contains(t, f.ok(group, "lint", manifest), "no mistakes")
		contains(t, f.ok(group, "create", manifest, "--dry-run=server"), "/build created (server dry run)")
		contains(t, f.ok(group, "create", manifest), "/build created")
		f.fails("already exists", group, "create", manifest)
		f.fails("no "+kind, group, "create", f.file(hello))
		contains(t, f.ok(group, "list"), "NAME", "build")
		contains(t, f.ok(group, "list", "-o", "name"), "/build")
		contains(t, f.ok(group, "get", "build"), "builds it", "target: all", "level: (required)", "main (suspend) takes in")
		contains(t, f.ok(group, "get", "build", "-o", "yaml"), "kind: "+kind)
		f.fails("`kubectl workflow "+group+" list` shows", group, "get", "none")
		contains(t, f.ok("submit", "--from", strings.ToLower(kind)+"/build", "-p", "level=1", "-p", "target=some", "-l", "a=b"), "/build-", "created")
		f.ok("submit", "--from", strings.ToLower(kind)+"/build", "-p", "level=1", "--name", "named-"+group)
		if got := f.workflow("named-" + group).Spec.WorkflowTemplateRef; got == nil || got.Name != "build" || got.ClusterScope != (group == "clustertemplate") {
			t.Errorf("%+v", got)
		}
		contains(t, f.ok(group, "delete", "build"), `"build" deleted`)
		contains(t, f.run(group, "list").stderr, "There is no")
	}
	f.fails("not found", "submit", "--from", "workflowtemplate/none")
	f.fails("is not of the form", "submit", "--from", "build")
	f.fails("is not of the form", "submit", "--from", "pod/build")
	f.fails("files, or --from", "submit", "x.yaml", "--from", "wftmpl/build")
}

const cron = `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 2 * * *"]
  timezone: UTC
  workflowSpec:
    entrypoint: main
    templates: [{name: main, suspend: {}}]
`

// CLI-24.
func TestCron(t *testing.T) {
	f := newFixture(t)
	manifest := f.file(cron)
	contains(t, f.ok("cron", "lint", manifest), "no mistakes")
	f.ok("cron", "create", manifest)
	contains(t, f.ok("cron", "list"), "nightly", "0 2 * * *")
	contains(t, f.ok("cron", "get", "nightly"), "0 2 * * *", "Suspended:       false")
	contains(t, f.ok("cron", "suspend", "nightly"), "/nightly suspended")
	contains(t, f.ok("cron", "get", "nightly"), "Suspended:       true")
	contains(t, f.ok("cron", "resume", "nightly"), "/nightly resumed")
	contains(t, f.ok("submit", "--from", "cronworkflow/nightly", "--scheduled-time", "2026-01-02T02:00:00Z"), "/nightly-", "created")
	out := f.ok("cron", "backfill", "nightly", "--start", "2026-01-01", "--end", "2026-01-03T12:00:00Z")
	contains(t, out, "created for 2026-01-01T02:00:00Z", "created for 2026-01-03T02:00:00Z")
	if again := f.ok("cron", "backfill", "nightly", "--start", "2026-01-01", "--end", "2026-01-03T12:00:00Z"); strings.Contains(again, " created ") {
		t.Errorf("created twice:\n%s", again)
	}
	f.fails("--start is required", "cron", "backfill", "nightly")
	f.fails("is not a time", "cron", "backfill", "nightly", "--start", "soon")
	f.ok("cron", "delete", "--all")
}

// A plan is the same of a workflow in the cluster and of its file.
func TestPlan(t *testing.T) {
	f := newFixture(t)
	manifest := f.file(hello)
	f.ok("submit", manifest, "--name", "planned")
	contains(t, f.ok("plan", "planned"), "Name:            planned", "Pods:            1\n", "└─◷ a")
	contains(t, f.ok("plan", "-f", manifest, "-p", "word=x"), "Name:            hello-xxxxx", "└─◷ a")
	stored := decode[v1alpha1.WorkflowPlan](t, f.ok("plan", "planned", "-o", "json"))
	offline := decode[v1alpha1.WorkflowPlan](t, f.ok("plan", "-f", manifest, "-o", "json"))
	if stored.Pods != offline.Pods || len(stored.Nodes) != len(offline.Nodes) || stored.Kind != offline.Kind {
		t.Errorf("%+v\n%+v", stored, offline)
	}
	user := f.file("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: uses}\nspec: {workflowTemplateRef: {name: build}}\n")
	library := f.file(fmt.Sprintf(template, "WorkflowTemplate"))
	contains(t, f.ok("plan", "-f", user, "-f", library, "-p", "level=1"), "uses", "waits")
	f.fails("is in none of the files", "plan", "-f", user)
	f.fails("not found", "plan", "none")
	f.fails("or a file with --filename", "plan")
	f.fails("and not both", "plan", "planned", "-f", manifest)
	f.fails("is for --filename", "plan", "planned", "-p", "a=b")
}
