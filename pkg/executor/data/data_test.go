package data

import (
	"context"
	"errors"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
)

type reports struct{ got *report.Result }

func (r *reports) Report(_ context.Context, result *report.Result) error {
	r.got = result
	return nil
}

// TPL-11: the keys go through the expressions in order; what comes out is the result, as JSON.
func TestMainLists(t *testing.T) {
	for name, c := range map[string]struct {
		transformation string
		result         string
		problem        string
	}{
		"keys as they are":      {transformation: `[]`, result: `["a/main.log","a/wait.log","b/main.log"]`},
		"filtered":              {transformation: `[{"expression":"filter(data, {# endsWith \"main.log\"})"}]`, result: `["a/main.log","b/main.log"]`},
		"one after the other":   {transformation: `[{"expression":"filter(data, {# startsWith 'a/'})"},{"expression":"map(data, {{'k': #}})"}]`, result: `[{"k":"a/main.log"},{"k":"a/wait.log"}]`},
		"a number":              {transformation: `[{"expression":"len(data)"}]`, result: `3`},
		"with our functions":    {transformation: `[{"expression":"sprig.join('+', data)"}]`, result: `"a/main.log+a/wait.log+b/main.log"`},
		"no expression":         {transformation: `[{"expression":"filter("}]`, problem: "data.transformation[0].expression"},
		"fails on what it gets": {transformation: `[{"expression":"len(data)"},{"expression":"filter(data, {true})"}]`, problem: "data.transformation[1].expression"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"ARGO_TEMPLATE": `{"data":{"source":{"artifactPaths":{"name":"logs","s3":{"bucket":"b"}}},"transformation":` + c.transformation + `}}`}
			sent := &reports{}
			err := Main(t.Context(), Options{
				Task: &task.Task{NodeID: "demo-1"}, Getenv: func(n string) string { return env[n] }, Reporter: sent,
				List: func(_ context.Context, a *wfv1.Artifact) ([]artifact.Object, error) {
					if a.S3 == nil || a.S3.Bucket != "b" {
						return nil, errors.New("not what was asked for")
					}
					return []artifact.Object{{Key: "a/main.log"}, {Key: "a/wait.log"}, {Key: "b/main.log"}}, nil
				},
			})
			switch {
			case c.problem != "":
				if err == nil || !strings.Contains(err.Error(), c.problem) || sent.got != nil {
					t.Errorf("%v, want %q", err, c.problem)
				}
			case err != nil:
				t.Error(err)
			case *sent.got.Outputs.Result != c.result || !sent.got.Final:
				t.Errorf("%s, want %s", *sent.got.Outputs.Result, c.result)
			}
		})
	}
}

func TestNoSource(t *testing.T) {
	for _, text := range []string{"", "{", "{}", `{"data":{"source":{},"transformation":[]}}`} {
		if err := Main(t.Context(), Options{Getenv: func(n string) string { return map[string]string{"ARGO_TEMPLATE": text}[n] }}); err == nil {
			t.Errorf("%q was taken for a data template", text)
		}
	}
}
