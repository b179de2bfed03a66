package expr

import (
	"encoding/json"
	"strings"
)

// parse splits a text at its tags. An opening without an end in the same JSON string is literal, and tags behind it are found
// all the same. A tag inside a tag is resolved first.
func (c *Cache) parse(text string) []part {
	var parts []part
	rest := text
	for {
		start := strings.Index(rest, "{{")
		if start < 0 {
			break
		}
		end, inner := closing(rest, start)
		if end < 0 {
			parts = append(parts, part{kind: literal, text: rest[:start+2]})
			rest = rest[start+2:]
			continue
		}
		if start > 0 {
			parts = append(parts, part{kind: literal, text: rest[:start]})
		}
		tag := c.tag(rest[start:end], inner)
		if tag.kind == expression && tag.err != nil {
			tag, end = c.longer(tag, rest, start, end)
		}
		parts = append(parts, tag)
		rest = rest[end:]
	}
	if rest != "" || len(parts) == 0 {
		parts = append(parts, part{kind: literal, text: rest})
	}
	return parts
}

// longer looks for a later end of an expression tag: braces of map literals may look like the end. It stays within the JSON
// string; if no end makes it compile, the first one counts.
func (c *Cache) longer(tag part, text string, start, end int) (part, int) {
	for i := end - 1; i+1 < len(text); i++ {
		switch {
		case text[i] == '"', text[i] == '{' && text[i+1] == '{' && opensTag(text[i+2:]):
			return tag, end
		case text[i] == '\\':
			i++
		case text[i] == '}' && text[i+1] == '}':
			if longer := c.tag(text[start:i+2], false); longer.err == nil {
				return longer, i + 2
			}
		}
	}
	return tag, end
}

// closing finds where the tag that starts at start ends (after its braces) and whether tags stand inside it.
func closing(text string, start int) (end int, inner bool) {
	depth := 0
	expressionTag := strings.HasPrefix(strings.TrimLeft(text[start+2:], " "), "=")
	for i := start; i+1 < len(text); {
		opens := text[i] == '{' && text[i+1] == '{'
		if opens && expressionTag && i > start {
			opens = opensTag(text[i+2:])
		}
		switch {
		case text[i] == '"': // the JSON string ends here
			return -1, false
		case text[i] == '\\':
			i += 2
		case opens:
			depth++
			inner = inner || i > start
			i += 2
		case text[i] == '}' && text[i+1] == '}':
			depth--
			i += 2
			if depth == 0 {
				return i, inner
			}
		default:
			i++
		}
	}
	return -1, false
}

// opensTag tells a tag inside an expression from two opening braces of map literals.
func opensTag(after string) bool {
	name, _, ok := strings.Cut(after, "}}")
	return ok && !strings.ContainsAny(name, "{}:\"'\\ ")
}

func (c *Cache) tag(raw string, inner bool) part {
	content := raw[2 : len(raw)-2]
	if source, ok := strings.CutPrefix(strings.TrimSpace(content), "="); ok {
		if c.ExpressionsOff {
			return part{kind: literal, text: raw}
		}
		if inner {
			return part{kind: nested, raw: raw, inner: c.parse(content)}
		}
		// the text is JSON, so the expression is escaped (EXP-04)
		var plain string
		if err := json.Unmarshal([]byte(`"`+source+`"`), &plain); err != nil {
			plain = source
		}
		program, err := c.Program(plain)
		return part{kind: expression, text: plain, raw: raw, program: program, err: err}
	}
	if inner {
		return part{kind: nested, raw: raw, inner: c.parse(content)}
	}
	return part{kind: simple, text: strings.TrimSpace(content), raw: raw}
}
