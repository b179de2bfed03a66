package expr

import (
	"fmt"
	"strings"

	"github.com/Knetic/govaluate"
)

// When decides a `when` condition after its tags were replaced (FLOW-04). Words without quotes are strings. An empty
// condition holds.
func When(condition string) (holds bool, err error) {
	if condition == "" {
		return true, nil
	}
	defer func() { // the parser panics on some broken input
		if p := recover(); p != nil {
			holds, err = false, fmt.Errorf("invalid 'when' expression '%s': %v", condition, p)
		}
	}()
	parsed, err := govaluate.NewEvaluableExpression(condition)
	if err != nil {
		hint := ""
		if strings.Contains(err.Error(), "Invalid token") {
			hint = " (hint: try wrapping the affected expression in quotes (\"))"
		}
		return false, fmt.Errorf("invalid 'when' expression '%s': %w%s", condition, err, hint)
	}
	tokens := parsed.Tokens()
	for i := range tokens {
		if tokens[i].Kind == govaluate.VARIABLE {
			tokens[i].Kind = govaluate.STRING
		}
	}
	parsed, err = govaluate.NewEvaluableExpressionFromTokens(tokens)
	if err != nil {
		return false, fmt.Errorf("invalid 'when' expression '%s': %w", condition, err)
	}
	result, err := parsed.Evaluate(nil)
	if err != nil {
		return false, fmt.Errorf("failed to evaluate 'when' expression '%s': %w", condition, err)
	}
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("expected boolean evaluation for '%s', got %v", condition, result)
	}
	return b, nil
}
