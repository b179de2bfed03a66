package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// Item is one value of a loop.
type Item struct {
	raw json.RawMessage
}

// Items lists the values of a loop whose fields are substituted; loops reports whether there is a loop at all.
func Items(step *v1alpha1.WorkflowStep) (items []Item, loops bool, err error) {
	switch {
	case len(step.WithItems) > 0:
		items = make([]Item, len(step.WithItems))
		for i := range step.WithItems {
			items[i] = Item{raw: step.WithItems[i].Value}
		}
		return items, true, nil
	case step.WithParam != "":
		var raw []json.RawMessage
		if err := json.Unmarshal([]byte(step.WithParam), &raw); err != nil {
			return nil, true, fmt.Errorf("withParam value could not be parsed as a JSON list: %s", strings.TrimSpace(step.WithParam))
		}
		items = make([]Item, len(raw))
		for i := range raw {
			items[i] = Item{raw: raw[i]}
		}
		return items, true, nil
	case step.WithSequence != nil:
		items, err := sequence(step.WithSequence)
		return items, true, err
	}
	return nil, step.WithItems != nil, nil
}

// maxSequence is how many values a withSequence may have. Each becomes a node.
const maxSequence = 1_000_000

// sequence counts; the values are strings (LOOP-03).
func sequence(s *v1alpha1.Sequence) ([]Item, error) {
	start, err := number("start", s.Start, 0)
	if err != nil {
		return nil, err
	}
	var end int64
	switch {
	case s.End != nil:
		end, err = number("end", s.End, 0)
	case s.Count != nil:
		var count int64
		count, err = number("count", s.Count, 0)
		if count == 0 {
			return nil, err
		}
		end = start + count - 1
	default:
		return nil, fmt.Errorf("withSequence: give count or end")
	}
	if err != nil {
		return nil, err
	}
	format := s.Format
	if format == "" {
		format = "%d"
	}
	step, span := int64(1), uint64(end)-uint64(start) // unsigned: the difference of two numbers always fits
	switch {
	case end >= start:
	case s.End != nil:
		step, span = -1, uint64(start)-uint64(end)
	default:
		return nil, nil // a count below zero
	}
	if span >= maxSequence {
		return nil, fmt.Errorf("withSequence: from %d to %d are more than %d values", start, end, int64(maxSequence))
	}
	n := int64(span) + 1
	items := make([]Item, 0, n)
	for i, v := int64(0), start; i < n; i, v = i+1, v+step {
		raw, err := json.Marshal(fmt.Sprintf(format, v))
		if err != nil {
			return nil, err
		}
		items = append(items, Item{raw: raw})
	}
	return items, nil
}

func number(field string, v *intstr.IntOrString, absent int64) (int64, error) {
	if v == nil {
		return absent, nil
	}
	if v.Type == intstr.Int {
		return int64(v.IntVal), nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v.StrVal), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("withSequence.%s: %q is not an integer", field, v.StrVal)
	}
	return n, nil
}

// Rendered is the value as it stands in a node's name (NOD-10): maps as `key:value` sorted by key.
func (it Item) Rendered() string {
	if members, ok := it.object(); ok {
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(members)) {
			pairs = append(pairs, key+":"+plain(members[key]))
		}
		return strings.Join(pairs, ",")
	}
	return plain(it.raw)
}

// Variables are `item` and, for a map, `item.<key>` (LOOP-01).
func (it Item) Variables() expr.Map {
	vars := expr.Map{"item": plain(it.raw)}
	if members, ok := it.object(); ok {
		for key, raw := range members {
			vars["item."+key] = plain(raw)
		}
	}
	return vars
}

func (it Item) object() (map[string]json.RawMessage, bool) {
	if !bytes.HasPrefix(bytes.TrimSpace(it.raw), []byte("{")) {
		return nil, false
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(it.raw, &members); err != nil {
		return nil, false
	}
	return members, true
}

// plain is a string without quotes, and anything else as compact JSON.
func plain(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil && !bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return s
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	return b.String()
}
