//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// exampleRun is one manifest of artifacts/examples and what it does.
type exampleRun struct {
	file string
	// prepare makes what the manifest needs to be there; nil: nothing.
	prepare func(t *testing.T, namespace string)
	// end is the phase in which it ends; empty: Succeeded.
	end v1alpha1.WorkflowPhase
	// log has to contain these texts in this order.
	log []string
	// anyOrder has to be in the log as well.
	anyOrder []string
	// phases of nodes by display name.
	phases map[string]v1alpha1.NodePhase
	// outputs of the workflow's entrypoint by name.
	outputs map[string]string
}

const (
	succeeded = v1alpha1.NodeSucceeded
	failed    = v1alpha1.NodeFailed
	skipped   = v1alpha1.NodeSkipped
	omitted   = v1alpha1.NodeOmitted
)

// exampleRuns say what the examples do. hello-world.yaml has its test in run_test.go, approval.yaml below.
var exampleRuns = []exampleRun{
	{
		file:   "steps.yaml",
		log:    []string{"first, alone", "second, on the"},
		phases: map[string]v1alpha1.NodePhase{"prepare": succeeded, "left": succeeded, "right": succeeded},
	},
	{
		file:   "dag-diamond.yaml",
		log:    []string{"fetch done", "publish done"},
		phases: map[string]v1alpha1.NodePhase{"fetch": succeeded, "compile": succeeded, "test": succeeded, "publish": succeeded},
	},
	{
		file:   "depends.yaml",
		phases: map[string]v1alpha1.NodePhase{"risky": failed, "celebrate": omitted, "clean-up": succeeded, "report": succeeded},
	},
	{file: "script.yaml", log: []string{"line 1", "line 2", "line 3"}},
	{file: "parameters.yaml", log: []string{"good morning, 2 times!"}},
	{
		file:   "loops.yaml",
		log:    []string{"number", "number", "number", " is ", " is ", "hello Oslo"},
		phases: map[string]v1alpha1.NodePhase{"number(2:3)": succeeded, "city(1:Lima)": skipped},
	},
	{
		file:     "nested-loops.yaml",
		anyOrder: []string{"started n1-00.north", "started n2-01.north", "started s1-01.south"},
		phases:   map[string]v1alpha1.NodePhase{"machine(1:n2)": succeeded},
	},
	{file: "retry.yaml", log: []string{"attempt 0", "attempt 1", "attempt 2"}},
	{file: "retry-memory.yaml", log: []string{"67108864 bytes, attempt 1"}, phases: map[string]v1alpha1.NodePhase{"ROOT(0)": failed, "ROOT(1)": succeeded}},
	{file: "exit-handler.yaml", log: []string{"working", "it Succeeded"}},
	{
		file: "hooks.yaml",
		end:  v1alpha1.WorkflowFailed,
		log:  []string{"fragile is to blame: main: Error (exit code 4)"},
		anyOrder: []string{
			"the workflow has started", "fragile ended Failed with code 4", "only when it failed",
		},
	},
	{file: "results.yaml", log: []string{"42", "42 is large"}},
	{
		file:    "conditions.yaml",
		log:     []string{"small: not measured, chosen: 12 m"},
		phases:  map[string]v1alpha1.NodePhase{"small": skipped, "large": succeeded, "even": succeeded},
		outputs: map[string]string{"size": "12 m"},
	},
	{
		file:     "expressions.yaml",
		anyOrder: []string{"half: 10", "path: ann", `admins: ["ann"]`, "stem: report.final", "choice: many", "odd: 5"},
	},
	{file: "recursion.yaml", log: []string{"16", "8", "4", "2", "1"}},
	{file: "global-outputs.yaml", log: []string{"released v1.2.3", "released v1.2.3"}},
	{
		file:   "timeouts.yaml",
		log:    []string{"Failed and Failed"},
		phases: map[string]v1alpha1.NodePhase{"impatient": failed, "limited": failed, "report": succeeded},
	},
	{file: "daemon.yaml", anyOrder: []string{"first got pong", "second got pong"}, phases: map[string]v1alpha1.NodePhase{"server": succeeded}},
	{file: "sidecar.yaml", log: []string{"prepared and served"}},
	{
		file:   "container-set.yaml",
		log:    []string{"sizes: program=14 manual=4"},
		phases: map[string]v1alpha1.NodePhase{"fetch": succeeded, "document": succeeded, "main": succeeded},
	},
	{file: "volumes.yaml", log: []string{"kept on the volume"}},
	{file: "resource-job.yaml", prepare: jobMaker, log: []string{"job started 2", ": Complete"}, phases: map[string]v1alpha1.NodePhase{"delete": succeeded}},
	{file: "template-user.yaml", prepare: templateLibrary, anyOrder: []string{"hello Ann", "HELLO BOB"}},
	{file: "restricted.yaml", prepare: restrict, log: []string{"ran as 65532"}},
	{file: "artifacts.yaml", log: []string{"index.html", "workflow=artifacts-", "<h1>hello</h1>"}},
	{file: "choose-artifact.yaml", log: []string{"from the cache", "without notes"}, phases: map[string]v1alpha1.NodePhase{"build": skipped}},
	{file: "map-reduce.yaml", log: []string{"16 words"}},
	{
		file:    "model-search.yaml",
		outputs: map[string]string{"best": "rate 0.1 and depth 4 of 3"},
		phases:  map[string]v1alpha1.NodePhase{"trial(3:depth:4,rate:0.5)": failed},
	},
	{
		file: "build-matrix.yaml",
		log: []string{
			`not published: ["app-linux-amd64","app-linux-arm64"]`, "feature/login: Succeeded",
		},
		phases: map[string]v1alpha1.NodePhase{"publish": skipped},
	},
	{
		file:    "etl.yaml",
		log:     []string{"loaded 19.5"},
		outputs: map[string]string{"loaded": "2"},
		phases:  map[string]v1alpha1.NodePhase{"extract(0)": failed, "extract(1)": succeeded, "alarm": skipped},
	},
	{file: "fan-in.yaml", log: []string{"3 files: 4 9 16"}},
	{
		file: "exit-artifacts.yaml", end: v1alpha1.WorkflowFailed,
		log:    []string{"measured 7 8 9", "Failed with 7 8 9"},
		phases: map[string]v1alpha1.NodePhase{"publish": failed, "measure.onExit": succeeded},
	},
	{file: "loop-hooks.yaml", anyOrder: []string{"oslo took retry 1", "lima took retry 1"}},
	{file: "loop-daemons.yaml", anyOrder: []string{"served red", "served blue"}},
	{file: "data.yaml", anyOrder: []string{"/files/1.txt: one", "/files/2.txt: two"}},
	{file: "housekeeping.yaml", anyOrder: []string{"number 1 of team-blue", "number 4 of team-blue"}},
}

func TestExamplesRun(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{"hello-world.yaml": true, "approval.yaml": true, "template-library.yaml": true}
	for _, test := range exampleRuns {
		tried[test.file] = true
	}
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found (%v)", err)
	}
	for _, file := range files {
		if !tried[filepath.Base(file)] {
			t.Errorf("nothing runs %s: say in exampleRuns what it does", filepath.Base(file))
		}
	}
	for _, test := range exampleRuns {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			ns := newNamespace(t)
			if test.prepare != nil {
				test.prepare(t, ns)
			}
			if test.end == "" {
				test.end = v1alpha1.WorkflowSucceeded
			}
			name := createExample(t, ns, test.file)
			wf := awaitEnd(t, ns, name, test.end)
			for displayName, phase := range test.phases {
				if node := nodeNamed(t, wf, strings.ReplaceAll(displayName, "ROOT", name)); node.Phase != phase {
					t.Errorf("node %s is %s (%s), want %s", displayName, node.Phase, node.Message, phase)
				}
			}
			for output, want := range test.outputs {
				if got := outputOf(wf, output); got != want {
					t.Errorf("output %s is %q, want %q", output, got, want)
				}
			}
			log := kubectl(t, "get", "--raw", logPath(ns, name))
			for _, text := range test.anyOrder {
				if !strings.Contains(log, text) {
					t.Errorf("log lacks %q: %q", text, log)
				}
			}
			rest := log
			for _, text := range test.log {
				_, after, found := strings.Cut(rest, text)
				if !found {
					t.Errorf("log lacks %q (in this order); left to search: %q", text, rest)
				}
				rest = after
			}
		})
	}
}

// A person answers what the workflow asks; nothing happens before.
func TestApproval(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := createExample(t, ns, "approval.yaml")
	awaitWorkflow(t, ns, name, "to ask", func(wf *v1alpha1.Workflow) bool {
		for _, n := range wf.Status.Nodes {
			if n.DisplayName == "ask" && n.Phase == v1alpha1.NodeRunning {
				return true
			}
		}
		return false
	})
	do(t, ns, "workflows", name, "set", `{"nodeFieldSelector": "displayName=ask", "outputParameters": {"answer": "yes"}}`)
	do(t, ns, "workflows", name, "resume", `{}`)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if deploy := nodeNamed(t, wf, "deploy"); deploy.Phase != succeeded {
		t.Errorf("deploy is %s (%s)", deploy.Phase, deploy.Message)
	}
}

// outputOf is the value of an output parameter of the workflow's root node; empty when there is none.
func outputOf(wf *v1alpha1.Workflow, name string) string {
	root, ok := wf.Status.Nodes[wf.Name]
	if !ok || root.Outputs == nil {
		return ""
	}
	for _, p := range root.Outputs.Parameters {
		if p.Name == name && p.Value != nil {
			return string(*p.Value)
		}
	}
	return ""
}

// jobMaker gives the service account that resource-job.yaml names the rights that it names.
func jobMaker(t *testing.T, namespace string) {
	kubectl(t, "create", "serviceaccount", "job-maker", "-n", namespace)
	kubectl(t, "create", "role", "job-maker", "-n", namespace, "--verb", "create,get,list,watch,delete,patch", "--resource", "jobs.batch")
	kubectl(t, "create", "rolebinding", "job-maker", "-n", namespace, "--role", "job-maker", "--serviceaccount", namespace+":job-maker")
}

func templateLibrary(t *testing.T, namespace string) {
	text, err := os.ReadFile(filepath.Join(examples, "template-library.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := runKubectl(t.Context(), manifest(string(text)), "apply", "-n", namespace, "-f", "-"); err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, stderr)
	}
}

// restrict lets only pods into the namespace that keep to the strictest of the Pod Security Standards.
func restrict(t *testing.T, namespace string) {
	kubectl(t, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
}
