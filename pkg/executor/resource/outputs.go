package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// wantsObject tells whether some output is a part of the object.
func wantsObject(t *wfv1.Template) bool {
	for i := range t.Outputs.Parameters {
		if from := t.Outputs.Parameters[i].ValueFrom; from != nil && (from.JSONPath != "" || from.JQFilter != "") {
			return true
		}
	}
	return false
}

// outputsOf returns the output parameters with their values (TPL-05). Without an object, because it was deleted or there was
// none, each has its default or nothing as value.
func outputsOf(ctx context.Context, t *wfv1.Template, object *unstructured.Unstructured) ([]json.RawMessage, error) {
	var reported []json.RawMessage
	for i := range t.Outputs.Parameters {
		p := t.Outputs.Parameters[i]
		if p.ValueFrom == nil || p.ValueFrom.JSONPath == "" && p.ValueFrom.JQFilter == "" {
			continue
		}
		value := ""
		var err error
		switch {
		case object == nil:
			if p.ValueFrom.Default != nil {
				value = string(*p.ValueFrom.Default)
			}
		case p.ValueFrom.JSONPath != "":
			value, err = byPath(object, p.ValueFrom.JSONPath)
		default:
			value, err = byFilter(ctx, object, p.ValueFrom.JQFilter)
		}
		if err != nil {
			return nil, fmt.Errorf("output parameter '%s': %w", p.Name, err)
		}
		v := wfv1.AnyString(value)
		p.Value = &v
		data, err := json.Marshal(&p)
		if err != nil {
			return nil, fmt.Errorf("output parameter '%s': %w", p.Name, err)
		}
		reported = append(reported, data)
	}
	return reported, nil
}

// byPath is what `kubectl get -o jsonpath` prints.
func byPath(object *unstructured.Unstructured, path string) (string, error) {
	j := jsonpath.New("output").AllowMissingKeys(true)
	if err := j.Parse(path); err != nil {
		return "", fmt.Errorf("jsonPath '%s': %w", path, err)
	}
	var out bytes.Buffer
	if err := j.Execute(&out, object.Object); err != nil {
		return "", fmt.Errorf("jsonPath '%s': %w", path, err)
	}
	return out.String(), nil
}

// byFilter is what jq makes of the object: strings bare, everything else as JSON, a line each.
func byFilter(ctx context.Context, object *unstructured.Unstructured, filter string) (string, error) {
	query, err := gojq.Parse(filter)
	if err != nil {
		return "", fmt.Errorf("jqFilter '%s': %w", filter, err)
	}
	// jq has its own idea of numbers.
	text, err := json.Marshal(object.Object)
	if err != nil {
		return "", err
	}
	var input any
	if err := json.Unmarshal(text, &input); err != nil {
		return "", err
	}
	var lines []string
	results := query.RunWithContext(ctx, input)
	for {
		v, more := results.Next()
		if !more {
			return strings.TrimSpace(strings.Join(lines, "\n")), nil
		}
		switch v := v.(type) {
		case error:
			return "", fmt.Errorf("jqFilter '%s': %w", filter, v)
		case string:
			lines = append(lines, v)
		default:
			line, err := gojq.Marshal(v)
			if err != nil {
				return "", fmt.Errorf("jqFilter '%s': %w", filter, err)
			}
			lines = append(lines, string(line))
		}
	}
}
