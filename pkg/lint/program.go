package lint

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// program is a spec with everything that it refers to: what would run.
type program struct {
	rules     rules
	namespace string
	lookup    Lookup

	spec    *v1alpha1.WorkflowSpec // with what workflowTemplateRef adds
	own     *library
	meta    metadata
	cache   expr.Cache
	globals *globals

	libraries map[libraryKey]*library
	units     map[*v1alpha1.Template]*unit
	order     []*unit // in the order in which they were found
	partial   bool    // something that it refers to is not known, so not all of it was seen

	errs       field.ErrorList
	warnings   []string
	told       map[string]bool
	checked    map[string]error // expressions that were type-checked
	tries      int              // how often texts were tried with what their tags may become
	compared   int              // how many characters of names were compared for suggestions
	combined   int              // how many ways for tasks to end were tried
	followed   int              // how many bytes of values that are certain were put in somewhere
	parsed     map[string]*parsedText
	conditions map[string]decision // that were decided
}

// rules say how strict to be with an object of a kind.
type rules struct {
	// missing references are errors, otherwise warnings.
	missing Severity
	// alone: whoever uses it brings arguments, labels and outputs that are not known yet (V-183).
	alone bool
	// scheduled: a schedule makes the workflows.
	scheduled bool
	// path of the spec in its object.
	path *field.Path
	// under is what the controller lays under it.
	under *underlay
}

// metadata are the names of labels and annotations that the workflow will have.
type metadata struct {
	labels, annotations map[string]bool
}

// library is an object that has templates.
type library struct {
	title     string // empty: the object that is linted
	spec      *v1alpha1.WorkflowSpec
	path      *field.Path // of the spec, in that object
	site      *field.Path // where the linted object refers to it; nil: it is the object itself
	templates map[string]int
	names     []string
	err       error // why it is not there
}

type libraryKey struct {
	name    string
	cluster bool
}

// unit is one template of a library, or one written in place of a name.
type unit struct {
	in       *library
	template *v1alpha1.Template
	path     *field.Path
	members  *members // of a steps or dag template
	calls    []*call  // of its members, in order
	inline   bool

	entry, exit bool // runs below the entrypoint, below an exit handler or hook
	called      bool // by a step or task
	inputs      map[string]bool
	inputsAll   bool // read as a whole
	foreseen    foreseen
	decided     bool // the fates of its members are those that follow from its inputs
}

// call is a place where a template is run from: a step, a task, a hook, the entrypoint.
type call struct {
	template  string
	ref       *v1alpha1.TemplateRef
	inline    *v1alpha1.Template
	arguments *v1alpha1.Arguments
	path      *field.Path
	callee    *unit // nil: not known
	byName    bool  // the name is never put together at run time
	always    bool  // of a step: it runs whenever those before it succeed
	hook      bool
	atEnd     bool // of a hook: it is an exit hook
	inherits  bool // the arguments are those of the workflow
}

// members are the steps or tasks of a template, which refer to each other.
type members struct {
	root   string // steps or tasks: how they are called
	byName map[string]*sibling
	names  []string
	later  []pattern  // names that are only known when the steps run
	graph  *graph.DAG // of tasks; nil if it is broken
	stamps []int
	stamp  int
	sorted []*sibling // each after those that it waits for
}

// mostPatterns is how many names with tags are looked at for each name that is not known.
const mostPatterns = 1000

// mayHave tells whether a member can turn out to be called so.
func (m *members) mayHave(name string) bool {
	return len(m.later) > mostPatterns || slices.ContainsFunc(m.later, func(p pattern) bool { return p.matches(name) })
}

// sibling is one step or task.
type sibling struct {
	name  string
	index int // among the tasks, or in its group of steps
	group int // of a step
	loop  loopKind
	hooks bool
	exit  bool
	step  *v1alpha1.WorkflowStep
	call  *call
	after []*call // its hooks
	fate  fate
}

type loopKind int

const (
	noLoop loopKind = iota
	overItems
	overSequence
)

// problem adds an error at a path of a library.
func (p *program) problem(in *library, path *field.Path, bad any, message string) {
	if in.site != nil {
		p.add(field.Invalid(in.site, in.title, path.String()+": "+message))
		return
	}
	p.add(field.Invalid(path, bad, message))
}

func (p *program) add(err *field.Error) {
	text := err.Error()
	if p.told[text] {
		return
	}
	p.told[text] = true
	p.errs = append(p.errs, err)
}

// warn adds a warning. What is odd in other objects was said when they were made.
func (p *program) warn(in *library, path *field.Path, message string) {
	if in.site != nil {
		return
	}
	text := path.String() + ": " + message
	if p.told[text] {
		return
	}
	p.told[text] = true
	p.warnings = append(p.warnings, text)
}

// report adds an error or a warning.
func (p *program) report(severity Severity, in *library, path *field.Path, bad any, message string) {
	if severity == Error {
		p.problem(in, path, bad, message)
	} else {
		p.warn(in, path, message)
	}
}
