package expr

import (
	"encoding/json"
	"strings"
)

// Cache compiles texts, expressions and conditions once. It is not safe for use by several goroutines at once.
type Cache struct {
	// ExpressionsOff leaves expression tags as text (EXP-06).
	ExpressionsOff bool

	programs map[string]compiled
}

type compiled struct {
	program *Program
	err     error
}

// Parse parses a text with tags. The text is JSON, or the inside of a JSON string.
func (c *Cache) Parse(text string) *Template {
	return &Template{text: text, parts: c.parse(text)}
}

// ParseObject parses the JSON of a value.
func (c *Cache) ParseObject(value any) (*Template, error) {
	data, err := marshal(value)
	if err != nil {
		return nil, err
	}
	return c.Parse(data), nil
}

// RenderString puts values into a plain string (not JSON).
func (c *Cache) RenderString(text string, scope Scope, mode Mode) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	return c.ParseString(text).Render(scope, mode)
}

// ParseString parses a plain string (not JSON).
func (c *Cache) ParseString(text string) *String {
	return &String{template: c.Parse(quote(text))}
}

// String is a plain string with tags, parsed once.
type String struct{ template *Template }

// Render puts values into the string.
func (s *String) Render(scope Scope, mode Mode) (string, error) {
	rendered, err := s.template.Render(scope, mode)
	if err != nil {
		return "", err
	}
	if inside := rendered[1 : len(rendered)-1]; needsNoEscape(inside) {
		return inside, nil
	}
	var plain string
	if err := json.Unmarshal([]byte(rendered), &plain); err != nil {
		return "", err
	}
	return plain, nil
}

// Tags lists the tags of the string, in order.
func (s *String) Tags() []Tag { return asTags(s.template.parts) }

// Program compiles a bare expression.
func (c *Cache) Program(source string) (*Program, error) {
	if known, ok := c.programs[source]; ok {
		return known.program, known.err
	}
	program, err := compile(source)
	if c.programs == nil {
		c.programs = map[string]compiled{}
	}
	c.programs[source] = compiled{program, err}
	return program, err
}

func marshal(value any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
