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
	decide := func(filled string) error {
		_, err := expr.When(filled)
		return err
	}
	if err := s.fillings(condition, samples, decide); err != nil {
		s.p.problem(s.library(), path, condition, err.Error()+", whatever its tags become; put texts into quotes")
	}
}

// fillings tries what the tags of a text may become until one does; the error is that of the first. It gives up, without an
// error, where the tags may become too much.
func (s *scope) fillings(text string, samples []string, try func(filled string) error) error {
	if neighbours.MatchString(text) {
		return nil
	}
	var tags []string
	for _, tag := range s.p.cache.Tags(text) {
		if !slices.Contains(tags, tag.Raw) {
			tags = append(tags, tag.Raw)
		}
	}
	if len(tags) > mostSampled {
		return nil
	}
	var first error
	values := map[string]string{}
	var fits func(tags []string) bool
	fits = func(tags []string) bool {
		if len(tags) == 0 {
			err := try(s.p.cache.Filled(text, func(raw string) string { return values[raw] }))
			if first == nil {
				first = err
			}
			return err == nil
		}
		return slices.ContainsFunc(samples, func(sample string) bool {
			values[tags[0]] = sample
			return fits(tags[1:])
		})
	}
	if fits(tags) {
		return nil
	}
	return first
}
