package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	apivalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// form is what a text has to be once the values of its tags are put in. A text without tags is validation's.
type form struct {
	// what it is called in messages.
	what string
	// samples are what its tags are taken to become.
	samples []string
	check   func(text string) error
}

var (
	durationForm = form{"a duration", []string{"1", "1m", "m", ""}, func(text string) error {
		if text == "" {
			return nil // none is given
		}
		_, err := v1alpha1.ParseDuration(text)
		return err
	}}
	timeoutForm = form{"a duration", []string{"1m", "1", "m", ""}, func(text string) error {
		if text == "" {
			return nil
		}
		_, err := v1alpha1.ParseTimeout(text)
		return err
	}}
	numberForm = form{"a whole number", []string{"1", "-", ""}, func(text string) error {
		if _, err := strconv.Atoi(strings.TrimSpace(text)); err != nil {
			return fmt.Errorf("%q is not an integer", text)
		}
		return nil
	}}
	listForm = form{"a JSON list", []string{"[]", `"a"`, "1", "a", "[1", "1]", ""}, func(text string) error {
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("withParam value could not be parsed as a JSON list: %s", shortened(text))
		}
		return nil
	}}
	displayNameForm = form{"a display name", []string{"aa", ""}, validation.CheckDisplayName}
	labelForm       = form{"a label's value", []string{"a", ""}, func(text string) error {
		if problems := apivalidation.IsValidLabelValue(text); len(problems) > 0 {
			return fmt.Errorf("%q is no value for a label: %s", text, problems[0])
		}
		return nil
	}}
)

// form refuses a text that does not become what it has to be, whatever its tags become, and one that certainly becomes something
// else (V-268, V-053, V-056, V-264).
func (s *scope) form(text string, path *field.Path, f form) {
	if !hasTag(text) {
		return
	}
	if err := s.fillings(text, f.samples, func(expr.Tag) bool { return false }, f.check); err != nil {
		s.p.problem(s.library(), path, text, fmt.Sprintf("does not become %s, whatever its tags become: %v", f.what, err))
		return
	}
	v, known := s.foresight()
	if !known {
		return
	}
	filled, open, err := v.render(text)
	if err == nil && !open {
		err = f.check(filled)
	}
	if err != nil && !open {
		s.p.report(s.certainty(), s.library(), path, text, err.Error())
	}
}

// foresight gives what is certain before the run; false: nothing is.
func (s *scope) foresight() (*foresight, bool) {
	if s.p.rules.alone || s.outer != nil || s.unit != nil && s.unit.inline {
		return nil, false
	}
	return &foresight{p: s.p, unit: s.unit}, true
}

// certainty is how bad it is when a text does not do: an error where it is used in any case.
func (s *scope) certainty() Severity {
	switch {
	case s.unit == nil:
		return Error
	case s.unit.foreseen.chance != surelyRuns, s.viewer != nil && s.viewer.fate != runs:
		return Warning
	}
	return Error
}

func (s *scope) number(value *intstr.IntOrString, path *field.Path) {
	if value != nil && value.Type == intstr.String {
		s.form(value.StrVal, path, numberForm)
	}
}

// loopForms checks what the values of a loop are made from.
func (s *scope) loopForms(step *v1alpha1.WorkflowStep, path *field.Path) {
	if hasTag(step.WithParam) {
		if err := s.fillings(step.WithParam, listForm.samples, func(expr.Tag) bool { return false }, listForm.check); err != nil {
			s.p.problem(s.library(), path.Child("withParam"), step.WithParam, err.Error()+", whatever its tags become")
		}
	}
	if sequence := step.WithSequence; sequence != nil {
		at := path.Child("withSequence")
		s.number(sequence.Count, at.Child("count"))
		s.number(sequence.Start, at.Child("start"))
		s.number(sequence.End, at.Child("end"))
	}
}

// templateForms checks the times and limits of a template.
func (s *scope) templateForms(t *v1alpha1.Template, path *field.Path) {
	s.form(t.Annotations[v1alpha1.AnnotationKeyDisplayName], path.Child("annotations").Key(v1alpha1.AnnotationKeyDisplayName), displayNameForm)
	s.form(t.Timeout, path.Child("timeout"), timeoutForm)
	s.form(t.PendingTimeout, path.Child("pendingTimeout"), durationForm)
	s.number(t.ActiveDeadlineSeconds, path.Child("activeDeadlineSeconds"))
	if t.Suspend != nil {
		s.form(t.Suspend.Duration, path.Child("suspend", "duration"), durationForm)
	}
	if set := t.ContainerSet; set != nil && set.RetryStrategy != nil {
		s.form(set.RetryStrategy.Duration, path.Child("containerSet", "retryStrategy", "duration"), durationForm)
	}
	if retry := t.RetryStrategy; retry != nil {
		at := path.Child("retryStrategy")
		s.number(retry.Limit, at.Child("limit"))
		if backoff := retry.Backoff; backoff != nil {
			at = at.Child("backoff")
			s.form(backoff.Duration, at.Child("duration"), durationForm)
			s.form(backoff.Cap, at.Child("cap"), durationForm)
			s.form(backoff.MaxDuration, at.Child("maxDuration"), durationForm)
			s.number(backoff.Factor, at.Child("factor"))
		}
	}
}

// leafValues tells of expressions in a leaf that are certain to fail.
func (s *scope) leafValues(value any, path *field.Path) {
	v, known := s.foresight()
	if !known {
		return
	}
	texts(value, path, func(w *walker, text string) {
		if _, _, err := v.render(text); err != nil && !s.p.blamed(w.path()) {
			s.p.report(s.certainty(), s.library(), w.path(), shortened(text), err.Error())
		}
	})
}

// nameForms checks names of templates that are put together: V-011.
func (s *scope) nameForms(step *v1alpha1.WorkflowStep, path *field.Path) {
	v, known := s.foresight()
	if !known || !hasTag(step.Template) {
		return
	}
	name := s.p.parse(step.Template)
	if !name.predictable() {
		return
	}
	for _, values := range literalItems(step) {
		if s.p.followed += len(step.Template); s.p.followed > mostFollowed {
			return
		}
		text, err := name.Render(&asked{p: s.p, scope: expr.Scopes{values, v}}, expr.Strict)
		if err != nil || hasTag(text) {
			continue
		}
		if _, there := s.library().templates[text]; !there {
			s.p.report(s.certainty(), s.library(), path.Child("template"), step.Template, fmt.Sprintf("template name '%s' undefined%s", text, s.p.didYouMean(text, s.library().names)))
			return
		}
	}
}

// literalItems are what the values of a loop that stands in the manifest give its step; of a step that is no loop, there is one
// without any.
func literalItems(step *v1alpha1.WorkflowStep) []expr.Map {
	switch {
	case step.WithParam != "" || step.WithSequence != nil:
		return nil
	case len(step.WithItems) == 0:
		return []expr.Map{nil}
	}
	items, _, err := graph.Items(&v1alpha1.WorkflowStep{WithItems: step.WithItems})
	if err != nil {
		return nil
	}
	values := make([]expr.Map, 0, len(items))
	for i := range items {
		if item := items[i].Variables(); !hasTag(item["item"]) {
			values = append(values, item)
		}
	}
	return values
}

// labelForms checks the values of labels that the workflow gives itself: V-264.
func (s *scope) labelForms(m *v1alpha1.WorkflowMetadata, path *field.Path) {
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		s.form(m.Labels[key], path.Child("labels").Key(key), labelForm)
	}
	v, known := s.foresight()
	if !known {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m.LabelsFrom)) {
		source := m.LabelsFrom[key].Expression
		program, err := s.p.cache.Program(source)
		if source == "" || hasTag(source) || err != nil || !program.Predictable() {
			continue
		}
		text, err := program.Text(&asked{p: s.p, scope: v})
		var tooEarly *expr.LateError
		if errors.As(err, &tooEarly) {
			continue
		}
		if err == nil {
			err = labelForm.check(text)
		}
		if err != nil {
			s.p.problem(s.library(), path.Child("labelsFrom").Key(key).Child("expression"), source, err.Error())
		}
	}
}
