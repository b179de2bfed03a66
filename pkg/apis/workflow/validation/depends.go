package validation

import (
	"errors"
	"fmt"
	"strings"
)

// dependsTerm is one operand of a depends expression: a task, and the end of it that is meant ("" for the default).
type dependsTerm struct {
	task, result string
}

// parseDepends reads an expression of tasks, `&&`, `||`, `!` and parentheses and returns its operands in order. Empty
// text has none.
func parseDepends(text string) ([]dependsTerm, error) {
	p := dependsParser{rest: text}
	p.space()
	if p.rest == "" {
		return nil, nil
	}
	if err := p.expression(); err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, fmt.Errorf("cannot be read from %q on; the operators &&, || and ! join tasks", p.rest)
	}
	return p.terms, nil
}

type dependsParser struct {
	rest  string
	terms []dependsTerm
	depth int
}

// maxDependsDepth bounds how deep parentheses and negations go, far beyond what anybody writes.
const maxDependsDepth = 1000

// expression reads operands joined by && and ||. Which of them binds closer makes no difference to the operands.
func (p *dependsParser) expression() error {
	for {
		if err := p.operand(); err != nil {
			return err
		}
		if !p.skip("&&") && !p.skip("||") {
			return nil
		}
	}
}

func (p *dependsParser) operand() error {
	if p.depth++; p.depth > maxDependsDepth {
		return errors.New("is nested too deep")
	}
	defer func() { p.depth-- }()
	switch {
	case p.skip("!"):
		return p.operand()
	case p.skip("("):
		if err := p.expression(); err != nil {
			return err
		}
		if !p.skip(")") {
			return errors.New("a closing parenthesis is missing")
		}
		return nil
	}
	name := p.word()
	if name == "" {
		if p.rest == "" {
			return errors.New("ends where the name of a task is expected")
		}
		return fmt.Errorf("the name of a task is expected at %q", p.rest)
	}
	task, result, dotted := strings.Cut(name, ".")
	if task == "" || dotted && result == "" {
		return fmt.Errorf("%q is neither a task nor task.Result", name)
	}
	p.terms = append(p.terms, dependsTerm{task: task, result: result})
	return nil
}

// word takes the name of a task with what follows after a dot.
func (p *dependsParser) word() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	p.space()
	return word
}

func (p *dependsParser) skip(token string) bool {
	rest, found := strings.CutPrefix(p.rest, token)
	if found {
		p.rest = rest
		p.space()
	}
	return found
}

func (p *dependsParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }
