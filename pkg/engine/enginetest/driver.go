// Package enginetest runs workflows through the engine without Kubernetes: a script says what each pod does.
package enginetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// Outcome is what a pod does. The zero value succeeds with exit code 0.
type Outcome struct {
	ExitCode   int32
	Message    string            // message of the pod itself, such as that of an eviction
	LastWords  string            // what main leaves as its termination message
	Refused    string            // the API refuses to create the pod, with this message
	Result     *string           // what main prints, if somebody asks for it
	Parameters map[string]string // output parameters that the pod leaves
	Lacks      []string          // output artifacts that the pod does not leave
	Serves     bool              // it becomes ready and runs on, as a daemon does
	Vanishes   bool              // it is deleted by somebody while it runs
	Takes      time.Duration     // how long it runs; default a second
}

// Dice gives a random number below n; a rand.Rand does.
type Dice interface{ Intn(n int) int }

// Crash says when the controller dies over a decision.
type Crash int

const (
	// Survive means that it does not.
	Survive Crash = iota
	// BeforeActions means that the decision is stored; no pod was created or ended for it.
	BeforeActions
	// HalfStored means that some of its nodes are stored, its header is not; no pod was created or ended for it.
	HalfStored
)

// Script decides what a pod does.
type Script func(engine.PodRequest) Outcome

// Succeed is a script in which every pod succeeds; declared outputs get the value "out".
func Succeed(engine.PodRequest) Outcome { return Outcome{} }

// Driver plays the API servers, the kubelet and the clock for one workflow.
type Driver struct {
	Workflow  *v1alpha1.Workflow
	Nodes     map[string]v1alpha1.NodeStatus // as stored, record form
	Templates map[engine.TemplateRequest]engine.TemplateResolved
	// Lookup answers what is not among Templates; nil or false: nothing of that name is there.
	Lookup    func(engine.TemplateRequest) (engine.TemplateResolved, bool)
	Options   engine.Options
	Script    Script
	Now       time.Time
	Random    Dice // nil: events come in a fixed order, one at a time
	Done      bool
	Events    []engine.WorkflowEvent
	Created   map[string]int // pods created, by name
	MostPods  int            // most pods at once that were created and not finished
	Decisions int
	// Crash, if set, is asked with each decision whether the controller dies over it.
	Crash func(engine.Decision) Crash
	// Refusals are given one after the other when the run asks for its volume claims, before it gets them.
	Refusals []engine.ClaimsRefused
	// Check is called after each stored decision.
	Check func(*Driver, engine.Decision)

	run  *engine.Run
	pods map[string]*pod
	wake time.Time
	seq  int
	todo []engine.Event
}

type pod struct {
	request engine.PodRequest
	outcome Outcome
	object  *corev1.Pod
	started time.Time
	ended   bool
}

// New prepares a run of a workflow.
func New(wf *v1alpha1.Workflow, script Script) *Driver {
	wf = wf.DeepCopy()
	if wf.Name == "" {
		wf.Name = "wf"
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if wf.CreationTimestamp.IsZero() {
		wf.CreationTimestamp = metav1.NewTime(start)
	}
	return &Driver{
		Workflow: wf, Nodes: map[string]v1alpha1.NodeStatus{}, Templates: map[engine.TemplateRequest]engine.TemplateResolved{},
		Script: script, Now: start, Created: map[string]int{}, pods: map[string]*pod{},
	}
}

// Records are the stored nodes in order of creation.
func (d *Driver) Records() []v1alpha1.NodeStatus {
	list := slices.Collect(maps.Values(d.Nodes))
	slices.SortFunc(list, func(a, b v1alpha1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
	return list
}

// Restart throws the run away; the next step builds it again from what is stored.
func (d *Driver) Restart() {
	d.run = nil
	d.todo = nil
}

// Run goes on until the workflow is done, or nothing can happen any more without a user. Errors: too many steps, or a broken
// promise of the engine.
func (d *Driver) Run() error {
	for range 1_000_000 {
		moved, err := d.Step()
		if err != nil || d.Done || !moved {
			return err
		}
	}
	return fmt.Errorf("workflow %s does not come to an end", d.Workflow.Name)
}

// Step lets one thing happen: pending events, else a pod goes on, else time passes. false: nothing is left to happen.
func (d *Driver) Step() (bool, error) {
	events := d.todo
	d.todo = nil
	if d.run == nil {
		wf := d.Workflow.DeepCopy()
		run, err := engine.NewRun(wf, d.Records(), d.Options)
		if err != nil {
			return false, err
		}
		d.run = run
		events = append(events, d.observeAll()...)
		return true, d.apply(events)
	}
	if len(events) > 0 {
		return true, d.apply(events)
	}
	if event, ok := d.nextPodEvent(); ok {
		return true, d.apply(append(event, d.more()...))
	}
	if !d.wake.IsZero() {
		if d.wake.After(d.Now) {
			d.Now = d.wake
		}
		return true, d.apply(nil)
	}
	return false, nil
}

// more adds events of further pods now and then.
func (d *Driver) more() []engine.Event {
	var events []engine.Event
	for d.Random != nil && d.Random.Intn(3) == 0 {
		event, ok := d.nextPodEvent()
		if !ok {
			break
		}
		events = append(events, event...)
	}
	return events
}

// Send has the engine take in an event with the next step.
func (d *Driver) Send(event engine.Event) { d.todo = append(d.todo, event) }

// Resume marks the running suspensions Succeeded with a message, as an old client does, and has the run built again.
func (d *Driver) Resume(message string) {
	for id, n := range d.Nodes {
		if n.Type == v1alpha1.NodeTypeSuspend && n.Phase == v1alpha1.NodeRunning {
			n.Phase, n.FinishedAt = v1alpha1.NodeSucceeded, metav1.NewTime(d.Now)
			n.Message = message
			if outputs, err := engine.SuppliedOutputs(n.Outputs, n.Inputs); err == nil {
				n.Outputs = outputs
			}
			d.Nodes[id] = n
		}
	}
	d.Restart()
}

// Suspended tells whether something waits for a user to resume it.
func (d *Driver) Suspended() bool {
	for _, n := range d.Nodes {
		if n.Type == v1alpha1.NodeTypeSuspend && n.Phase == v1alpha1.NodeRunning {
			return true
		}
	}
	return false
}

// Change alters the workflow as a user does.
func (d *Driver) Change(alter func(*v1alpha1.Workflow)) {
	alter(d.Workflow)
	d.Send(engine.HeaderChanged{Workflow: d.Workflow.DeepCopy()})
}

func (d *Driver) apply(events []engine.Event) error {
	decision := d.run.Apply(d.Now, events...)
	d.Decisions++
	crash := Survive
	if d.Crash != nil {
		crash = d.Crash(decision)
	}
	if crash == HalfStored {
		for _, n := range decision.Nodes {
			if n.Ordinal/2%2 == int64(d.Decisions%2) {
				d.Nodes[n.ID] = n
			}
		}
		d.Restart()
		d.Options.Uncommitted = true
		return nil
	}
	d.store(decision)
	d.Options.Uncommitted = false
	if d.Check != nil {
		d.Check(d, decision)
	}
	if crash == BeforeActions {
		d.Restart()
		return nil
	}
	return d.carryOut(decision)
}
