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

// samples are what the tags of a condition are taken to become: a word, a number, a truth value, a list, an operator, nothing.
var samples = []string{"a", "1", "true", `("a", "b")`, "==", ""}

const (
	// mostSampled is how many different tags of a text are tried with every sample.
	mostSampled = 4
	// mostTries is how often texts of one object are tried: each takes some 20 microseconds, and whoever writes a manifest could
	// have the server try for minutes. A text counts once more for every oneTry bytes.
	mostTries = 10_000
	oneTry    = 100
)

// when checks a condition: V-267, before it runs. What its tags become is not known, so it is refused only if it cannot be
// decided whatever that is.
func (s *scope) when(condition string, path *field.Path) {
	if strings.TrimSpace(condition) == "" {
		return
	}
	if !hasTag(condition) {
		if _, err := expr.When(condition); err != nil {
			s.p.problem(s.library(), path, condition, err.Error()+equalsHint(condition))
		}
		return
	}
	if err := s.decidable(condition, func(expr.Tag) bool { return false }); err != nil {
		s.p.problem(s.library(), path, condition, err.Error()+", whatever its tags become; put texts into quotes"+equalsHint(condition))
	}
}

// decidable tries a condition with everything that its tags may become. Some of them may be left as they are.
func (s *scope) decidable(condition string, left func(expr.Tag) bool) error {
	return s.fillings(condition, samples, left, func(filled string) error {
		_, err := s.p.holds(filled)
		return err
	})
}

// decision is what came of a condition.
type decision struct {
	holds bool
	err   error
}

// holds decides a condition without tags, once for the same words: steps often repeat one.
func (p *program) holds(condition string) (bool, error) {
	if known, ok := p.conditions[condition]; ok {
		return known.holds, known.err
	}
	holds, err := expr.When(condition)
	if p.conditions == nil {
		p.conditions = map[string]decision{}
	}
	p.conditions[condition] = decision{holds, err}
	return holds, err
}

// foreignOnly tells whether a condition can be decided although the tags in it that are none of ours stay: they stand in
// quotes, as part of a text (VAR-27).
func (s *scope) foreignOnly(condition string) bool {
	foreign := func(tag expr.Tag) bool {
		return tag.Name != "" && tag.Name != "item" && !isOurs(tag.Name) && !s.get(tag.Name).known
	}
	return slices.ContainsFunc(s.p.tags(condition), foreign) && s.decidable(condition, foreign) == nil
}

// fillings tries what the tags of a text may become until one does; the error is that of the first. It gives up, without an
// error, where the tags may become too much.
func (s *scope) fillings(text string, samples []string, left func(expr.Tag) bool, try func(filled string) error) error {
	if neighbours.MatchString(text) {
		return nil
	}
	var tags []string
	values := map[string]string{}
	shapes, anything := map[string][]string{}, map[string]bool{}
	for _, tag := range s.p.tags(text) {
		switch {
		case left(tag):
			values[tag.Raw] = tag.Raw
		case !slices.Contains(tags, tag.Raw):
			tags = append(tags, tag.Raw)
			if shapes[tag.Raw] = s.shape(tag); shapes[tag.Raw] == nil {
				shapes[tag.Raw], anything[tag.Raw] = samples, true
			}
		}
	}
	if len(tags) > mostSampled {
		return nil
	}
	var first error
	fits := func() bool {
		if s.p.tries += 1 + len(text)/oneTry; s.p.tries > mostTries {
			return true
		}
		err := try(s.p.cache.Filled(text, func(raw string) string { return values[raw] }))
		if first == nil {
			first = err
		}
		return err == nil
	}
	var some func(tags []string) bool
	some = func(tags []string) bool {
		if len(tags) == 0 {
			return fits()
		}
		return slices.ContainsFunc(shapes[tags[0]], func(sample string) bool {
			values[tags[0]] = sample
			return some(tags[1:])
		})
	}
	// Most conditions fit when all tags that may become anything become the same.
	alike := slices.ContainsFunc(samples, func(sample string) bool {
		for _, tag := range tags {
			if values[tag] = shapes[tag][0]; anything[tag] {
				values[tag] = sample
			}
		}
		return fits()
	})
	if alike || some(tags) {
		return nil
	}
	return first
}
