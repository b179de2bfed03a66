package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// checkUnit checks the texts of a template: V-128, V-154, V-161, V-180 to V-190.
func (p *program) checkUnit(u *unit, outer *scope) {
	s := &scope{p: p, unit: u, outer: outer, exit: u.exit || !u.entry}
	shell := *u.template
	shell.Name, shell.Steps, shell.DAG = "", nil, nil
	shell.Inputs.Parameters = p.checkSources(s, &u.template.Inputs, u.path.Child("inputs", "parameters"))
	if defaults := p.own.spec.TemplateDefaults; defaults != nil && !u.inline { // what of them counts depends on the template
		s.texts(defaults, p.rules.path.Child("templateDefaults"), advised)
	}
	s.templateForms(u.template, u.path)
	shell.Metrics = nil
	s.checkMetrics(u.template.Metrics, u.path.Child("metrics"), u.members == nil)
	if u.members == nil {
		shell.Timeout, shell.PendingTimeout, shell.ActiveDeadlineSeconds, shell.ArchiveLocation, shell.RetryStrategy = "", "", nil, nil, nil
		s.texts(&shell, u.path, strict)
		s.leafValues(&shell, u.path)
		p.checkLeaf(s, u)
		return
	}
	shell.Outputs = v1alpha1.Outputs{}
	s.texts(&shell, u.path, strict)
	p.checkRetry(s, u)
	p.checkMembers(u, s)
	all := *s
	all.all = true
	p.checkOutputs(&all, u)
}

// checkSources checks where inputs take their values from by themselves: that is worked out before there are any inputs (PRM-04).
// It gives the inputs without that.
func (p *program) checkSources(s *scope, inputs *v1alpha1.Inputs, path *field.Path) []v1alpha1.Parameter {
	if !slices.ContainsFunc(inputs.Parameters, func(p v1alpha1.Parameter) bool { return p.ValueFrom != nil }) {
		return inputs.Parameters
	}
	rest := slices.Clone(inputs.Parameters)
	first := *s
	first.workflowOnly = true
	for i := range rest {
		if rest[i].ValueFrom != nil {
			first.texts(rest[i].ValueFrom, path.Index(i).Child("valueFrom"), strict)
			rest[i].ValueFrom = nil
		}
	}
	return rest
}

func (p *program) checkLeaf(s *scope, u *unit) {
	t := u.template
	plain := *s
	plain.plain = true
	plain.texts(&ours{t.Timeout, t.PendingTimeout, t.ActiveDeadlineSeconds, t.ArchiveLocation}, u.path, strict) // V-259
	p.checkRetry(s, u)
	p.checkOutputs(s, u)
	if t.Data != nil {
		with := *s
		with.bare, with.extra = true, expr.Types{"data": expr.AnyType}
		for i := range t.Data.Transformation {
			with.expression(t.Data.Transformation[i].Expression, u.path.Child("data", "transformation").Index(i).Child("expression"), expr.AnyType)
		}
	}
	if t.HTTP != nil {
		with := *s
		with.bare, with.extra = true, httpTypes
		with.expression(t.HTTP.SuccessCondition, u.path.Child("http", "successCondition"), expr.BoolType)
	}
}

// ours are the fields of a leaf that nobody but the engine reads.
type ours struct {
	Timeout               string                     `json:"timeout"`
	PendingTimeout        string                     `json:"pendingTimeout"`
	ActiveDeadlineSeconds *intstr.IntOrString        `json:"activeDeadlineSeconds"`
	ArchiveLocation       *v1alpha1.ArtifactLocation `json:"archiveLocation"`
}

// httpTypes are what the condition of an HTTP template knows (TPL-09).
var httpTypes = expr.Types{
	"request": expr.Types{
		"method": expr.TextType, "url": expr.TextType, "body": expr.TextType, "bodyBytes": expr.AnyType, "headers": expr.AnyType,
	},
	"response": expr.Types{
		"statusCode": expr.IntType, "body": expr.TextType, "headers": expr.AnyType,
	},
}

// lastRetryTypes are what the condition on further attempts knows (RTY-05): nothing but the attempt before, and how many
// retries there were. Tags in it are replaced beforehand.
var lastRetryTypes = expr.Types{"retries": expr.TextType, "lastRetry": expr.Types{
	"exitCode": expr.TextType, "status": expr.TextType, "duration": expr.TextType, "message": expr.TextType,
}}

func (p *program) checkRetry(s *scope, u *unit) {
	if u.template.RetryStrategy != nil {
		first := *s
		first.firstAttempt, first.plain = true, true
		first.texts(u.template.RetryStrategy, u.path.Child("retryStrategy"), strict)
		with := *s
		with.bare, with.extra = true, lastRetryTypes
		with.expression(u.template.RetryStrategy.Expression, u.path.Child("retryStrategy", "expression"), expr.BoolType)
	}
}

// checkMetrics checks the metrics of a leaf, or of something else: what those name is looked up when they are written, and only
// the metric is lost.
func (s *scope) checkMetrics(metrics *v1alpha1.Metrics, path *field.Path, leaf bool) {
	if metrics == nil {
		return
	}
	with := *s
	with.metric = true
	if leaf {
		with.texts(metrics, path, strict)
	} else {
		with.texts(metrics, path, advised)
	}
	for i, metric := range metrics.Prometheus {
		if metric != nil {
			with.when(metric.When, path.Child("prometheus").Index(i).Child("when"))
		}
	}
}

// checkOutputs checks V-161, and where a composite takes its outputs from.
func (p *program) checkOutputs(s *scope, u *unit) {
	path := u.path.Child("outputs")
	if u.members != nil {
		s.texts(&u.template.Outputs, path, strict)
	}
	for i := range u.template.Outputs.Parameters {
		if from := u.template.Outputs.Parameters[i].ValueFrom; from != nil {
			plain := *s
			plain.plain = true
			plain.expression(from.Expression, path.Child("parameters").Index(i).Child("valueFrom", "expression"), expr.AnyType)
		}
	}
	s.origins(u.template.Outputs.Artifacts, path.Child("artifacts"))
}

// checkMembers checks every step or task with what it sees.
func (p *program) checkMembers(u *unit, own *scope) {
	if u.template.DAG == nil {
		for i := range u.template.Steps {
			for j := range u.template.Steps[i].Steps {
				p.checkMember(u, own, &u.template.Steps[i].Steps[j], u.path.Child("steps").Index(i).Index(j), i, j)
			}
		}
		return
	}
	dag := u.template.DAG
	path := u.path.Child("dag")
	tasks := path.Child("tasks")
	for i := range dag.Tasks {
		p.checkMember(u, own, asStep(&dag.Tasks[i]), tasks.Index(i), 0, i)
	}
	plain := *own
	plain.plain = true
	plain.texts(&struct {
		Target string `json:"target"`
	}{dag.Target}, path, strict) // V-150
	if v, known := own.foresight(); known && hasTag(dag.Target) {
		if target, open, err := v.render(dag.Target); err == nil && !open {
			if _, err := graph.BuildDAG(dag.Tasks, target); err != nil && !validation.ReportsGraph(dag) {
				p.report(own.certainty(), u.in, path.Child("target"), dag.Target, err.Error())
			}
		}
	}
	p.checkGraph(u, path)
}

// checkGraph tells of a graph that cannot be walked through, unless validation has already, and of tasks that never run.
func (p *program) checkGraph(u *unit, path *field.Path) {
	dag := u.template.DAG
	if u.members.graph == nil {
		target := dag.Target
		if hasTag(target) {
			target = ""
		}
		if _, err := graph.BuildDAG(dag.Tasks, target); err != nil && u.in.site == nil && !validation.ReportsGraph(dag) {
			p.problem(u.in, path.Child("tasks"), u.template.Name, err.Error())
		}
		return
	}
	if dag.Target == "" || hasTag(dag.Target) {
		return
	}
	for i := range dag.Tasks {
		if u.members.graph.Tasks[i].Rank < 0 {
			p.warn(u.in, path.Child("tasks").Index(i), fmt.Sprintf("task %q never runs: no target (%s) waits for it", dag.Tasks[i].Name, dag.Target))
		}
	}
}

func (p *program) checkMember(u *unit, own *scope, step *v1alpha1.WorkflowStep, path *field.Path, group, index int) {
	viewer := u.members.byName[step.Name]
	if viewer == nil || viewer.group != group || viewer.index != index {
		return // a name that is used twice is an error of its own
	}
	s := *own
	s.viewer = viewer
	shell := *step
	shell.Name, shell.Inline, shell.Hooks, shell.When = "", nil, nil, ""
	shell.Template, shell.TemplateRef, shell.OnExit = "", nil, ""
	shell.WithItems, shell.WithParam, shell.WithSequence = nil, "", nil
	if s.item = itemsOf(step); s.item != nil {
		values := s
		values.item = nil
		// What is listed in the manifest itself is data of the steps, whatever else has tags of this form (V-180).
		listed := strings.HasPrefix(strings.TrimSpace(step.WithParam), "[")
		values.plain = len(step.WithItems) == 0 && !listed
		values.texts(&v1alpha1.WorkflowStep{WithItems: step.WithItems, WithParam: step.WithParam, WithSequence: step.WithSequence}, path, strict)
		values.loopForms(step, path)
	}
	if strings.Contains(step.Name+step.When+step.Template+step.OnExit, "{{") || step.TemplateRef != nil {
		plain := s
		plain.plain = true
		plain.texts(&v1alpha1.WorkflowStep{Name: step.Name, Template: step.Template, TemplateRef: step.TemplateRef, OnExit: step.OnExit}, path, strict)
		plain.plain = !s.foreignOnly(step.When)
		plain.texts(&v1alpha1.WorkflowStep{When: step.When}, path, strict)
	}
	s.texts(&shell, path, strict)
	s.when(step.When, path.Child("when"))
	s.nameForms(step, path)
	s.fromExpressions(&step.Arguments, path.Child("arguments"))
	p.checkCall(&s, viewer.call)
	if step.Inline != nil {
		inline := p.units[step.Inline]
		inline.entry, inline.exit = u.entry, u.exit
		p.checkUnit(inline, &s)
	}
	in := s
	in.inHook = true
	p.checkHooks(&in, step.Hooks, path)
	for _, c := range viewer.after {
		p.checkCall(&in, c)
	}
}

// itemsOf lists what the values of a loop have: V-185.
func itemsOf(step *v1alpha1.WorkflowStep) *itemNames {
	switch {
	case step.WithParam != "":
		return &itemNames{any: true}
	case step.WithSequence != nil:
		return &itemNames{values: true}
	case len(step.WithItems) == 0:
		return nil
	}
	items := &itemNames{}
	names := map[string]bool{}
	for i := range step.WithItems {
		item := &step.WithItems[i]
		if hasTag(string(item.Value)) {
			items.any = true
		}
		if item.GetType() != v1alpha1.ItemMap {
			items.values = true
			continue
		}
		items.maps = true
		for name := range item.GetMapVal() {
			names[name] = true
		}
	}
	items.names = slices.Sorted(maps.Keys(names))
	return items
}
