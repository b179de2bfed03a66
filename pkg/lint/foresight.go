package lint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// foresight gives the names that the texts of a template use the values that they will have, as far as they are certain
// before the run. All others are late, so that what depends on them stays undecided.
type foresight struct {
	p    *program
	unit *unit // nil: outside templates
}

var (
	late   = expr.Value{State: expr.Late}
	absent = expr.Value{State: expr.Absent}
)

// Get implements expr.Scope.
func (v *foresight) Get(name string) expr.Value {
	root, rest, _ := strings.Cut(name, ".")
	if !slices.Contains(foreseeable, root) {
		return expr.Value{} // nobody's: it stays as it is
	}
	if v.unit != nil && v.unit.inline {
		return late // the names of the step around it come first
	}
	parameter, isParameter := strings.CutPrefix(rest, "parameters.")
	switch {
	case root == "workflow" && isParameter:
		return v.p.argument(parameter)
	case v.unit == nil:
		return late
	case root == "inputs" && isParameter:
		if value, known := v.unit.foreseen.inputs[parameter]; known {
			return expr.Text(value)
		}
	case root == "steps" || root == "tasks":
		return v.member(root, rest)
	}
	return late
}

// foreseeable begin the names that can have values somewhere.
var foreseeable = []string{"workflow", "inputs", "outputs", "steps", "tasks", "item", "retries", "lastRetry", "pod", "node"}

// Below implements expr.Scope.
func (*foresight) Below(string) []string { return nil }

// argument gives an argument of the workflow that is written out. Templates get theirs from whoever uses them.
func (p *program) argument(name string) expr.Value {
	if p.rules.alone {
		return late
	}
	given := p.spec.Arguments.GetParameterByName(name)
	if given == nil || given.Value == nil {
		return late
	}
	if text, settled := p.settled(string(*given.Value)); settled {
		return expr.Text(text)
	}
	return late
}

// settled tells whether nothing is put into a text that only sees the variables of the workflow: other tags stay as they are. A
// loop that it comes to may put its value in.
func (p *program) settled(text string) (string, bool) {
	for _, tag := range p.tags(text) {
		root, _, _ := strings.Cut(tag.Name, ".")
		if tag.Name == "" || root == "workflow" || root == "item" {
			return "", false
		}
	}
	return text, true
}

// member gives what there is of a step or task that never runs (PRM-20).
func (v *foresight) member(root, rest string) expr.Value {
	name, field, _ := strings.Cut(rest, ".")
	other := v.sibling(root, name)
	if other == nil || !other.fate.never() || other.loop != noLoop && other.fate != unneeded && other.fate != omitted {
		return late
	}
	switch {
	case other.fate == unneeded:
		return expr.Value{}
	case field == "status" && other.fate == skipped:
		return expr.Text(string(v1alpha1.NodeSkipped))
	case field == "status" && other.fate == omitted:
		return expr.Text(string(v1alpha1.NodeOmitted))
	case field == "exitCode", field == "outputs.result":
		return absent
	}
	parameter, ok := strings.CutPrefix(field, "outputs.parameters.")
	if !ok || other.call.callee == nil {
		return late
	}
	declared := other.call.callee.template.Outputs.GetParameterByName(parameter)
	if declared != nil && declared.ValueFrom != nil && declared.ValueFrom.Default != nil {
		return expr.Text(string(*declared.ValueFrom.Default))
	}
	return absent
}

func (v *foresight) sibling(root, name string) *sibling {
	if v.unit == nil || v.unit.members == nil || v.unit.members.root != root {
		return nil
	}
	return v.unit.members.byName[name]
}

// render puts into a text what is certain. open: something else is in it. The error is what the engine will say.
func (v *foresight) render(text string) (rendered string, open bool, err error) {
	if !hasTag(text) {
		return text, false, nil
	}
	parsed := v.p.parse(text)
	if !parsed.predictable() || v.allLate(parsed.tags) {
		return text, true, nil
	}
	asked := &asked{p: v.p, scope: v}
	rendered, err = parsed.Render(asked, expr.Strict)
	return rendered, err == nil && asked.late, err
}

func (v *foresight) allLate(tags []expr.Tag) bool {
	return !slices.ContainsFunc(tags, func(tag expr.Tag) bool { return tag.Name == "" || v.Get(tag.Name).State != expr.Late })
}

// parsedText is a text of the object, parsed once however often it is looked at.
type parsedText struct {
	*expr.String
	tags []expr.Tag
}

func (p *program) parse(text string) *parsedText {
	if known := p.parsed[text]; known != nil {
		return known
	}
	parsed := &parsedText{String: p.cache.ParseString(text)}
	parsed.tags = parsed.Tags()
	if p.parsed == nil {
		p.parsed = map[string]*parsedText{}
	}
	p.parsed[text] = parsed
	return parsed
}

// tags lists the tags of a text.
func (p *program) tags(text string) []expr.Tag {
	if !hasTag(text) {
		return nil
	}
	return p.parse(text).tags
}

// predictable tells whether whoever knows the values may put them in before the run.
func (t *parsedText) predictable() bool {
	return !slices.ContainsFunc(t.tags, func(tag expr.Tag) bool {
		return tag.Err != nil || tag.Program != nil && !tag.Program.Predictable()
	})
}

const (
	// mostForeseen is how long a value is that is followed, in bytes: a text can name one many times, and the next text that one.
	mostForeseen = 10_000
	// mostFollowed is how much is put in for one object, in bytes, which takes up to half a second; asking for a name counts as
	// oneAsked. Whatever is beyond stays undecided.
	mostFollowed = 20_000_000
	oneAsked     = 100
)

// asked gives what another scope does, as long as that is not too much, and notes whether something was late.
type asked struct {
	p     *program
	scope expr.Scope
	late  bool
}

// Get implements expr.Scope.
func (a *asked) Get(name string) expr.Value {
	value := a.scope.Get(name)
	a.p.followed += oneAsked + min(len(value.Text), mostForeseen)
	if a.p.followed > mostFollowed || len(value.Text) > mostForeseen {
		value = late
	}
	a.late = a.late || value.State == expr.Late
	return value
}

// Below implements expr.Scope.
func (a *asked) Below(prefix string) []string { return a.scope.Below(prefix) }

// presence is what is certain about an artifact.
type presence int

const (
	// perhaps it is there.
	perhaps presence = iota
	// isGone: who declares it does not give it, and where it is passed on, nothing is.
	isGone
	// isNowhere: nobody can give it, and who asks for it fails.
	isNowhere
)

// artifact tells whether an artifact of this name will be there.
func (v *foresight) artifact(name string) presence {
	root, rest, _ := strings.Cut(name, ".")
	if input, ok := strings.CutPrefix(rest, "artifacts."); ok && root == "inputs" && v.unit != nil && v.unit.foreseen.lacks[input] {
		return isGone
	}
	member, field, _ := strings.Cut(rest, ".")
	output, ok := strings.CutPrefix(field, "outputs.artifacts.")
	other := v.sibling(root, member)
	switch {
	case !ok || other == nil:
		return perhaps
	case other.fate == unneeded:
		return isNowhere
	case other.fate.never() && other.loop == noLoop, other.fate == omitted:
		return isGone
	case other.loop != noLoop && other.fate == runs: // each value has its own
		if root == "steps" {
			return isNowhere
		}
		return isGone
	case other.loop == noLoop && other.call.callee != nil && other.call.callee.foreseen.gone[output]:
		return isGone
	}
	return perhaps
}

// origin tells whether the artifact that another one is made from will be there. The error is what the engine will say.
func (v *foresight) origin(a *v1alpha1.Artifact) (presence, error) {
	if a.FromExpression == "" {
		tags := v.p.tags(strings.TrimSpace(a.From))
		if len(tags) != 1 || tags[0].Name == "" {
			return perhaps, nil
		}
		return v.artifact(tags[0].Name), nil
	}
	if hasTag(a.FromExpression) {
		return perhaps, nil
	}
	program, err := v.p.cache.Program(a.FromExpression)
	if err != nil || !program.Predictable() {
		return perhaps, nil // what does not compile is told elsewhere
	}
	_, err = program.Text(&asked{p: v.p, scope: expr.Scopes{artifactForesight{v}, v}})
	var tooEarly *expr.LateError
	if errors.As(err, &tooEarly) {
		return perhaps, nil
	}
	return perhaps, err
}

// missing tells whether what an argument speaks of will certainly not be there.
func (v *foresight) missing(a *v1alpha1.Artifact) bool {
	if a.From == "" && a.FromExpression == "" {
		return !located(a)
	}
	presence, err := v.origin(a)
	return presence != perhaps || err != nil
}

func located(a *v1alpha1.Artifact) bool { return !reflect.ValueOf(a.ArtifactLocation).IsZero() }

// artifactForesight lets an expression choose among artifacts (ART-05).
type artifactForesight struct{ v *foresight }

// Get implements expr.Scope.
func (s artifactForesight) Get(name string) expr.Value {
	if !strings.Contains(name, ".artifacts.") {
		return expr.Value{}
	}
	switch s.v.artifact(name) {
	case isGone:
		return absent
	case isNowhere:
		return expr.Value{}
	}
	return late
}

// Below implements expr.Scope.
func (artifactForesight) Below(string) []string { return nil }

// goneOutputs works out which output artifacts of a composite will not be there; more: there are more than before.
func (p *program) goneOutputs(u *unit) (more bool) {
	if u.members == nil {
		return false
	}
	v := &foresight{p: p, unit: u}
	for i := range u.template.Outputs.Artifacts {
		a := &u.template.Outputs.Artifacts[i]
		if u.foreseen.gone[a.Name] || (a.From != "" || a.FromExpression != "") && !v.missing(a) {
			continue
		}
		if u.foreseen.gone == nil {
			u.foreseen.gone = map[string]bool{}
		}
		u.foreseen.gone[a.Name], more = true, true
	}
	return more
}

// evaluated tells how a bare expression is certain to fail.
func (v *foresight) evaluated(source string) error {
	if hasTag(source) {
		return nil
	}
	program, err := v.p.cache.Program(source)
	if err != nil || !program.Predictable() {
		return nil // what does not compile is told elsewhere
	}
	_, err = program.Text(&asked{p: v.p, scope: v})
	var tooEarly *expr.LateError
	if err == nil || errors.As(err, &tooEarly) {
		return nil
	}
	return fmt.Errorf("failed to evaluate expression: %w", err)
}

// goneError says that nothing will be there under a name, and why.
func (v *foresight) goneError(name string) error {
	return fmt.Errorf("failed to resolve {{%s}}: it will not be there%s", name, v.because(name))
}

// explained says what of an expression will not be there.
func (v *foresight) explained(a *v1alpha1.Artifact, err error) error {
	if a.FromExpression == "" {
		return err
	}
	program, bad := v.p.cache.Program(a.FromExpression)
	if bad != nil {
		return err
	}
	text := "failed to evaluate expression: " + err.Error()
	for _, ref := range program.References() {
		text += v.because(strings.Join(ref.Path, "."))
	}
	return errors.New(text)
}

// because says why a step or task gives nothing.
func (v *foresight) because(name string) string {
	root, rest, _ := strings.Cut(name, ".")
	member, field, _ := strings.Cut(rest, ".")
	other := v.sibling(root, member)
	switch {
	case other == nil && root == "inputs":
		return ", as no caller supplies it"
	case other == nil:
		return ""
	case other.fate == unneeded:
		return fmt.Sprintf(", as no target waits for task %q", member)
	case other.fate == omitted:
		return fmt.Sprintf(", as what task %q depends on never comes about", member)
	case other.fate.never():
		return fmt.Sprintf(", as %q is always skipped", member)
	case !strings.HasPrefix(field, "outputs.artifacts."):
		return ""
	case other.loop != noLoop:
		return fmt.Sprintf(", as every value of the loop %q has its own", member)
	}
	return fmt.Sprintf(", as what %q runs does not give it in the end", member)
}

// tagText is what stands between the braces of a text that is one tag.
func tagText(text string) string {
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "{{"), "}}"))
}
