package lint

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// neighbours are two tags side by side: one of them may become an operator.
var neighbours = regexp.MustCompile(`}}\s*{{`)

// when checks a condition: V-267, before it runs. What its tags become is not known, so it is refused only if it cannot be
// read whatever that is.
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
	var first error
	for _, value := range []string{"1", "true", "a"} {
		_, err := expr.When(s.p.cache.Filled(condition, value))
		if err == nil || !strings.HasPrefix(err.Error(), "invalid 'when'") {
			return
		}
		if first == nil {
			first = err
		}
	}
	s.p.problem(s.library(), path, condition, first.Error()+", whatever its tags become")
}
