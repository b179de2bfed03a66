package expr

import (
	"encoding/json"
	"strings"
)

// Tag is one tag of a text, for those who check a text before anybody gives it values.
type Tag struct {
	// Raw is the tag as it stands in the text.
	Raw string
	// Name is what a simple tag names; empty for the other kinds.
	Name string
	// Source is the expression of an expression tag, and Program or Err what compiling it gave.
	Source  string
	Program *Program
	Err     error
	// Inner are the tags inside a tag: they are resolved first (VAR-28), so what the whole one names is not known yet.
	Inner []Tag
}

// Tags lists the tags of a plain string (not JSON), in order. It finds what RenderString would replace.
func (c *Cache) Tags(text string) []Tag {
	if !strings.Contains(text, "{{") {
		return nil
	}
	return c.ParseString(text).Tags()
}

func asTags(parts []part) []Tag {
	var tags []Tag
	for i := range parts {
		p := &parts[i]
		switch p.kind {
		case literal:
		case simple:
			tags = append(tags, Tag{Raw: unescaped(p.raw), Name: p.text})
		case expression:
			tags = append(tags, Tag{Raw: unescaped(p.raw), Source: p.text, Program: p.program, Err: p.err})
		case nested:
			tags = append(tags, Tag{Raw: unescaped(p.raw), Inner: asTags(p.inner)})
		}
	}
	return tags
}

// unescaped gives the text of the inside of a JSON string.
func unescaped(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var plain string
	if err := json.Unmarshal([]byte(`"`+text+`"`), &plain); err != nil {
		return text
	}
	return plain
}

// Reference is a variable that an expression reads.
type Reference struct {
	// Path is its name, cut at the dots and indices.
	Path []string
	// Guarded: it stands under ?? or ?. and need not exist (EXP-05).
	Guarded bool
	// Chained: it is asked for with ?., so what it is a member of need not exist either.
	Chained bool
}

// References lists the variables that an expression reads, in order; functions are not among them.
func (p *Program) References() []Reference {
	refs := make([]Reference, len(p.refs))
	for i, ref := range p.refs {
		refs[i] = Reference{Path: ref.path, Guarded: ref.guarded, Chained: ref.chained}
	}
	return refs
}

// Source is the expression as it was written.
func (p *Program) Source() string { return p.source }
