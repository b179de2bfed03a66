package lint

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// expression checks a bare expression. One with tags in it is only known when they are replaced.
func (s *scope) expression(source string, path *field.Path, want expr.Type) {
	if source == "" {
		return
	}
	if hasTag(source) {
		if !s.bare { // else others have looked at them
			plain := *s
			plain.plain = true
			plain.texts(source, path, strict)
		}
		s.filledExpression(source, path, want)
		return
	}
	program, err := s.p.cache.Program(source)
	if err != nil {
		s.p.problem(s.library(), path, source, "cannot be compiled: "+err.Error())
		return
	}
	s.program(program, source, func() *field.Path { return path }, want, strict)
}

// operands are what the tags of an expression are taken to become: a name, a number, a text, an operator.
var operands = []string{"a", "1", `"a"`, "=="}

// filledExpression refuses an expression with tags if it cannot be compiled, or gives nothing of the kind that is wanted,
// whatever they become.
func (s *scope) filledExpression(source string, path *field.Path, want expr.Type) {
	compile := func(filled string) error {
		program, err := s.p.cache.Program(filled)
		if err == nil && want != expr.AnyType {
			err = program.CheckTypes(expr.Types{}, want)
		}
		return err
	}
	if err := s.fillings(source, operands, func(expr.Tag) bool { return false }, compile); err != nil {
		s.p.problem(s.library(), path, source, fmt.Sprintf("cannot be compiled, whatever its tags become: %v", err))
	}
}

// program checks the names that an expression reads, and whether its operations fit what they hold.
func (s *scope) program(program *expr.Program, shown string, path func() *field.Path, want expr.Type, how strictness) {
	types := expr.Types{}
	failed := false
	for _, ref := range program.References() {
		v := s.reference(ref, types)
		if v.known || how == silent {
			continue
		}
		if ref.Guarded && (!s.plain || !s.late(strings.Join(ref.Path, "."))) {
			failed = s.guarded(ref, v, shown, path, how) || failed
			continue
		}
		failed = true
		message := fmt.Sprintf("failed to evaluate expression: %s is missing", strings.Join(ref.Path, "."))
		if v.reason != "" {
			message += ": " + v.reason
		}
		if v.soft || how == advised {
			s.p.warn(s.library(), path(), message)
		} else {
			s.p.problem(s.library(), path(), shown, message)
		}
		if v.instead {
			break // what comes behind the hyphen is no name either
		}
	}
	if how == silent {
		return
	}
	for _, name := range program.UnknownFunctions() {
		failed = true
		s.p.problem(s.library(), path(), shown, fmt.Sprintf("failed to evaluate expression: there is no function %s%s", name, s.p.didYouMean(name, expr.Functions())))
	}
	for _, err := range program.Mistakes() {
		failed = true
		s.p.problem(s.library(), path(), shown, "failed to evaluate expression: "+err.Error())
	}
	if strings.TrimSpace(program.Source()) == "nil" {
		failed = true
		s.p.problem(s.library(), path(), shown, "failed to evaluate expression: the result is nil; give a value")
	}
	if failed {
		return
	}
	if err := s.p.checkTypes(program, types, want); err != nil {
		s.typeError(err, shown, path())
	}
}

// guarded judges a name that need not exist: `??` helps where the last member is missing, not where there is nothing that it
// could be a member of.
func (s *scope) guarded(ref expr.Reference, v verdict, shown string, path func() *field.Path, how strictness) (failed bool) {
	there := len(ref.Path) - 1
	for there > 0 && !s.holds(strings.Join(ref.Path[:there], ".")) {
		there--
	}
	if there == len(ref.Path)-1 {
		return false
	}
	name := strings.Join(ref.Path, ".")
	message := fmt.Sprintf("%s: %s is never there%s", shown, name, s.p.didYouMean(name, s.nearby()))
	if ref.Chained || v.soft || how == advised {
		s.p.warn(s.library(), path(), message)
		return false
	}
	s.p.problem(s.library(), path(), shown, fmt.Sprintf("failed to evaluate expression: %s is never there, so it has no member %s, and ?? does not help%s",
		strings.Join(ref.Path[:there+1], "."), ref.Path[there+1], s.p.didYouMean(name, s.nearby())))
	return true
}

// holds tells whether a name stands for a group that an expression sees, so that a member of it may be missing.
func (s *scope) holds(name string) bool {
	return s.object(name) && (s.readable(name) || name == "steps" || name == "tasks")
}

// checkTypes checks an expression once for the same variables: steps often repeat one.
func (p *program) checkTypes(program *expr.Program, types expr.Types, want expr.Type) error {
	key := fmt.Sprint(want, types, program.Source()) // maps are printed in the order of their keys
	if known, ok := p.checked[key]; ok {
		return known
	}
	err := program.CheckTypes(types, want)
	if p.checked == nil {
		p.checked = map[string]error{}
	}
	p.checked[key] = err
	return err
}

// typeError tells what does not fit. Comparing a text with a number goes through and is never true, so it is a warning.
func (s *scope) typeError(err error, shown string, path *field.Path) {
	text := err.Error()
	for _, harmless := range []string{"invalid operation: == (", "invalid operation: != (", "invalid operation: in ("} {
		if strings.HasPrefix(text, harmless) {
			s.p.warn(s.library(), path, fmt.Sprintf("%s: values are texts; compare with a text, or convert with asInt() or asFloat(): %s", shown, text))
			return
		}
	}
	if strings.Contains(text, "string and int") || strings.Contains(text, "int and string") ||
		strings.Contains(text, "string and float") || strings.Contains(text, "float64 and string") {
		text += ": values are texts; convert them with asInt() or asFloat()"
	}
	s.p.problem(s.library(), path, shown, "failed to evaluate expression: "+text)
}

// reference judges a variable of an expression and notes what it holds.
func (s *scope) reference(ref expr.Reference, types expr.Types) verdict {
	for n := len(ref.Path); n > 0; n-- {
		name := strings.Join(ref.Path[:n], ".")
		v := s.get(name)
		object := s.object(name)
		switch {
		case object && n < len(ref.Path) && !s.open(name):
			return s.whyNot(ref.Path)
		case object && n == len(ref.Path) && !s.readable(name) && (s.plain || !s.late(name)):
			return unknown("it cannot be read as a whole; name one of its members")
		case s.plain && s.late(name):
			return unknown("it has no value here")
		case object && n == len(ref.Path) && s.surelyObject(name):
			putType(types, ref.Path[:n], expr.ObjectType)
			return isKnown
		case object && name == "item" && s.plain && n < len(ref.Path) && !ref.Guarded && !s.item.any && !slices.Contains(s.item.names, ref.Path[1]):
			return s.whyNot(ref.Path)
		case object && (n == len(ref.Path) || s.open(name)):
			putType(types, ref.Path[:n], expr.AnyType)
			return isKnown
		case v.known:
			putType(types, ref.Path[:n], s.typeOf(name))
			return isKnown
		}
	}
	return s.whyNot(ref.Path)
}

// open tells objects whose members are not known.
func (s *scope) open(name string) bool {
	return name == "item" || name == "resourcesDuration" || strings.Contains(name, ".artifacts.")
}

func (s *scope) typeOf(name string) expr.Type {
	root, _, _ := strings.Cut(name, ".")
	switch root {
	case "workflow", "inputs", "steps", "tasks", "retries", "lastRetry", "status", "exitCode", "node", "pod":
		if strings.Contains(name, ".artifacts.") {
			return expr.AnyType
		}
		return expr.TextType
	case "outputs":
		if strings.HasSuffix(name, ".path") {
			return expr.TextType
		}
	}
	at := any(s.extra)
	for _, word := range strings.Split(name, ".") {
		object, ok := at.(expr.Types)
		if !ok {
			return expr.AnyType
		}
		at = object[word]
	}
	if is, ok := at.(expr.Type); ok {
		return is
	}
	return expr.AnyType
}

// whyNot words what is wrong with a name in an expression.
func (s *scope) whyNot(path []string) verdict {
	name := strings.Join(path, ".")
	v := s.get(name)
	switch {
	case v.known: // an object that has no value of its own
		v = unknown("it has no such member")
	case v.reason == "" || v.reason == "there is no such variable":
		v.reason = "there is no such variable" + s.p.didYouMean(name, s.nearby())
	}
	if hyphenated := s.hyphenated(path); hyphenated != "" {
		v.reason = fmt.Sprintf("a name with '-' is written as ['%s'] in an expression", hyphenated)
		v.instead = true
	}
	return v
}

// hyphenated finds a name with a hyphen of which an expression sees only what comes before the hyphen.
func (s *scope) hyphenated(path []string) string {
	last := path[len(path)-1]
	var known []string
	switch {
	case s.unit != nil && len(path) == 3 && path[0] == "inputs" && path[1] == "parameters":
		known = parameterNames(s.unit.template.Inputs.Parameters)
	case len(path) == 3 && path[0] == "workflow" && path[1] == "parameters":
		known = s.p.globals.parameters
	case s.unit != nil && s.unit.members != nil && len(path) == 2 && path[0] == s.unit.members.root:
		known = s.unit.members.names
	}
	for _, name := range known {
		if strings.HasPrefix(name, last+"-") {
			return name
		}
	}
	return ""
}

func putType(types expr.Types, path []string, is expr.Type) {
	for _, name := range path[:len(path)-1] {
		next, ok := types[name].(expr.Types)
		if !ok {
			if _, taken := types[name]; taken && types[name] == expr.AnyType {
				return
			}
			next = expr.Types{}
			types[name] = next
		}
		types = next
	}
	last := path[len(path)-1]
	if _, deeper := types[last].(expr.Types); !deeper || is == expr.AnyType {
		types[last] = is
	}
}
