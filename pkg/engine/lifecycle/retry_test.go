package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
)

// TestRetryRunsAgain_OPS13: which pods a retry makes, by what the failure was inside of. Everything succeeds the second time.
func TestRetryRunsAgain_OPS13(t *testing.T) {
	const leaves = `
  - {name: ok, container: {image: i}}
  - {name: again, retryStrategy: {limit: 1}, container: {image: i}}
  - {name: set, containerSet: {containers: [{name: a, image: i}, {name: main, image: i, dependencies: [a]}]}}
`
	for _, tc := range []struct {
		name, templates, fails, options string
		parameters                      []string
		selector                        string
		want                            string
	}{
		{name: "the deepest of nested composites", templates: `
  - name: main
    dag: {tasks: [{name: before, template: ok}, {name: outer, template: outer, depends: before}, {name: after, template: ok, depends: outer}]}
  - name: outer
    steps: [[{name: x, template: inner}, {name: u, template: ok}], [{name: z, template: ok}]]
  - name: inner
    dag: {tasks: [{name: p, template: ok}, {name: q, template: ok, depends: p}]}
`, fails: "wf.outer[0].x.q", want: "wf.outer[0].x.q wf.outer[1].z wf.after"},
		{name: "attempts of a leaf in a loop start afresh", templates: `
  - name: main
    dag: {tasks: [{name: l, template: again, withItems: [1, 2, 3]}, {name: after, template: ok, depends: l}]}
`, fails: "wf.l(1:2)(0) wf.l(1:2)(1)", want: "wf.l(1:2)(0) wf.after"},
		{name: "the last attempt of a composite goes on", templates: `
  - name: main
    steps: [[{name: r, template: r}], [{name: after, template: ok}]]
  - name: r
    retryStrategy: {limit: 1}
    dag: {tasks: [{name: p, template: ok}, {name: q, template: ok, depends: p}]}
`, fails: "wf[0].r(0).q wf[0].r(1).q", want: "wf[0].r(1).q wf[1].after"},
		{name: "a container set is one pod", templates: `
  - name: main
    steps: [[{name: s, template: set}, {name: u, template: ok}], [{name: after, template: ok}]]
`, fails: "wf[0].s", want: "wf[0].s wf[1].after"},
		{name: "a container set whose failure was handled stays whole", templates: `
  - name: main
    steps: [[{name: s, template: set, continueOn: {failed: true}}], [{name: u, template: ok}], [{name: z, template: ok}]]
`, fails: "wf[0].s wf[2].z", want: "wf[2].z"},
		{name: "the exit handler runs again, whatever it consists of", templates: `
  - name: main
    steps: [[{name: x, template: ok}]]
  - name: bye
    steps: [[{name: one, template: ok}], [{name: two, template: ok}]]
`, options: "  onExit: bye\n", fails: "wf[0].x", want: "wf[0].x wf.onExit[0].one wf.onExit[1].two"},
		{name: "a failed exit handler of a workflow whose steps have succeeded", templates: `
  - name: main
    steps: [[{name: x, template: ok}]]
`, options: "  onExit: ok\n", fails: "wf.onExit", want: "wf.onExit"},
		{name: "the exit handler of a step comes with it", templates: `
  - name: main
    steps: [[{name: x, template: ok, hooks: {exit: {template: ok}}}], [{name: u, template: ok, hooks: {exit: {template: ok}}}]]
`, fails: "wf[1].u", want: "wf[1].u wf[1].u.onExit"},
		{name: "a failure that a dependency waited for is handled", templates: `
  - name: main
    dag: {tasks: [{name: a, template: ok}, {name: b, template: ok, depends: a.Failed}, {name: c, template: ok, depends: b}]}
`, fails: "wf.a wf.c", want: "wf.c"},
		{name: "successes that a selector picks, and what failed", templates: `
  - name: main
    dag: {tasks: [{name: a, template: ok}, {name: b, template: ok, depends: a}, {name: c, template: ok}]}
`, fails: "wf.c", selector: "displayName=a", want: "wf.a wf.c wf.b"},
		{name: "a composite that a selector picks runs as a whole", templates: `
  - name: main
    steps: [[{name: before, template: ok}], [{name: in, template: in}], [{name: after, template: ok}]]
  - name: in
    dag: {tasks: [{name: p, template: ok}, {name: q, template: ok, depends: p}]}
`, selector: "templateName=in", want: "wf[1].in.p wf[1].in.q wf[2].after"},
		{name: "with new parameters loops are expanded anew", templates: `
  - name: main
    steps: [[{name: a, template: ok}], [{name: l, template: item, withParam: "{{workflow.parameters.list}}", arguments: {parameters: [{name: i, value: "{{item}}"}]}}]]
  - {name: item, inputs: {parameters: [{name: i}]}, container: {image: i}}
`, options: "  arguments: {parameters: [{name: list, value: '[1, 2]'}]}\n", fails: "wf[1].l(1:2)", parameters: []string{"list=[1, 7, 8]"},
			want: "wf[1].l(0:1) wf[1].l(1:7) wf[1].l(2:8)"},
		{name: "the workflow is one pod", templates: "\n  - {name: main, container: {image: i}}\n", fails: "wf", want: "wf"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := "metadata: {name: wf}\nspec:\n  entrypoint: main\n" + tc.options + "  templates:" + tc.templates[:len(tc.templates)-1] + leaves
			d := start(t, spec, failures(strings.Fields(tc.fails)...))
			if tc.fails != "" && d.Workflow.Status.Phase != v1alpha1.WorkflowFailed {
				t.Fatalf("the run %s\n%s", d.Workflow.Status.Phase, enginetest.Tree(d.Records()))
			}
			selector, err := lifecycle.ParseSelector(tc.selector)
			if err != nil {
				t.Fatal(err)
			}
			options := lifecycle.RetryOptions{RestartSuccessful: tc.selector != "", Selector: selector, Parameters: tc.parameters}
			d.Now = d.Now.Add(time.Hour)
			result, err := lifecycle.Retry(d.Workflow, d.Records(), options, d.Now)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range result.Changed {
				if !n.StartedAt.Equal(&result.Workflow.Status.StartedAt) || n.Phase != v1alpha1.NodeRunning {
					t.Errorf("%s is %s since %s", n.Name, n.Phase, n.StartedAt)
				}
			}
			again := retry(t, d, options)
			pods := run(t, again)
			want := strings.Fields(tc.want)
			if !slices.Equal(slices.Sorted(slices.Values(pods)), slices.Sorted(slices.Values(want))) || again.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
				t.Errorf("%s, pods %v, want %v\nbefore\n%s\nafter\n%s", again.Workflow.Status.Phase, pods, want, enginetest.Tree(d.Records()), enginetest.Tree(again.Records()))
			}
		})
	}
}

// A daemon that ended with its run has succeeded, and stays: who needs it again picks it too (OPS-13, DMN-02).
func TestRetryBesideADaemon_OPS13(t *testing.T) {
	const served = `
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - name: main
    dag: {tasks: [{name: d, template: daemon}, {name: b, template: ok, depends: d}]}
  - {name: daemon, daemon: true, container: {image: i}}
  - {name: ok, container: {image: i}}
`
	serving := func(fails bool) enginetest.Script {
		return func(request engine.PodRequest) enginetest.Outcome {
			if request.NodeName == "wf.d" {
				return enginetest.Outcome{Serves: true}
			}
			return enginetest.Outcome{ExitCode: map[bool]int32{true: 1}[fails]}
		}
	}
	for text, want := range map[string][]string{"": {"wf.b"}, "displayName=d": {"wf.d", "wf.b"}} {
		d := start(t, served, serving(true))
		selector, err := lifecycle.ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		again := retry(t, d, lifecycle.RetryOptions{RestartSuccessful: text != "", Selector: selector})
		again.Script = serving(false)
		if pods := run(t, again); !slices.Equal(pods, want) || again.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
			t.Errorf("%q: %v, %s\n%s", text, pods, again.Workflow.Status.Phase, enginetest.Tree(again.Records()))
		}
	}
}

// A run that its deadline has ended gets its whole time again; a shutdown, and a deadline of zero seconds with which some clients
// end a run, are taken back (OPS-13).
func TestRetryAfterTheDeadline_OPS13(t *testing.T) {
	const limited = `
metadata: {name: wf, labels: {workflows.argoproj.io/completed: "true", workflows.argoproj.io/workflow-archiving-status: Archived}}
spec:
  entrypoint: main
  activeDeadlineSeconds: 60
  templates: [{name: main, steps: [[{name: x, template: ok}], [{name: u, template: ok}]]}, {name: ok, container: {image: i}}]
`
	d := start(t, limited, func(request engine.PodRequest) enginetest.Outcome {
		return enginetest.Outcome{Takes: map[bool]time.Duration{true: time.Hour, false: time.Second}[request.NodeName == "wf[1].u"]}
	})
	if d.Workflow.Status.Phase != v1alpha1.WorkflowFailed {
		t.Fatalf("%s: %s", d.Workflow.Status.Phase, d.Workflow.Status.Message)
	}
	d.Now = d.Now.Add(24 * time.Hour)
	again := retry(t, d, lifecycle.RetryOptions{})
	if pods := run(t, again); !slices.Equal(pods, []string{"wf[1].u"}) || again.Workflow.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Errorf("%v, %s: %s", pods, again.Workflow.Status.Phase, again.Workflow.Status.Message)
	}

	d.Workflow.Spec.Shutdown, d.Workflow.Spec.ActiveDeadlineSeconds = v1alpha1.ShutdownStrategyTerminate, new(int64(0))
	d.Workflow.Status.StoredWorkflowSpec = d.Workflow.Spec.DeepCopy()
	result, err := lifecycle.Retry(d.Workflow, d.Records(), lifecycle.RetryOptions{}, d.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range []*v1alpha1.WorkflowSpec{&result.Workflow.Spec, result.Workflow.Status.StoredWorkflowSpec} {
		if spec.Shutdown != "" || spec.ActiveDeadlineSeconds != nil {
			t.Errorf("shutdown %q, deadline %v", spec.Shutdown, spec.ActiveDeadlineSeconds)
		}
	}
	for _, key := range []string{v1alpha1.LabelKeyCompleted, v1alpha1.LabelKeyWorkflowArchivingStatus} {
		if _, ok := result.Workflow.Labels[key]; ok {
			t.Errorf("label %s stays", key)
		}
	}
}

// What is not over cannot be retried, and the message says what it is (OPS-13).
func TestRetryOfWhatRuns_OPS13(t *testing.T) {
	for _, phase := range []v1alpha1.WorkflowPhase{v1alpha1.WorkflowUnknown, v1alpha1.WorkflowPending, v1alpha1.WorkflowRunning} {
		_, err := lifecycle.Retry(&v1alpha1.Workflow{Status: v1alpha1.WorkflowStatus{Phase: phase}}, nil, lifecycle.RetryOptions{}, time.Unix(1, 0))
		if err == nil || err.Error() != "Cannot retry a workflow in phase "+string(phase) {
			t.Errorf("%q: %v", phase, err)
		}
	}
}
