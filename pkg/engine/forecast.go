package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

const (
	// maxPlanNodes bounds what a plan shows.
	maxPlanNodes = 5000
	// maxPlanLookups bounds how many objects a plan looks up before anything is known to run.
	maxPlanLookups = 1000
)

// Lookup answers a request of the engine at once.
type Lookup func(TemplateRequest) TemplateResolved

// Forecast works out what a workflow will run, without running it. nodes are those that it has, in record form; they give the
// plan its phases. Values that only a run can give leave their steps undecided.
func Forecast(wf *v1alpha1.Workflow, nodes []v1alpha1.NodeStatus, lookup Lookup, opts Options, now time.Time) (*v1alpha1.WorkflowPlan, error) {
	fresh := wf.DeepCopy()
	fresh.Spec.Suspend, fresh.Spec.Shutdown = nil, ""
	fresh.Status = v1alpha1.WorkflowStatus{StoredWorkflowSpec: wf.Status.StoredWorkflowSpec, StoredTemplates: wf.Status.StoredTemplates}
	run, err := NewRun(fresh, nil, opts)
	if err != nil {
		return nil, err
	}
	plan := &v1alpha1.WorkflowPlan{Exact: true, Nodes: []v1alpha1.PlanNode{}}
	plan.Name, plan.Namespace, plan.UID, plan.ResourceVersion = wf.Name, wf.Namespace, wf.UID, wf.ResourceVersion
	f := &forecast{run: run, lookup: lookup, plan: plan, phases: make(map[string]v1alpha1.NodePhase, len(nodes)), pods: map[string]int64{}}
	for i := range nodes {
		f.phases[nodes[i].Name] = nodes[i].Phase
	}
	run.begin(now)
	run.claimed = true // a plan needs no volumes
	for range maxPlanLookups {
		if run.boot(); run.booted || run.over || len(run.asked) == 0 {
			break
		}
		f.answerAll()
	}
	if !run.booted {
		plan.Error = run.status.Message
		return plan, nil
	}
	f.whole()
	return plan, nil
}

// forecast walks through templates as a run would.
type forecast struct {
	run    *Run
	lookup Lookup
	plan   *v1alpha1.WorkflowPlan
	phases map[string]v1alpha1.NodePhase
	stack  []string // templates that are being walked through
	// pods that calls of templates make, as far as they have been walked through. What a full plan does not show is counted by
	// it: walking through every call could take for ever.
	pods map[string]int64
}

// want is something that would be called.
type want struct {
	planNode v1alpha1.PlanNode
	call     call
}

func (f *forecast) answerAll() {
	for request := range f.run.asked {
		f.run.answers[request] = f.answer(request)
		delete(f.run.asked, request)
	}
	f.run.out.Resolve = nil
}

// answer looks something up. Where artifacts go does not change what runs.
func (f *forecast) answer(request TemplateRequest) TemplateResolved {
	if request.Kind == RequestArtifactRepository {
		return TemplateResolved{Request: request}
	}
	return f.lookup(request)
}

// whole plans the entry, and the exit handler after it.
func (f *forecast) whole() {
	r := f.run
	f.plan.Pods = f.visit(want{
		planNode: v1alpha1.PlanNode{Name: r.name, Outcome: v1alpha1.PlanRuns},
		call:     call{name: r.name, ref: reference{template: r.spec.Entrypoint}, args: r.arguments},
	}, nil)
	for _, h := range listHooks(r.spec.Hooks, r.spec.OnExit, true, true) {
		f.plan.Pods = plus(f.plan.Pods, f.hook(h, want{planNode: v1alpha1.PlanNode{Name: r.name}, call: call{args: r.arguments}}))
	}
}

// add puts a node into the plan and gives its place; -1: the plan is full.
func (f *forecast) add(n v1alpha1.PlanNode, boundary string) int {
	if len(f.plan.Nodes) >= maxPlanNodes {
		f.plan.Truncated, f.plan.Exact = true, false
		return -1
	}
	n.Parent = boundary
	n.DisplayName = node.Display(n.Name, boundary)
	n.Phase = f.phases[n.Name]
	if n.Outcome == v1alpha1.PlanUndecided {
		f.plan.Exact = false
	}
	f.plan.Nodes = append(f.plan.Nodes, n)
	return len(f.plan.Nodes) - 1
}

// visit plans a call and what is inside it; the answer is how many pods that makes for all values of its loop.
func (f *forecast) visit(w want, boundary *want) int64 {
	parent := ""
	if boundary != nil {
		parent = boundary.planNode.Name
	}
	n := &w.planNode
	n.TemplateName, n.TemplateRef = w.call.ref.template, w.call.ref.ref
	if n.TemplateRef != nil {
		n.TemplateName = n.TemplateRef.Template
	}
	if n.Outcome == v1alpha1.PlanSkipped || n.Outcome == v1alpha1.PlanFails {
		f.add(*n, parent)
		return 0
	}
	t, err := f.resolve(&w.call)
	if err != nil {
		n.Outcome, n.Reason = v1alpha1.PlanFails, err.Error()
		f.add(*n, parent)
		return 0
	}
	f.describe(n, t)
	inputs, err := f.inputs(t, &w.call)
	if err != nil {
		n.Outcome, n.Reason = v1alpha1.PlanFails, err.Error()
		f.add(*n, parent)
		return 0
	}
	key := t.in.storageKey(t.spec.Name)
	n.Recursive = t.spec.Name != "" && slices.Contains(f.stack, key)
	at := f.add(*n, parent)
	if n.Recursive {
		f.plan.Exact = false
		return 0
	}
	pods, known := f.pods[key]
	if at >= 0 || !known {
		f.stack = append(f.stack, key)
		pods = f.inside(w, t, inputs)
		f.stack = f.stack[:len(f.stack)-1]
		if t.spec.Name != "" {
			f.pods[key] = pods
		}
	}
	if n.Items != nil {
		pods = times(pods, *n.Items)
	}
	if at >= 0 {
		f.plan.Nodes[at].Pods = pods
	}
	return pods
}

// times multiplies, up to the largest number that there is: loops in loops come to more.
func times(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}

// plus adds as times multiplies.
func plus(a, b int64) int64 { return a + min(b, math.MaxInt64-a) }

// describe says what a template makes.
func (f *forecast) describe(n *v1alpha1.PlanNode, t *template) {
	switch t.spec.GetType() {
	case v1alpha1.TemplateTypeSteps:
		n.Type = v1alpha1.NodeTypeSteps
	case v1alpha1.TemplateTypeDAG:
		n.Type = v1alpha1.NodeTypeDAG
	case v1alpha1.TemplateTypeSuspend:
		n.Type = v1alpha1.NodeTypeSuspend
	case v1alpha1.TemplateTypeHTTP:
		n.Type = v1alpha1.NodeTypeHTTP
	case v1alpha1.TemplateTypePlugin:
		n.Type = v1alpha1.NodeTypePlugin
	default:
		n.Type = v1alpha1.NodeTypePod
	}
	switch {
	case t.spec.Container != nil:
		n.Image = t.spec.Container.Image
	case t.spec.Script != nil:
		n.Image = t.spec.Script.Image
	}
	if s := t.spec.RetryStrategy; s != nil {
		n.Retries = "unlimited"
		if s.Limit != nil {
			n.Retries = s.Limit.String()
		}
	}
}

// resolve finds a template, looking up what has to be.
func (f *forecast) resolve(c *call) (*template, error) {
	for range maxPlanLookups {
		t, err := f.run.resolve(c.ref, c.in)
		var later *pending
		if !errors.As(err, &later) {
			return t, err
		}
		f.run.answers[later.request] = f.answer(later.request)
	}
	return nil, fmt.Errorf("template %s cannot be looked up", c.ref.template)
}

// inputs are the inputs of a template as far as they are known. Artifacts come at run time, and are not asked for.
func (f *forecast) inputs(t *template, c *call) (*v1alpha1.Inputs, error) {
	shell := *t
	spec := *t.spec
	spec.Inputs.Artifacts = nil
	shell.spec = &spec
	for range maxPlanLookups {
		inputs, err := f.run.resolveInputs(&shell, c)
		var later *pending
		if !errors.As(err, &later) {
			return inputs, err
		}
		f.run.answers[later.request] = f.answer(later.request)
	}
	return nil, errors.New("the inputs cannot be looked up")
}
