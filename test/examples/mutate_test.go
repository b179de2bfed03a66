package examples

import (
	"encoding/json"
	"maps"
	"math/rand"
	"slices"
)

// site is one place in an object: a member or an element.
type site struct {
	value any
	put   func(any)
	drop  func()
	twice func()
}

// sites lists every place below a value, each once.
func sites(value any, replace func(any), found []site) []site {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := site{value: v[key], put: func(to any) { v[key] = to }, drop: func() { delete(v, key) }}
			at.twice = func() {
				for _, other := range slices.Sorted(maps.Keys(v)) {
					if other != key {
						v[other] = copied(v[key])
						break
					}
				}
			}
			found = sites(v[key], at.put, append(found, at))
		}
	case []any:
		for i := range v {
			at := site{value: v[i], put: func(to any) { v[i] = to }}
			at.drop = func() { replace(slices.Delete(slices.Clone(v), i, i+1)) }
			at.twice = func() { replace(append(slices.Clone(v), copied(v[i]))) }
			found = sites(v[i], at.put, append(found, at))
		}
	}
	return found
}

// mutate damages an object in one place.
func (w *world) mutate(object map[string]any, dice *rand.Rand) {
	spec, ok := object["spec"].(map[string]any)
	if !ok {
		return
	}
	places := sites(spec, nil, nil)
	if len(places) == 0 {
		return
	}
	at := places[dice.Intn(len(places))]
	switch dice.Intn(8) {
	case 0:
		at.drop()
		return
	case 1:
		at.twice()
		return
	}
	switch v := at.value.(type) {
	case string:
		at.put(w.mutateText(v, dice))
	case float64:
		at.put([]any{0.0, -1.0, 1e9, v + 1}[dice.Intn(4)])
	case bool:
		at.put(!v)
	default:
		at.put(copied(places[dice.Intn(len(places))].value))
	}
}

// copied makes a value that shares nothing with the given one.
func copied(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var other any
	if err := json.Unmarshal(text, &other); err != nil {
		panic(err)
	}
	return other
}

func (w *world) mutateText(text string, dice *rand.Rand) string {
	other := w.words[dice.Intn(len(w.words))]
	if text == "" {
		return other
	}
	at := dice.Intn(len(text))
	switch dice.Intn(5) {
	case 0:
		return text[:at]
	case 1:
		return text[:at] + string(rune('a'+dice.Intn(26))) + text[at:]
	case 2:
		return text[:at] + text[at+1:]
	case 3:
		return text[:at] + other + text[at:]
	}
	return other
}

func (w *world) mutant(which int, seed int64) []byte {
	dice := rand.New(rand.NewSource(seed))
	text, err := json.Marshal(w.workflows[which%len(w.workflows)])
	if err != nil {
		panic(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		panic(err)
	}
	for range 1 + dice.Intn(3) {
		w.mutate(object, dice)
	}
	damaged, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return damaged
}
