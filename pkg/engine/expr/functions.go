package expr

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/Masterminds/sprig/v3"
	"github.com/ohler55/ojg/jp"
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

func ownFunction(name string) bool {
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
	compiled, err := jp.ParseString(path)
	if err != nil {
		return nil, fmt.Errorf("jsonpath %s: %w", path, err)
	}
	found := compiled.Get(data)
	switch {
	case !compiled.Normal() && found == nil:
		return []any{}, nil
	case !compiled.Normal():
		return found, nil
	case len(found) == 0:
		return nil, fmt.Errorf("jsonpath %s: nothing is there", path)
	}
	return found[0], nil
}
