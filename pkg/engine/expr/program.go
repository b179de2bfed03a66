package expr

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Program is a compiled expression of the expr language with the variables that it reads.
type Program struct {
	source  string
	program *vm.Program
	refs    []reference

	predict     sync.Once
	predictable bool
}

// LateError tells that an expression reads a variable that has no value yet.
type LateError struct{ Name string }

// Error implements error.
func (e *LateError) Error() string { return e.Name + " has no value yet" }

// MissingError tells that an expression reads a variable that does not exist.
type MissingError struct{ Name string }

// Error implements error.
func (e *MissingError) Error() string { return e.Name + " is missing" }

func compile(source string) (*Program, error) {
	refs, err := references(source)
	if err != nil {
		return nil, err
	}
	program, err := expr.Compile(source, expr.AllowUndefinedVariables())
	if err != nil {
		return nil, oneLine(err)
	}
	return &Program{source: source, program: program, refs: refs}, nil
}

// Mentions reports whether the expression reads the variable with this name or something below it.
func (p *Program) Mentions(name string) bool {
	for _, ref := range p.refs {
		full := strings.Join(ref.path, ".")
		if full == name || strings.HasPrefix(full, name+".") {
			return true
		}
	}
	return false
}

// Eval evaluates with the variables of scope. Errors: LateError, MissingError, or what the expression itself does wrong.
func (p *Program) Eval(scope Scope) (any, error) {
	env := environment()
	for _, ref := range p.refs {
		if err := bind(env, ref, scope); err != nil {
			return nil, err
		}
	}
	result, err := expr.Run(p.program, env)
	if err != nil {
		return nil, oneLine(err)
	}
	return result, nil
}

// Text evaluates and renders the result: a string as it is, anything else as JSON (EXP-03). A nil result is an error.
func (p *Program) Text(scope Scope) (string, error) {
	result, err := p.Eval(scope)
	if err != nil {
		return "", err
	}
	switch v := result.(type) {
	case nil:
		return "", fmt.Errorf("the result of %q is nil", p.source)
	case string:
		return v, nil
	default:
		return marshal(v)
	}
}

// Bool evaluates an expression that has to give true or false.
func (p *Program) Bool(scope Scope) (bool, error) {
	result, err := p.Eval(scope)
	if err != nil {
		return false, err
	}
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("expected boolean evaluation of %q, got %v", p.source, result)
	}
	return b, nil
}

// bind puts one variable into the environment, with everything below it if it is an object.
func bind(env map[string]any, ref reference, scope Scope) error {
	if ref.guarded && len(ref.path) > 3 && ref.path[0] == "workflow" && ref.path[1] == "outputs" {
		put(env, ref.path[:3], map[string]any{}) // before anything is exported, ?? sees that this is not there (EXP-05)
	}
	for n := len(ref.path); n > 0; n-- {
		name := strings.Join(ref.path[:n], ".")
		if names := scope.Below(name); len(names) > 0 {
			if n < len(ref.path) {
				// the member asked for was not found; the object is there, so a guard can see that it is nil
				if !ref.guarded {
					return &MissingError{Name: strings.Join(ref.path, ".")}
				}
			}
			for _, member := range names {
				v := scope.Get(member)
				if v.State == Known {
					path := append(append([]string{}, ref.path[:n]...), strings.TrimPrefix(member, name+"."))
					put(env, path, v.Text)
					put(env, append(append([]string{}, ref.path[:n]...), strings.Split(path[n], ".")...), v.Text)
				}
			}
			return nil
		}
		switch v := scope.Get(name); v.State {
		case Known:
			put(env, ref.path[:n], v.Text)
			return nil
		case Absent:
			put(env, ref.path[:n], nil)
			return nil
		case Late:
			return &LateError{Name: name}
		}
	}
	if ref.guarded {
		return nil
	}
	return &MissingError{Name: strings.Join(ref.path, ".")}
}

// put sets a value at a path of nested maps; what is in the way of a deeper value gives way.
func put(env map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		next, ok := env[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			env[key] = next
		}
		env = next
	}
	last := path[len(path)-1]
	if _, isObject := env[last].(map[string]any); !isObject {
		env[last] = value
	}
}

// oneLine drops the drawing of the place that the expr library adds to its messages.
func oneLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(text)
}
