package validation

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxNameLength is the longest name of a template, step, task or container.
const maxNameLength = 128

var (
	nameFormat         = regexp.MustCompile(`^[a-zA-Z0-9][-a-zA-Z0-9]*$`)
	argumentNameFormat = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)
	tagFormat          = regexp.MustCompile(`{{[^{}]*}}`)
)

// hasTag tells whether the text depends on values that are known only while the workflow runs. What is never
// closed is no tag.
func hasTag(text string) bool {
	_, after, opened := strings.Cut(text, "{{")
	return opened && strings.Contains(after, "}}")
}

// validateName checks the name of a template, step, task or container: V-009, V-104, V-122, V-142, V-201.
func validateName(name string, path *field.Path) field.ErrorList {
	switch {
	case name == "":
		return field.ErrorList{field.Required(path, "give it a name")}
	case len(name) > maxNameLength:
		return field.ErrorList{field.TooLong(path, name, maxNameLength)}
	case !nameFormat.MatchString(name):
		return field.ErrorList{field.Invalid(path, name, "must consist of letters, digits and '-', and begin with a letter or a digit")}
	}
	return nil
}

// validateNameWithTags is validateName for names that may contain tags: whatever a tag becomes, the rest must be right.
func validateNameWithTags(name string, path *field.Path) field.ErrorList {
	if errs := validateName(tagFormat.ReplaceAllString(name, "x"), path); len(errs) > 0 {
		for i := range errs {
			if errs[i].Type == field.ErrorTypeInvalid {
				errs[i].BadValue = name
			}
		}
		return errs
	}
	return nil
}

// validateArgumentName checks the name of a parameter or artifact: V-030, V-031, V-080, V-160.
func validateArgumentName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "give it a name")}
	}
	if !argumentNameFormat.MatchString(name) {
		return field.ErrorList{field.Invalid(path, name, "must consist of letters, digits, '-' and '_'")}
	}
	return nil
}

// nameSet finds names that are given twice.
type nameSet map[string]bool

// add reports a name that is already in the set. Empty names are reported by those who check names.
func (s nameSet) add(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return nil
	}
	if s[name] {
		return field.ErrorList{field.Duplicate(path, name)}
	}
	s[name] = true
	return nil
}

// oneOf words a choice of names for a message.
func oneOf(names []string) string {
	switch len(names) {
	case 0:
		return "there are none"
	case 1:
		return "there is " + names[0]
	}
	const shown = 10
	if len(names) > shown {
		return fmt.Sprintf("there are %s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return "there are " + strings.Join(names, ", ")
}
