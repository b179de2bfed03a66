package wire

import (
	"bytes"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// eventOf takes a watch event apart: {"type":"ADDED","object":{...}}. It is known to be valid JSON, because that is how its
// end was found, and an event has no other fields. false: it does not look like that.
func eventOf(data []byte) (kind string, object []byte, ok bool) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(data), []byte(`{"type":"`))
	if !ok {
		return "", nil, false
	}
	kind, rest, ok = word(rest)
	if !ok {
		return "", nil, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"object":`)); !ok {
		return "", nil, false
	}
	if rest, ok = bytes.CutSuffix(rest, []byte(`}`)); !ok {
		return "", nil, false
	}
	rest = bytes.TrimSpace(rest)
	return kind, rest, bytes.HasPrefix(rest, []byte(`{"kind":"`)) && bytes.HasSuffix(rest, []byte(`}`))
}

// kindOf reads what an object is: {"kind":"Workflow","apiVersion":"argoproj.io/v1alpha1",... false: it does not begin so.
func kindOf(data []byte) (schema.GroupVersionKind, bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"kind":"`))
	if !ok {
		return schema.GroupVersionKind{}, false
	}
	kind, rest, ok := word(rest)
	if !ok {
		return schema.GroupVersionKind{}, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"apiVersion":"`)); !ok {
		return schema.GroupVersionKind{}, false
	}
	version, rest, ok := word(rest)
	if !ok || !bytes.HasPrefix(rest, []byte(",")) {
		return schema.GroupVersionKind{}, false
	}
	group, version, grouped := strings.Cut(version, "/")
	if !grouped {
		group, version = "", group
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, true
}

// word reads a string without escapes up to its closing quote, and returns what follows.
func word(data []byte) (string, []byte, bool) {
	at := bytes.IndexAny(data[:min(len(data), longestWord)], `"\`)
	if at <= 0 || data[at] != '"' {
		return "", nil, false
	}
	return string(data[:at]), data[at+1:], true
}

// longestWord bounds how far is looked for the end of a kind or a version.
const longestWord = 256
