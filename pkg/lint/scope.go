package lint

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// scope is what a text can refer to.
type scope struct {
	p      *program
	unit   *unit    // whose inputs it sees; nil: no template's
	all    bool     // sees every member of unit: its outputs do
	viewer *sibling // the member of unit that the text belongs to; nil: none
	inHook bool     // the text belongs to a hook of viewer
	item   *itemNames
	exit   bool   // knows workflow.failures
	plain  bool   // nobody but the engine reads the text, so every tag in it is ours
	outer  *scope // of the step that an inline template stands in

	// Names beside all these, for expressions that run elsewhere. bare: there are no others.
	extra expr.Types
	bare  bool
	// workflowOnly: the text is worked out before anybody knows the inputs of its template.
	workflowOnly bool
	// before: the text is worked out before anything runs.
	before bool
	// metric: the text belongs to a metric, which knows how the template has ended (VAR-23).
	metric bool
	// artifacts: an expression chooses among artifacts.
	artifacts bool
	// firstAttempt: the text is worked out before the first attempt, and for all.
	firstAttempt bool
}

// itemNames are the members of a loop's values: V-185.
type itemNames struct {
	any    bool
	names  []string
	maps   bool // at least one value is a map
	values bool // at least one value is not
}

// late tells names whose tags may stay as they are, for somebody who comes later. Where nobody but the engine reads a text,
// nobody does (VAR-30).
func (s *scope) late(name string) bool {
	root, rest, _ := strings.Cut(name, ".")
	if s.artifacts && strings.Contains(name, ".artifacts.") {
		return false
	}
	switch root {
	case "outputs":
		return !strings.HasSuffix(rest, ".path")
	case "inputs":
		if s.unit != nil && s.unit.template.Inputs.IsEmpty() && s.p.spec.TemplateDefaults == nil {
			return false
		}
		return rest == "artifacts" || strings.HasPrefix(rest, "artifacts.") && !strings.HasSuffix(rest, ".path")
	case "steps", "tasks":
		_, field, _ := strings.Cut(rest, ".")
		return rest == "name" && s.unit != nil && !s.unit.called && !s.p.partial || strings.HasPrefix(field, "outputs.artifacts.")
	case "workflow":
		return strings.HasPrefix(rest, "outputs.artifacts.") || rest == "scheduledTime" && !s.p.scheduled() || rest == "failures" && !s.exit ||
			rest == "priority" && !s.p.globals.priority || s.before && (rest == "status" || rest == "failures")
	case "retries", "lastRetry":
		return s.unit != nil && !s.retries()
	case "item":
		return s.item == nil
	}
	return false
}

// get judges one name, as it would stand in a simple tag.
func (s *scope) get(name string) verdict {
	if s.plain && strings.Contains(name, ".artifacts.") && s.late(name) && s.own(name).known {
		return unknown("an artifact is no text")
	}
	v := s.own(name)
	if !v.known && s.outer != nil {
		if o := s.outer.get(name); o.known {
			return o
		}
	}
	return v
}

func (s *scope) own(name string) verdict {
	root, rest, dotted := strings.Cut(name, ".")
	switch {
	case s.bare:
		return s.extraName(name)
	case root == "workflow":
		return s.global(rest, dotted)
	case s.workflowOnly && (root == "item" || isOurs(name)):
		return unknown("only variables of the workflow are known here; the caller can give the value instead")
	case root == "item":
		return s.itemName(rest, dotted)
	}
	if s.unit == nil {
		return s.extraName(name)
	}
	t := s.unit.template
	switch root {
	case "inputs":
		return s.input(rest)
	case "outputs":
		return s.output(rest)
	case "steps", "tasks":
		if rest == "name" { // V-182
			if s.plain && s.late(name) {
				return unknown("no step or task runs this template")
			}
			return isKnown
		}
		return s.member(root, rest)
	case "node":
		if rest == "name" {
			return isKnown
		}
	case "pod":
		switch {
		case rest != "name":
			return unknown("pod.name is all that is known of the pod")
		case t.IsPodType() || s.inline():
			return isKnown
		}
		return unknown(fmt.Sprintf("a %s template has no pod", t.GetType()))
	case "retries", "lastRetry":
		if s.retries() {
			return retryName(name)
		}
		v := unknown("the template has no retryStrategy")
		v.soft = s.p.rules.alone // the workflow that runs it may have one
		return v
	case "status", "duration", "exitCode", "resourcesDuration":
		if s.metric {
			return isKnown
		}
	}
	return s.extraName(name)
}

func (s *scope) extraName(name string) verdict {
	at := any(s.extra)
	for _, word := range strings.Split(name, ".") {
		object, ok := at.(expr.Types)
		if !ok {
			return isKnown
		}
		if at, ok = object[word]; !ok {
			return unknown("there is no such variable")
		}
	}
	return isKnown
}

// global judges a name below `workflow.` where it stands.
func (s *scope) global(rest string, dotted bool) verdict {
	head, name, _ := strings.Cut(rest, ".")
	switch {
	case s.before && s.p.givesItself(head, name):
		return unknown("it is not known yet: workflowMetadata gives it only now")
	case !dotted:
		return unknown("it has no value of its own; name one of its members, such as workflow.name")
	case s.before && (head == "status" || head == "failures" || head == "outputs"):
		return unknown("it is not known yet: this is worked out before anything runs")
	case s.plain && rest == "scheduledTime" && !s.p.scheduled():
		return unknown("only workflows that a CronWorkflow makes, or that are submitted with --scheduled-time, have it")
	}
	return s.p.global(rest, s.exit)
}

// givesItself tells of labels and annotations that the workflow gets from its own workflowMetadata.
func (p *program) givesItself(kind, name string) bool {
	switch kind {
	case "labels":
		return p.globals.labels[name] && !p.meta.labels[name]
	case "annotations":
		return p.globals.annotations[name] && !p.meta.annotations[name]
	}
	return false
}

// scheduled tells whether the workflow may have a scheduled time (VAR-08).
func (p *program) scheduled() bool {
	return p.rules.alone || p.rules.scheduled || p.meta.annotations[v1alpha1.AnnotationKeyCronWfScheduledTime]
}

// retryMembers are what is known of the attempt before (VAR-22).
var retryMembers = []string{"exitCode", "status", "duration", "message"}

func retryName(name string) verdict {
	member, ok := strings.CutPrefix(name, "lastRetry.")
	if name == "retries" || ok && slices.Contains(retryMembers, member) {
		return isKnown
	}
	return unknown("there are retries and lastRetry." + strings.Join(retryMembers, ", lastRetry."))
}

// inline tells whether the text stands in a step whose inline template may be meant.
func (s *scope) inline() bool { return s.viewer != nil && s.viewer.call.inline != nil }

// retries: V-188; a strategy of the workflow counts like the template's own.
func (s *scope) retries() bool {
	d := s.p.spec.TemplateDefaults
	return !s.firstAttempt && (s.unit.template.RetryStrategy != nil || s.p.spec.RetryStrategy != nil || d != nil && d.RetryStrategy != nil)
}

func (s *scope) itemName(rest string, dotted bool) verdict {
	switch {
	case s.item == nil:
		if s.unit != nil && s.unit.inline {
			return isKnown // the step that it stands in may be a loop
		}
		return unknown("this is no loop: there is no withItems, withParam or withSequence")
	case s.item.any || !dotted:
		return isKnown
	case !s.item.maps && !strings.HasPrefix(rest, "["):
		return unknown("the items are no maps")
	case slices.Contains(s.item.names, rest) || strings.HasPrefix(rest, "["):
		return isKnown
	}
	return unknown("the items have no such member" + s.p.didYouMean(rest, s.item.names))
}

func (s *scope) input(rest string) verdict {
	in := &s.unit.template.Inputs
	kind, name, dotted := strings.Cut(rest, ".")
	switch kind {
	case "parameters":
		if !dotted {
			s.unit.inputsAll = true
			return isKnown
		}
		if name == "" {
			return nothingBehindDot
		}
		s.unit.inputs[name] = true
		if in.GetParameterByName(name) != nil {
			return isKnown
		}
		if defaults := s.p.spec.TemplateDefaults; defaults != nil && defaults.Inputs.GetParameterByName(name) != nil {
			return isKnown
		}
		if s.inline() && s.viewer.call.inline.Inputs.GetParameterByName(name) != nil {
			return isKnown // V-130
		}
		names := parameterNames(in.Parameters)
		if len(names) == 0 {
			return unknown("the template has no input parameters")
		}
		return unknown("the template has no such input parameter" + s.p.didYouMean(name, names))
	case "artifacts":
		return s.inputArtifact(in, name)
	}
	return unknown("inputs are inputs.parameters and inputs.artifacts" + s.p.inputMeant(in, rest))
}

// inputArtifact: V-189. The path of an artifact is known only where there is a container to put it.
func (s *scope) inputArtifact(in *v1alpha1.Inputs, rest string) verdict {
	if in.Artifacts.GetArtifactByName(rest) != nil {
		if s.plain && !s.artifacts {
			return unknown("an artifact is no text")
		}
		return isKnown
	}
	name, isPath := strings.CutSuffix(rest, ".path")
	if in.Artifacts.GetArtifactByName(name) == nil {
		names := make([]string, len(in.Artifacts))
		for i := range in.Artifacts {
			names[i] = in.Artifacts[i].Name
		}
		return unknown("the template has no such input artifact" + s.p.didYouMean(name, names))
	}
	if isPath && s.unit.template.IsComposite() {
		return unknown("an artifact has a path only in a template with a container")
	}
	return isKnown
}

// output: names below `outputs.` always pass (V-182); of a wrong one the engine makes nothing.
func (s *scope) output(rest string) verdict {
	out := &s.unit.template.Outputs
	kind, name, _ := strings.Cut(rest, ".")
	plain, isPath := strings.CutSuffix(name, ".path")
	switch kind {
	case "result", "exitCode":
		if s.plain {
			return unknown("it is there only when the template has run")
		}
		return isKnown
	case "parameters":
		if !s.plain && (name == "" || out.GetParameterByName(name) != nil) || isPath && out.GetParameterByName(plain) != nil {
			return isKnown
		}
	case "artifacts":
		if !s.plain && name == "" || (isPath || !s.plain) && out.Artifacts.GetArtifactByName(plain) != nil {
			return isKnown
		}
	}
	if s.plain && !isPath {
		return unknown("only the paths of outputs are known before the template has run")
	}
	v := unknown("the template has no such output")
	v.soft = !s.plain
	return v
}

func parameterNames(parameters []v1alpha1.Parameter) []string {
	names := make([]string, len(parameters))
	for i := range parameters {
		names[i] = parameters[i].Name
	}
	return names
}
