package engine

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// Run is one workflow in progress. It is not safe for use by several goroutines at once.
type Run struct {
	opts  Options
	name  string
	wf    *v1alpha1.Workflow     // as last seen, without nodes
	spec  *v1alpha1.WorkflowSpec // what counts: the workflow's, or merged with the template that it refers to
	local map[string]int         // index of the workflow's own templates

	// the header as decided
	status        v1alpha1.WorkflowStatus
	statusChanged bool
	labels        map[string]string
	annotations   map[string]string
	podNames      string
	vetted        bool                   // stored templates were looked at with the eyes of the policy
	distrusted    *v1alpha1.WorkflowSpec // the stored spec that the policy did not let count

	// what is compiled once
	cache      expr.Cache
	templates  map[string]*template
	globals    *globalScope
	arguments  v1alpha1.Arguments
	answers    map[TemplateRequest]TemplateResolved
	asked      map[TemplateRequest][]frame
	transients *regexp.Regexp
	podSpec    podSpec

	// the nodes and what can be counted about them
	table       map[string]*entry
	order       []*entry
	nextOrdinal int64
	activePods  int
	runningPods int
	unfulfilled int
	progress    counts
	resources   v1alpha1.ResourcesDuration

	// what goes on
	booted       bool
	claimed      bool                   // its volume claims are there
	early        []ResultReported       // came before the templates of their nodes were found again
	unclear      map[string]PodObserved // pods that were seen before that, as they were last seen, by node ID
	over         bool
	closed       bool // it was over when it was loaded: its header stays as it is
	root         *slot
	exit         *slot
	hooks        *hookFrame
	top          *topFrame
	deadline     time.Time
	pastDeadline bool
	stopped      v1alpha1.ShutdownStrategy // strategy that was carried out
	podSeen      bool                      // a pod that has started was seen
	overgrown    string                    // why the run ends: it wants more nodes than it may have; empty: it does not
	waiters      waitQueue
	rationed     waitQueue // frames that go on with the next decision: this one has made enough nodes
	timers       timerQueue

	// the decision in the making
	now       metav1.Time
	work      []frame
	fulfilled []*entry
	freed     []*entry
	made      int  // nodes made
	outgrew   bool // the limit of nodes was met, and what runs is still to be halted
	dirty     []*entry
	out       Decision
	intents   []*entry
}

// NewRun takes up a workflow where it was stored. nodes are in record form, in any order; nil at the start. Errors are for
// input that no stored workflow has: a nil workflow, or two nodes with one ID.
func NewRun(wf *v1alpha1.Workflow, nodes []v1alpha1.NodeStatus, opts Options) (*Run, error) {
	if wf == nil {
		return nil, fmt.Errorf("no workflow given")
	}
	r := &Run{
		opts: opts, name: wf.Name, templates: map[string]*template{}, answers: map[TemplateRequest]TemplateResolved{},
		asked: map[TemplateRequest][]frame{}, unclear: map[string]PodObserved{}, table: make(map[string]*entry, len(nodes)), labels: map[string]string{},
		annotations: map[string]string{},
	}
	r.cache.ExpressionsOff = opts.ExpressionTagsOff
	if opts.TransientErrors != "" {
		pattern, err := regexp.Compile(opts.TransientErrors)
		if err != nil {
			return nil, fmt.Errorf("pattern of transient errors: %w", err)
		}
		r.transients = pattern
	}
	r.setHeader(wf)
	r.status = *wf.Status.DeepCopy()
	r.status.Nodes, r.status.CompressedNodes, r.status.NodeStorage = nil, "", nil
	r.closed = r.status.Phase.Completed()
	r.over = r.closed
	r.overgrown = outgrown(&r.status)
	return r, r.load(nodes)
}

// setHeader keeps a copy of what the workflow says, apart from its nodes.
func (r *Run) setHeader(wf *v1alpha1.Workflow) {
	header := &v1alpha1.Workflow{TypeMeta: wf.TypeMeta, ObjectMeta: *wf.ObjectMeta.DeepCopy(), Spec: *wf.Spec.DeepCopy()}
	r.wf = header
	if r.spec == nil || r.status.StoredWorkflowSpec == nil {
		r.setSpec(&header.Spec)
	}
	r.podNames = wf.Annotations[v1alpha1.AnnotationKeyPodNameVersion]
	if r.podNames == "" {
		r.podNames = node.PodNameV2
		if r.opts.PodNamesV1 {
			r.podNames = node.PodNameV1
		}
	}
}

func (r *Run) setSpec(spec *v1alpha1.WorkflowSpec) {
	r.spec, r.podSpec = spec, podSpec{}
	r.local = make(map[string]int, len(spec.Templates))
	for i := range spec.Templates {
		r.local[spec.Templates[i].Name] = i
	}
}

// load indexes stored nodes.
func (r *Run) load(nodes []v1alpha1.NodeStatus) error {
	r.order = make([]*entry, 0, len(nodes))
	for i := range nodes {
		e := &entry{st: *nodes[i].DeepCopy(), stored: true}
		e.st.Children, e.st.OutboundNodes = nil, nil
		if r.opts.Uncommitted {
			e.reopen()
		}
		if _, twice := r.table[e.st.ID]; twice {
			return fmt.Errorf("two nodes have the ID %s", e.st.ID)
		}
		e.measured = e.st.Fulfilled()
		r.table[e.st.ID] = e
		r.order = append(r.order, e)
		r.nextOrdinal = max(r.nextOrdinal, e.st.Ordinal+1)
	}
	slices.SortFunc(r.order, func(a, b *entry) int { return int(a.st.Ordinal - b.st.Ordinal) })
	for _, e := range r.order {
		if e.st.BoundaryID != "" {
			e.boundary = r.table[e.st.BoundaryID]
		}
		r.count(e, 1)
		if leafOwnProgress(e) {
			p := ownProgress(e)
			r.progress.n, r.progress.m = r.progress.n+p.n, r.progress.m+p.m
		}
		if e.st.Type == v1alpha1.NodeTypePod {
			r.resources = r.resources.Add(e.st.ResourcesDuration)
		}
		r.joinGroup(e)
	}
	return nil
}

// joinGroup puts a stored node among the members of its StepGroup or TaskGroup.
func (r *Run) joinGroup(e *entry) {
	if flag := e.st.NodeFlag; flag != nil && flag.Hooked {
		return
	}
	if e.st.Type == v1alpha1.NodeTypeContainer && e.boundary != nil {
		e.join(e.boundary)
		return
	}
	for _, parent := range e.st.Parents {
		p := r.table[parent]
		if p == nil || e.st.Type == v1alpha1.NodeTypeStepGroup {
			continue
		}
		if p.st.Type == v1alpha1.NodeTypeStepGroup || p.st.Type == v1alpha1.NodeTypeTaskGroup {
			e.join(p)
		}
	}
}

// Apply takes in events and decides. Without events it looks at what time has brought; the first call looks at everything.
// Times in status are now in whole seconds; deadlines are compared with now as given.
func (r *Run) Apply(now time.Time, events ...Event) Decision {
	r.begin(now)
	for _, event := range events { // what the first look needs to know
		switch event.(type) {
		case TemplateResolved, HeaderChanged, ClaimsMade, ClaimsRefused:
			r.observe(event)
		}
	}
	if !r.over {
		r.boot()
		r.settle()
	}
	early := r.early
	r.early = nil
	for _, ev := range early {
		r.resultReported(ev)
	}
	r.lookAgain()
	for _, event := range events {
		switch event.(type) {
		case TemplateResolved, HeaderChanged, ClaimsMade, ClaimsRefused:
		default:
			r.observe(event)
		}
	}
	if !r.over && r.booted {
		r.obeyShutdown()
		r.ring()
		if r.hooks != nil {
			r.touch(r.hooks)
		}
		r.settle()
		r.conclude()
	}
	return r.decision()
}

func (r *Run) begin(now time.Time) {
	r.now = metav1.NewTime(now.UTC().Truncate(time.Second))
	r.out = Decision{}
	r.dirty, r.intents, r.made = nil, nil, 0
}

// suspended reports whether the user holds the workflow (SUS-04).
func (r *Run) suspended() bool { return r.wf.Spec.Suspend != nil && *r.wf.Spec.Suspend }

// shutdown is how the user wants the workflow to end early, if at all.
func (r *Run) shutdown() v1alpha1.ShutdownStrategy {
	if r.wf.Spec.Shutdown != "" {
		return r.wf.Spec.Shutdown
	}
	return r.spec.Shutdown
}

// await notes that a frame needs an object, and asks for it once.
func (r *Run) await(request TemplateRequest, f frame) {
	if _, asked := r.asked[request]; !asked {
		r.out.Resolve = append(r.out.Resolve, request)
	}
	if f != nil {
		r.asked[request] = append(r.asked[request], f)
	} else if r.asked[request] == nil {
		r.asked[request] = []frame{}
	}
}

// podRef names the pod of a node.
func (r *Run) podRef(e *entry) PodRef {
	return PodRef{NodeID: e.st.ID, Name: r.storedPodName(e), UID: e.st.PodUID}
}

// storedPodName works out the pod name of a node as it was made.
func (r *Run) storedPodName(e *entry) string {
	return node.PodName(r.podNames, r.name, e.st.Name, e.st.TemplateName)
}
