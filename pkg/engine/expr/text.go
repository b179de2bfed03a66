package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Template is a text with tags, parsed once. The text is JSON or goes into JSON: values are escaped as JSON strings when
// they are put in (VAR-26), so a value with quotes or newlines stays one string.
type Template struct {
	text  string
	parts []part
}

// part is a literal (kind literal) or a tag.
type part struct {
	kind    partKind
	text    string // the literal, the name of a simple tag, or the source of an expression
	raw     string // the tag as written
	inner   []part // what a nested tag is made of (VAR-28)
	program *Program
	err     error // why the expression does not compile
}

type partKind int

const (
	literal partKind = iota
	simple
	expression
	nested
)

// HasTags reports whether there is anything to put in.
func (t *Template) HasTags() bool {
	for i := range t.parts {
		if t.parts[i].kind != literal {
			return true
		}
	}
	return false
}

// String is the text as it was parsed.
func (t *Template) String() string { return t.text }

// Mode tells what happens to tags that have no value.
type Mode int

const (
	// Lenient leaves every tag without a value as it is.
	Lenient Mode = iota
	// Strict fails on tags that name a variable of ours without a value; other text in braces stays as it is (VAR-27).
	Strict
)

// absentMark stands in rendered text for a value that is absent; the name follows up to the next mark.
const absentMark = "\x00absent:"

// escapedMark is absentMark inside JSON.
const escapedMark = `\u0000absent:`

// AbsentText is what a value consists of that was nothing but a reference to an absent output. ok tells whether value is one.
func AbsentText(value string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(value, absentMark)
	if !ok || strings.IndexByte(rest, 0) != len(rest)-1 {
		return "", false
	}
	return rest[:len(rest)-1], true
}

// FindAbsent finds a reference to an absent output in a text or its JSON, for an error message.
func FindAbsent(value string) (name string, ok bool) {
	for mark, end := range map[string]string{absentMark: "\x00", escapedMark: `\u0000`} {
		if _, rest, ok := strings.Cut(value, mark); ok {
			name, _, _ = strings.Cut(rest, end)
			return name, true
		}
	}
	return "", false
}

// Render puts the values of scope into the text. Absent values leave a mark that AbsentText and FindAbsent find.
func (t *Template) Render(scope Scope, mode Mode) (string, error) {
	if len(t.parts) == 1 && t.parts[0].kind == literal {
		return t.text, nil
	}
	var b strings.Builder
	b.Grow(len(t.text) + 64)
	for i := range t.parts {
		if err := t.parts[i].render(&b, scope, mode); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (p *part) render(b *strings.Builder, scope Scope, mode Mode) error {
	switch p.kind {
	case literal:
		b.WriteString(p.text)
		return nil
	case expression:
		return p.renderExpression(b, scope, mode)
	case nested:
		return p.renderNested(b, scope, mode)
	default:
		return renderSimple(b, p.text, p.raw, scope, mode)
	}
}

func renderSimple(b *strings.Builder, name, raw string, scope Scope, mode Mode) error {
	v := scope.Get(name)
	switch {
	case v.State == Known:
		writeEscaped(b, v.Text)
	case v.State == Absent:
		writeEscaped(b, absentMark+name+"\x00")
	case v.State == Unknown && mode == Strict && reserved(name):
		return fmt.Errorf("failed to resolve {{%s}}", name)
	default:
		b.WriteString(raw)
	}
	return nil
}

// renderNested resolves what stands inside a tag first; if any of it stays open, the whole tag does.
func (p *part) renderNested(b *strings.Builder, scope Scope, mode Mode) error {
	var inside strings.Builder
	for i := range p.inner {
		q := &p.inner[i]
		if q.kind == literal {
			inside.WriteString(q.text)
			continue
		}
		v := scope.Get(q.text)
		if q.kind != simple || v.State != Known {
			if mode == Strict && v.State == Unknown && reserved(q.text) {
				return fmt.Errorf("failed to resolve {{%s}}", q.text)
			}
			b.WriteString(p.raw)
			return nil
		}
		inside.WriteString(v.Text)
	}
	name := inside.String()
	if strings.HasPrefix(strings.TrimSpace(name), "=") {
		b.WriteString(p.raw)
		return nil
	}
	name = strings.TrimSpace(name)
	if scope.Get(name).State == Late { // whoever comes later has not got what stood inside
		b.WriteString("{{" + name + "}}")
		return nil
	}
	return renderSimple(b, name, p.raw, scope, mode)
}

func (p *part) renderExpression(b *strings.Builder, scope Scope, mode Mode) error {
	if p.err != nil {
		if mode == Lenient {
			b.WriteString(p.raw)
			return nil
		}
		return fmt.Errorf("failed to evaluate expression: %w", p.err)
	}
	result, err := p.program.Text(scope)
	var late *LateError
	switch {
	case err == nil:
		writeEscaped(b, result)
	case errors.As(err, &late) || mode == Lenient:
		b.WriteString(p.raw)
	default:
		return fmt.Errorf("failed to evaluate expression: %w", err)
	}
	return nil
}

// reserved reports whether a name is in the space of our variables, so that not knowing it is a mistake.
func reserved(name string) bool {
	root, rest, found := strings.Cut(name, ".")
	switch root {
	case "workflow", "inputs", "steps", "tasks":
		return found && rest != "" && !strings.ContainsAny(name, " \t\n\\\"'(){}$|")
	}
	return false
}

// writeEscaped writes s as the inside of a JSON string.
func writeEscaped(b *strings.Builder, s string) {
	if needsNoEscape(s) {
		b.WriteString(s)
		return
	}
	quoted := quote(s)
	b.WriteString(quoted[1 : len(quoted)-1])
}

// needsNoEscape tells a text that is the same inside a JSON string.
func needsNoEscape(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}

// quote gives the JSON text of a string without escaping for HTML.
func quote(s string) string {
	if needsNoEscape(s) {
		return `"` + s + `"`
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // a string always encodes
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Names lists the simple tags of the text, each as often as it stands there.
func (t *Template) Names() []string {
	var names []string
	for i := range t.parts {
		if t.parts[i].kind == simple {
			names = append(names, t.parts[i].text)
		}
	}
	return names
}
