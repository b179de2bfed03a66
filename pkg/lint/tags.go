package lint

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/engine/expr"
)

// checkedRoots begin the names that are ours: V-180. Other text in braces belongs to somebody else.
var checkedRoots = []string{"item.", "steps.", "inputs.", "outputs.", "pod.", "workflow.", "tasks."}

func isOurs(name string) bool {
	return slices.ContainsFunc(checkedRoots, func(root string) bool { return strings.HasPrefix(name, root) })
}

// strictness says what becomes of a name that is not known.
type strictness int

const (
	// strict: an error.
	strict strictness = iota
	// advised: a warning.
	advised
	// silent: nothing; only what is read is noted.
	silent
)

// texts checks every text with tags below value.
func (s *scope) texts(value any, path *field.Path, how strictness) {
	texts(value, path, func(w *walker, text string) {
		for _, tag := range s.p.tags(text) {
			s.tag(tag, w, how)
		}
		s.unclosed(text, w, how)
	})
}

// unclosed finds a tag of ours whose end is missing: it would stay in the text as it is (VAR-27).
func (s *scope) unclosed(text string, w *walker, how strictness) {
	at := strings.LastIndex(text, "{{")
	rest := text[at+2:]
	if how == silent || strings.Contains(rest, "}}") || !isOurs(strings.TrimLeft(rest, " =")) {
		return
	}
	name, _, _ := strings.Cut(rest, "\n")
	s.p.problem(s.library(), w.path(), shortened(text[at:]), fmt.Sprintf("the tag {{%s is never closed: }} is missing", shortened(name)))
}

// shortened keeps what is shown of a text to the length of a line.
func shortened(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

func (s *scope) tag(tag expr.Tag, w *walker, how strictness) {
	switch {
	case tag.Inner != nil:
		for _, inner := range tag.Inner {
			s.tag(inner, w, how)
		}
		s.readAny(tag.Raw)
		s.outerName(tag, w, how)
	case tag.Source != "" || tag.Err != nil:
		s.expressionTag(tag, w, how)
	default:
		s.simpleTag(tag, w, how)
	}
}

func (s *scope) simpleTag(tag expr.Tag, w *walker, how strictness) {
	if tag.Name != "item" && !isOurs(tag.Name) && !s.plain {
		return
	}
	v := s.get(tag.Name)
	if v.known || tag.Name == "item" && !s.plain || how == silent {
		return
	}
	if !isOurs(tag.Name) && tag.Name != "item" {
		v.reason = "there is no such variable" + s.p.didYouMean(tag.Name, s.nearby())
	}
	message := fmt.Sprintf("failed to resolve {{%s}}", tag.Name)
	if v.reason != "" {
		message += ": " + v.reason
	}
	if v.soft || how == advised || strings.HasPrefix(tag.Name, "outputs.") && !s.plain {
		s.p.warn(s.library(), w.path(), message)
		return
	}
	s.p.problem(s.library(), w.path(), tag.Raw, message)
}

// library is where the text stands.
func (s *scope) library() *library {
	if s.unit != nil {
		return s.unit.in
	}
	return s.p.own
}

// outerName checks the beginning of a name that is put together: a template without steps knows none, whatever comes next.
func (s *scope) outerName(tag expr.Tag, w *walker, how strictness) {
	root, _, dotted := strings.Cut(strings.TrimSpace(tag.Raw[2:]), ".")
	if how != strict || !dotted || s.unit == nil || s.outer != nil {
		return
	}
	if root == "inputs" && !s.mayBeInput(tag) {
		s.p.problem(s.library(), w.path(), tag.Raw, fmt.Sprintf("failed to resolve %s: the template has no input that could be called so", tag.Raw))
	}
	if root != "steps" && root != "tasks" {
		return
	}
	if m := s.unit.members; m == nil || m.root != root {
		s.p.problem(s.library(), w.path(), tag.Raw, fmt.Sprintf("failed to resolve %s: the template has no %s", tag.Raw, root))
	}
}

// mayBeInput tells whether a name that is put together can become that of an input.
func (s *scope) mayBeInput(tag expr.Tag) bool {
	if s.p.spec.TemplateDefaults != nil || s.inline() || s.unit.inline {
		return true
	}
	name := namePattern(strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(tag.Raw, "{{"), "}}")))
	in := &s.unit.template.Inputs
	known := []string{"inputs.parameters", "inputs.artifacts"}
	for i := range in.Parameters {
		known = append(known, "inputs.parameters."+in.Parameters[i].Name)
	}
	for i := range in.Artifacts {
		known = append(known, "inputs.artifacts."+in.Artifacts[i].Name, "inputs.artifacts."+in.Artifacts[i].Name+".path")
	}
	return slices.ContainsFunc(known, name.matches)
}

// readAny notes that a name which is put together at run time may be any of its kind.
func (s *scope) readAny(raw string) {
	if strings.Contains(raw, "workflow.parameters") {
		s.p.globals.readAll = true
	}
	if strings.Contains(raw, "inputs.parameters") {
		for at := s; at != nil; at = at.outer {
			if at.unit != nil {
				at.unit.inputsAll = true
			}
		}
	}
}

func (s *scope) expressionTag(tag expr.Tag, w *walker, how strictness) {
	if tag.Err != nil {
		if how != silent {
			s.p.problem(s.library(), w.path(), tag.Raw, "failed to evaluate expression: "+tag.Err.Error())
		}
		return
	}
	s.program(tag.Program, tag.Raw, w.path, expr.AnyType, how)
}
