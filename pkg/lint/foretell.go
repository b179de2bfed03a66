package lint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// foretell tells of what will go wrong in a template because of what is certain before the run: something is asked for that
// will not be there (V-041, V-042, PRM-20), or a value that is written out does not do where it is used (V-267, V-268). What is
// certain to run is refused, of the rest is warned.
func (p *program) foretell(u *unit) {
	if u.members == nil || u.foreseen.chance == neverRuns || p.shapesTemplates() {
		return
	}
	v := &foresight{p: p, unit: u}
	for _, s := range u.members.inOrder() {
		if !s.fate.never() {
			v.foretellMember(s)
		}
	}
	v.foretellOutputs(u)
}

// severity is how bad it is if a step cannot run.
func (v *foresight) severity(f fate) Severity {
	if v.unit.foreseen.chance == surelyRuns && f == runs {
		return Error
	}
	return Warning
}

func (v *foresight) foretellMember(s *sibling) {
	path, severity := s.call.path, v.severity(s.fate)
	if v.foretellCondition(s, path) {
		return
	}
	if err := v.loopError(s.step); err != nil {
		if v.p.blamed(path.Child(err.Field)) {
			return
		}
		if s.fate == notOmitted && v.p.asksForItem(s.step.When) {
			severity = v.severity(runs) // there are no items to ask it of
		}
		v.p.report(severity, v.unit.in, path.Child(err.Field), err.BadValue, err.Detail)
		return
	}
	v.foretellCall(s.call, severity)
	for _, c := range s.after {
		if c.atEnd {
			v.foretellCall(c, severity)
		} else {
			v.foretellCall(c, Warning)
		}
	}
}

// asksForItem tells whether a condition is decided for each value of the loop.
func (p *program) asksForItem(when string) bool {
	return slices.ContainsFunc(p.tags(when), func(tag expr.Tag) bool {
		return tag.Name == "item" || strings.HasPrefix(tag.Name, "item.") || tag.Program != nil && tag.Program.Mentions("item")
	})
}

// blamed tells whether something is known to be wrong with a field: what follows from that is not told.
func (p *program) blamed(path *field.Path) bool {
	text := path.String()
	return slices.ContainsFunc(p.errs, func(err *field.Error) bool { return err.Field == text })
}

// foretellCondition tells of a condition that cannot be decided. It is looked at whenever its step comes up.
func (v *foresight) foretellCondition(s *sibling, path *field.Path) (told bool) {
	when := s.step.When
	if s.fate == runs || !hasTag(when) {
		return false
	}
	text, open, err := v.render(when)
	if name, gone := expr.FindAbsent(text); err == nil && gone {
		err = v.goneError(name)
	} else if err == nil && !open {
		_, err = v.p.holds(text)
	}
	if err == nil || v.p.blamed(path.Child("when")) {
		return err != nil
	}
	comesUp := runs
	if s.fate == undecided {
		comesUp = undecided
	}
	v.p.report(v.severity(comesUp), v.unit.in, path.Child("when"), when, err.Error())
	return true
}

// loopError tells what is wrong with the values of a loop; its field is that of the step. What has no tags, validation has
// looked at.
func (v *foresight) loopError(step *v1alpha1.WorkflowStep) *field.Error {
	if !hasTag(step.WithParam) {
		return nil
	}
	at := field.NewPath("withParam")
	text, open, err := v.render(step.WithParam)
	if name, gone := expr.FindAbsent(text); err == nil && gone {
		err = v.goneError(name)
	}
	var list []json.RawMessage
	if err == nil && !open && json.Unmarshal([]byte(text), &list) != nil {
		err = fmt.Errorf("withParam value could not be parsed as a JSON list: %s", shortened(text))
	}
	if err == nil {
		return nil
	}
	return field.Invalid(at, step.WithParam, err.Error())
}

// foretellCall tells of arguments that will not be there.
func (v *foresight) foretellCall(c *call, severity Severity) {
	arguments, in := c.path.Child("arguments"), v.unit.in
	kept := v1alpha1.Arguments{}
	var dropped []string
	for i := range c.arguments.Parameters {
		parameter := &c.arguments.Parameters[i]
		if parameter.Value != nil && hasTag(string(*parameter.Value)) {
			text, _, err := v.render(string(*parameter.Value))
			name, gone := expr.FindAbsent(text)
			_, alone := expr.AbsentText(text)
			if err == nil && gone && !alone {
				err = v.goneError(name)
			}
			if err != nil {
				v.p.report(severity, in, arguments.Child("parameters").Index(i).Child("value"), string(*parameter.Value), err.Error())
				return
			}
			if alone {
				dropped = append(dropped, v.goneError(name).Error())
				continue
			}
		}
		kept.Parameters = append(kept.Parameters, *parameter)
	}
	for i := range c.arguments.Artifacts {
		artifact := &c.arguments.Artifacts[i]
		presence, err := v.origin(artifact)
		if presence == isNowhere {
			err = fmt.Errorf("failed to resolve %s: it is never there%s", strings.TrimSpace(artifact.From), v.because(tagText(artifact.From)))
		}
		at := arguments.Child("artifacts").Index(i)
		if err != nil && (v.p.blamed(at.Child("from")) || v.p.blamed(at.Child("fromExpression"))) {
			return
		}
		switch {
		case err != nil && !artifact.Optional:
			v.p.report(severity, in, arguments.Child("artifacts").Index(i), artifact.Name, v.explained(artifact, err).Error())
			return
		case err != nil, presence == isGone:
			dropped = append(dropped, v.goneError(tagText(artifact.From)).Error())
		default:
			kept.Artifacts = append(kept.Artifacts, *artifact)
		}
	}
	if len(dropped) > 0 && c.callee != nil {
		v.foretellMissing(c, &kept, severity, strings.Join(dropped, "; "))
	}
}

// foretellMissing tells of inputs that get nothing once the arguments that will not be there are left out.
func (v *foresight) foretellMissing(c *call, kept *v1alpha1.Arguments, severity Severity, why string) {
	path := c.path.Child("arguments")
	before, _ := validation.ValidateCall(c.callee.template, c.arguments, path)
	after, _ := validation.ValidateCall(c.callee.template, kept, path)
	for _, err := range validation.Introduced(after, before) {
		v.p.report(severity, v.unit.in, field.NewPath(err.Field), "", err.Detail+": "+why)
	}
}

// foretellOutputs tells of outputs of a composite that take from what will not be there.
func (v *foresight) foretellOutputs(u *unit) {
	path, severity := u.path.Child("outputs"), v.severity(runs)
	for i := range u.template.Outputs.Parameters {
		parameter := &u.template.Outputs.Parameters[i]
		from := parameter.ValueFrom
		if from == nil || from.Default != nil {
			continue
		}
		text, err := from.Parameter, error(nil)
		at := path.Child("parameters").Index(i).Child("valueFrom")
		if from.Expression != "" {
			text, at, err = from.Expression, at.Child("expression"), v.evaluated(from.Expression)
		} else {
			at = at.Child("parameter")
			rendered, _, failed := v.render(text)
			if err = failed; err == nil {
				if name, gone := expr.FindAbsent(rendered); gone {
					err = v.goneError(name)
				}
			}
		}
		if err != nil {
			v.p.report(severity, u.in, at, text, err.Error())
		}
	}
	for i := range u.template.Outputs.Artifacts {
		artifact := &u.template.Outputs.Artifacts[i]
		presence, err := v.origin(artifact)
		if presence != perhaps && err == nil {
			err = v.goneError(tagText(artifact.From))
		}
		if err != nil && (presence == isNowhere || !artifact.Optional) {
			v.p.report(severity, u.in, path.Child("artifacts").Index(i), artifact.Name, v.explained(artifact, err).Error())
		}
	}
}
