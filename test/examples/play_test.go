package examples

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
)

// mostSteps is how long a run is watched. Some examples never end by themselves: they call themselves until a coin falls the
// right way.
const mostSteps = 400

// results are what containers may print here.
var results = []string{"1", "heads", `["a", "b"]`, `[{"os": "debian", "version": "9.1"}]`, "true", "YES", `{"a": 1}`, ""}

// luck decides what the steps of a run give: the first ones have all give the same, the others a mixture.
type luck int

const mostLuck luck = 16

func (l luck) of(node string) string {
	if int(l) < len(results) {
		return results[l]
	}
	hash := fnv.New32a()
	_, _ = fmt.Fprint(hash, node, int(l))
	return results[int(hash.Sum32()>>4)%len(results)]
}

// play says what the pods of a run do: they succeed and give all that they declare.
func (l luck) play(request engine.PodRequest) enginetest.Outcome {
	if request.Template.IsDaemon() {
		return enginetest.Outcome{Serves: true}
	}
	text := l.of(request.NodeName)
	outcome := enginetest.Outcome{Result: &text, Parameters: map[string]string{}}
	for i := range request.Template.Outputs.Parameters {
		outcome.Parameters[request.Template.Outputs.Parameters[i].Name] = text
	}
	return outcome
}

// run plays an accepted workflow to its end, and returns what the engine says of it that the check should have said before:
// what is wrong whatever its steps give.
func (w *world) run(workflow *v1alpha1.Workflow) (problem string) {
	for l := range mostLuck {
		if problem = w.runOnce(workflow, l); problem == "" {
			return ""
		}
	}
	return problem
}

func (w *world) runOnce(workflow *v1alpha1.Workflow, l luck) string {
	d := enginetest.New(workflow, l.play)
	d.Lookup = w.answer
	for range mostSteps {
		moved, err := d.Step()
		if err != nil {
			return err.Error()
		}
		if d.Done || !moved && !d.Suspended() {
			break
		}
		if !moved {
			supply(d, l.of)
			d.Resume("")
		}
	}
	for _, n := range d.Records() {
		if n.Phase == v1alpha1.NodeError && !excused(n.Message, &workflow.Spec) && !childFailed.MatchString(n.Message) {
			return n.Name + ": " + n.Message
		}
	}
	if status := &d.Workflow.Status; status.Phase == v1alpha1.WorkflowError || status.Phase == v1alpha1.WorkflowFailed {
		if !excused(status.Message, &workflow.Spec) && !childFailed.MatchString(status.Message) {
			return status.Message
		}
	}
	return ""
}

// supply gives the outputs that a person is asked for.
func supply(d *enginetest.Driver, value func(name string) string) {
	for id, n := range d.Nodes {
		if n.Type != v1alpha1.NodeTypeSuspend || n.Phase != v1alpha1.NodeRunning || n.Outputs == nil {
			continue
		}
		n.Outputs = n.Outputs.DeepCopy()
		for i := range n.Outputs.Parameters {
			if n.Outputs.Parameters[i].Value == nil {
				n.Outputs.Parameters[i].Value = v1alpha1.AnyStringPtr(value(n.Outputs.Parameters[i].Name))
			}
		}
		d.Nodes[id] = n
	}
}

// childFailed is what a step group, a DAG or a workflow says when something in it went wrong, which is told there.
var childFailed = regexp.MustCompile(`^(child '.*' (failed|errored)|template has failed or errored children and failFast enabled)?$`)

// excuses are the ends that no check can foresee: each hangs on what a step gave, what a value holds that somebody may still
// replace, or what others store.
var excuses = regexp.MustCompile(`(?s)` + strings.Join([]string{
	`is not supported by this version`,                                     // it is missing here, not in the manifest
	`withParam value could not be parsed as a JSON list: ([^{]|{[^{]|{{=)`, // an expression in the value of an argument
	`withParam value could not be parsed as a JSON list: {{item\.`,         // a member that some items in an argument lack
	`withSequence\.\w+: "([^{].*)?" is not an integer`,
	`retryStrategy\.\w+: "([^{].*)?" is not an integer`,
	`is not a duration|has no unit`, // what is written in the field itself is looked at; this came through a parameter
	`annotation workflows.argoproj.io/display-name: `,
	`cannot be used with the (modifier|comparator)|invalid 'when' expression '({[^{]|{{item\.)`,
	`is not an integer \(|did not find expected|failed to evaluate expression: "apiVersion`,
	`jsonpath: the first argument is not JSON|jsonpath .* is not a valid operation|jsonpath .*: nothing is there`,
	`Maximum recursion depth exceeded`,                                  // a warning says so before
	`template name '.*' undefined|template .* not found in| not found$`, // of names with tags
	`target ".*" is not a task of this dag`,
	`failed to resolve {{workflow\.outputs\.`, // whether the step that exports it comes first is not looked at
	`No more retries left`,
	`failed to evaluate expression: interface conversion: interface {} is nil`, // a member that the data in an argument lacks
	`raw output parameter .* has not been set`,                                 // whether somebody answers in time
}, "|"))

func excused(message string, spec *v1alpha1.WorkflowSpec) bool {
	switch {
	case excuses.MatchString(message):
		return true
	case spec.ActiveDeadlineSeconds != nil && strings.Contains(message, "exceeded its deadline"): // 0 ends it at once (TMO-01)
		return true
	case nested(spec), namedByRun(spec): // a name that has a tag within is made by the run
		return strings.Contains(message, "failed to resolve {{")
	case asks(spec) && strings.Contains(message, "invalid 'when' expression"): // a person may give another answer than the default
		return true
	case spec.TemplateDefaults != nil: // what of them counts is known in each template only
		return strings.Contains(message, "failed to resolve {{") || strings.Contains(message, "is not an integer")
	}
	return strings.Contains(message, "was not supplied") && (neverRuns(spec) || leansOnRepository(spec))
}

// leansOnRepository tells whether an artifact names no driver: which one serves it is said by the installation's repository, and the
// one that is played has none.
func leansOnRepository(spec *v1alpha1.WorkflowSpec) bool {
	return slices.ContainsFunc(spec.Templates, func(t v1alpha1.Template) bool {
		return slices.ContainsFunc(t.Outputs.Artifacts, func(a v1alpha1.Artifact) bool { return a.Plugin != nil && a.Plugin.Name == "" })
	})
}

var tagInTag = regexp.MustCompile(`{{[^{}]*{{`)

// nested tells whether a tag stands within another somewhere.
func nested(spec *v1alpha1.WorkflowSpec) bool {
	text, err := json.Marshal(spec)
	return err == nil && tagInTag.Match(text)
}

// namedByRun tells whether a step or task has a name with a tag (V-122): who means it by another name may hit it or not.
func namedByRun(spec *v1alpha1.WorkflowSpec) bool {
	tagged := func(name string) bool { return strings.Contains(name, "{{") }
	return slices.ContainsFunc(spec.Templates, func(t v1alpha1.Template) bool {
		return t.DAG != nil && slices.ContainsFunc(t.DAG.Tasks, func(task v1alpha1.DAGTask) bool { return tagged(task.Name) }) ||
			slices.ContainsFunc(t.Steps, func(group v1alpha1.ParallelSteps) bool {
				return slices.ContainsFunc(group.Steps, func(step v1alpha1.WorkflowStep) bool { return tagged(step.Name) })
			})
	})
}

// asks tells whether a person is asked for something.
func asks(spec *v1alpha1.WorkflowSpec) bool {
	return slices.ContainsFunc(spec.Templates, func(t v1alpha1.Template) bool { return t.Suspend != nil && len(t.Outputs.Parameters) > 0 })
}

// neverRuns tells whether a step is ruled out by what is written: others miss what it would give.
func neverRuns(spec *v1alpha1.WorkflowSpec) bool {
	for i := range spec.Templates {
		if dag := spec.Templates[i].DAG; dag != nil && slices.ContainsFunc(dag.Tasks, func(t v1alpha1.DAGTask) bool { return t.When == "false" }) {
			return true
		}
	}
	return false
}

// answer gives the engine what it asks for.
func (w *world) answer(request engine.TemplateRequest) (answer engine.TemplateResolved, known bool) {
	switch request.Kind {
	case engine.RequestWorkflowTemplate:
		if found := w.templates[request.Name]; found != nil {
			answer.Spec = found.Spec.DeepCopy()
			return answer, true
		}
	case engine.RequestClusterWorkflowTemplate:
		if found := w.cluster[request.Name]; found != nil {
			answer.Spec = found.Spec.DeepCopy()
			return answer, true
		}
	case engine.RequestConfigMapParameter:
		value := "value"
		answer.Value = &value
		return answer, true
	case engine.RequestArtifactRepository:
		answer.Repository = &v1alpha1.ArtifactRepositoryRefStatus{ArtifactRepository: &v1alpha1.ArtifactRepository{
			S3: &v1alpha1.S3ArtifactRepository{S3Bucket: v1alpha1.S3Bucket{Bucket: "bucket"}},
		}}
		return answer, true
	}
	answer.NotFound, answer.Message = true, fmt.Sprintf("%s not found", request.Name)
	return answer, true
}
