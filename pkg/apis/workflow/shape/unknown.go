package shape

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// renamed are fields of earlier versions of the API, and of pods, by what they are called now (RES-17).
var renamed = map[string]string{
	"schedule": "schedules", "mutex": "mutexes", "semaphore": "semaphores", "podPriority": "podPriorityClassName",
	"ttlSecondsAfterFinished": "ttlStrategy", "containers": "containerSet", "serviceAccount": "serviceAccountName",
}

// DidYouMean returns the field that was meant by the last name of a path, such as spec.templates[0].container.comand, which the type
// of an object does not have; empty when no field is near.
func DidYouMean(path string, into any) string {
	names := strings.Split(path, ".")
	t := reflect.TypeOf(into)
	for _, name := range names[:len(names)-1] {
		name, _, _ = strings.Cut(name, "[")
		switch t = inside(t); t.Kind() {
		case reflect.Struct:
			inner, ok := fieldsOf(t)[name]
			if !ok {
				return ""
			}
			t = inner
		case reflect.Map:
			t = t.Elem()
		default:
			return ""
		}
	}
	if t = inside(t); t.Kind() != reflect.Struct {
		return ""
	}
	return nearest(names[len(names)-1], slices.Sorted(maps.Keys(fieldsOf(t))))
}

// inside is the type of the objects in pointers and lists.
func inside(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

func nearest(name string, known []string) string {
	if now := renamed[name]; slices.Contains(known, now) {
		return now
	}
	best, distance := "", min(len(name)/3, 3)+1
	for _, k := range known {
		if d := EditDistance(strings.ToLower(name), strings.ToLower(k), distance); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// EditDistance counts the characters to insert, drop or replace (two neighbours that are swapped count as one), up to
// limit.
func EditDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		if slices.Min(next) >= limit {
			return limit
		}
		before, last, next = last, next, before
	}
	return min(last[len(b)], limit)
}
