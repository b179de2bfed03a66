package validation

import (
	"encoding/json"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// images checks V-100 and V-101.
func (c *specChecker) images(template *v1alpha1.Template, path *field.Path) {
	defaults := c.spec.TemplateDefaults
	if defaults == nil || c.rules.ImagesRequired {
		defaults = &v1alpha1.Template{}
	}
	if template.Container != nil && template.Container.Image == "" && (defaults.Container == nil || defaults.Container.Image == "") {
		c.errs = append(c.errs, field.Required(path.Child("container", "image"), fmt.Sprintf("templates.%s.container.image may not be empty", template.Name)))
	}
	if template.Script != nil && template.Script.Image == "" && (defaults.Script == nil || defaults.Script.Image == "") {
		c.errs = append(c.errs, field.Required(path.Child("script", "image"), fmt.Sprintf("templates.%s.script.image may not be empty", template.Name)))
	}
}

var anyTagFormat = regexp.MustCompile(`(?s){{.*?}}`)

// withoutTags puts a word in the place of every tag, the inner ones first.
func withoutTags(text string) string {
	const word = "value"
	for range 3 {
		replaced := tagFormat.ReplaceAllString(text, word)
		if replaced == text {
			break
		}
		text = replaced
	}
	return anyTagFormat.ReplaceAllString(text, word)
}

func firstLine(text string) string {
	const most = 60
	for i, r := range text {
		if r == '\n' || i >= most {
			return text[:i] + " ..."
		}
	}
	return text
}

// validateCondition checks the condition of a resource template, which is written as requirements on labels are (TPL-04).
func validateCondition(condition string, path *field.Path) field.ErrorList {
	if condition == "" || hasTag(condition) {
		return nil
	}
	if _, err := labels.ParseToRequirements(condition); err != nil {
		return field.ErrorList{field.Invalid(path, condition, `must be requirements such as "status.phase == Succeeded": `+err.Error())}
	}
	return nil
}

// validateLoopValues checks V-125, and V-268 as far as it is known before the run.
func validateLoopValues(callee callee, path *field.Path) (errs field.ErrorList) {
	for i := range callee.withItems {
		if value := string(callee.withItems[i].Value); value == "" || value == "null" {
			errs = append(errs, field.Invalid(path.Child("withItems").Index(i), "null", "unsupported withItems type: an item is a string, a number, a boolean, a list or a map"))
		}
	}
	if text := callee.withParam; text != "" && !hasTag(text) && callee.when == "" {
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			errs = append(errs, field.Invalid(path.Child("withParam"), text, "withParam value could not be parsed as a JSON list: "+err.Error()))
		}
	}
	if sequence := callee.withSequence; sequence != nil {
		at := path.Child("withSequence")
		if sequence.Count == nil && sequence.End == nil {
			errs = append(errs, field.Required(at, "give count or end"))
		}
		errs = append(errs, validateInteger(sequence.Count, at.Child("count"))...)
		errs = append(errs, validateInteger(sequence.Start, at.Child("start"))...)
		errs = append(errs, validateInteger(sequence.End, at.Child("end"))...)
		errs = append(errs, validateNumberFormat(sequence.Format, at.Child("format"))...)
	}
	return errs
}
