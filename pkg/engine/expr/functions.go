package expr

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/Masterminds/sprig/v3"
	"k8s.io/client-go/util/jsonpath"
)

// environment holds the functions that expressions have beside those of the language (EXP-02).
func environment() map[string]any {
	return map[string]any{
		"asInt":    asInt,
		"asFloat":  asFloat,
		"toJson":   toJSON,
		"jsonpath": jsonPath,
		"sprig":    sprigFunctions(),
	}
}

func builtin(name string) bool {
	switch name {
	case "asInt", "asFloat", "toJson", "jsonpath", "sprig":
		return true
	}
	return false
}

// sprigFunctions are the generic ones without those that read the process's environment.
var sprigFunctions = sync.OnceValue(func() map[string]any {
	functions := sprig.GenericFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	return functions
})

func asInt(v any) (int, error) {
	switch x := v.(type) {
	case int:
		return x, nil
	case float64:
		return int(x), nil
	case string:
		i, err := strconv.Atoi(strings.TrimSpace(x))
		if err != nil {
			return 0, fmt.Errorf("%q is not an integer", x)
		}
		return i, nil
	}
	return 0, fmt.Errorf("%v is not an integer", v)
}

func asFloat(v any) (float64, error) {
	switch x := v.(type) {
	case int:
		return float64(x), nil
	case float64:
		return x, nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number", x)
		}
		return f, nil
	}
	return 0, fmt.Errorf("%v is not a number", v)
}

func toJSON(v any) (string, error) { return marshal(v) }

// jsonPath finds a value in a JSON text. A path that can match several gives a list.
func jsonPath(text, path string) (any, error) {
	var data any
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		return nil, fmt.Errorf("jsonpath: the first argument is not JSON: %w", err)
	}
	finder := jsonpath.New("path")
	if err := finder.Parse("{" + path + "}"); err != nil {
		return nil, fmt.Errorf("jsonpath: %w", err)
	}
	found, err := finder.FindResults(data)
	if err != nil {
		return nil, fmt.Errorf("jsonpath: %w", err)
	}
	values := []any{}
	for _, group := range found {
		for _, v := range group {
			values = append(values, v.Interface())
		}
	}
	if len(values) == 1 && !strings.ContainsAny(path, "*?:") && !strings.Contains(path, "..") {
		return values[0], nil
	}
	return values, nil
}
