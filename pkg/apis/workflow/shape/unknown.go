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
		if d := EditDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// EditDistance counts the letters to insert, delete or replace that turn a into b.
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
