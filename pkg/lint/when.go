package lint

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// neighbours are two tags side by side: one of them may become an operator.
var neighbours = regexp.MustCompile(`}}\s*{{`)

// samples are what the tags of a condition are taken to become: a word, a number, a truth value, a list, nothing.
var samples = []string{"a", "1", "true", `("a", "b")`, ""}

// mostSampled is how many different tags of a condition are tried with every sample.
const mostSampled = 4

// when checks a condition: V-267, before it runs. What its tags become is not known, so it is refused only if it cannot be
// decided whatever that is.
func (s *scope) when(condition string, path *field.Path) {
	if strings.TrimSpace(condition) == "" {
		return
	}
	if !hasTag(condition) {
		if _, err := expr.When(condition); err != nil {
			s.p.problem(s.library(), path, condition, err.Error())
		}
		return
	}
	if neighbours.MatchString(condition) {
		return
	}
	var tags []string
	for _, tag := range s.p.cache.Tags(condition) {
		if !slices.Contains(tags, tag.Raw) {
			tags = append(tags, tag.Raw)
		}
	}
	if len(tags) > mostSampled {
		return
	}
	var first error
	if !s.decidable(condition, tags, map[string]string{}, &first) {
		s.p.problem(s.library(), path, condition, first.Error()+", whatever its tags become; put texts into quotes")
	}
}

// decidable tells whether there are values for tags that let a condition be decided; first is why the first ones do not.
func (s *scope) decidable(condition string, tags []string, values map[string]string, first *error) bool {
	if len(tags) == 0 {
		_, err := expr.When(s.p.cache.Filled(condition, func(raw string) string { return values[raw] }))
		if *first == nil {
			*first = err
		}
		return err == nil
	}
	return slices.ContainsFunc(samples, func(sample string) bool {
		values[tags[0]] = sample
		return s.decidable(condition, tags[1:], values, first)
	})
}
