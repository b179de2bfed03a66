package resource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/packed"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// TPL-03: the command line for each action.
func TestArguments(t *testing.T) {
	const object, bare = "kind: Job\nmetadata: {name: a}\n", "metadata: {annotations: {a: b}}\n"
	cases := map[string]struct {
		resource step
		manifest string
		want     string
	}{
		"create":                          {step{Action: "create"}, object, "create -f M -o json"},
		"apply with flags":                {step{Action: "apply", Flags: []string{"--server-side", "--force-conflicts"}}, object, "apply --server-side --force-conflicts -f M -o json"},
		"get by flags":                    {step{Action: "get", Flags: []string{"pod/x", "-o", "yaml"}}, "", "get pod/x -o yaml -o json"},
		"delete":                          {step{Action: "delete"}, object, "delete --ignore-not-found -f M -o name"},
		"delete by flags":                 {step{Action: "delete", Flags: []string{"configmap", "--selector", "a=b"}}, "", "delete --ignore-not-found configmap --selector a=b -o name"},
		"replace":                         {step{Action: "replace"}, object, "replace -f M -o json"},
		"strategic patch":                 {step{Action: "patch"}, object, "patch --type strategic --patch-file M -f M -o json"},
		"merge patch of what flags name":  {step{Action: "patch", MergeStrategy: "merge", Flags: []string{"pod", "x"}}, bare, "patch --type merge --patch-file M pod x -o json"},
		"merge patch with flags and kind": {step{Action: "patch", MergeStrategy: "merge", Flags: []string{"--subresource=status"}}, object, "patch --type merge --patch-file M --subresource=status -f M -o json"},
		"JSON patch":                      {step{Action: "patch", MergeStrategy: "json", Flags: []string{"pod", "x"}}, "- op: add\n", "patch --type json --patch-file M pod x -o json"},
	}
	for name, c := range cases {
		if got := strings.Join(arguments(&c.resource, "M", []byte(c.manifest)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func object(text string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(text), &o.Object); err != nil {
		panic(err)
	}
	return o
}

// TPL-04: conditions are label selectors over paths; failure is looked at first; no success condition is a success.
func TestConditions(t *testing.T) {
	cases := map[string]struct {
		success, failure, object string
		met                      bool
		problem                  string
	}{
		"more than":           {success: "status.succeeded > 2", object: `{"status":{"succeeded":3}}`, met: true},
		"not yet":             {success: "status.succeeded > 2", object: `{"status":{"succeeded":2}}`},
		"nothing there yet":   {success: "status.succeeded > 2", object: `{}`},
		"all of them":         {success: "status.phase == Ready, status.n > 1", object: `{"status":{"phase":"Ready","n":1}}`},
		"in a list":           {success: "status.phase in (A, B)", object: `{"status":{"phase":"B"}}`, met: true},
		"fails":               {success: "status.n > 0", failure: "status.failed > 1", object: `{"status":{"n":1,"failed":2}}`, problem: "failure condition 'status.failed>1' evaluated true"},
		"one of the failures": {failure: "status.a == x, status.b == y", object: `{"status":{"b":"y"}}`, problem: "failure condition 'status.b==y' evaluated true"},
		"only a failure":      {failure: "status.failed > 1", object: `{}`, met: true},
		"into a list":         {success: "status.conditions.0.type == Complete", object: `{"status":{"conditions":[{"type":"Complete"}]}}`, met: true},
		"is there":            {success: "status.done", object: `{"status":{"done":false}}`, met: true},
		"is not there":        {success: "!status.busy", object: `{"status":{}}`, met: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			parsed, err := parseConditions(&step{SuccessCondition: c.success, FailureCondition: c.failure})
			if err != nil {
				t.Fatal(err)
			}
			met, err := parsed.met(object(c.object))
			if met != c.met || (err == nil) != (c.problem == "") || err != nil && err.Error() != c.problem {
				t.Errorf("%v, %v", met, err)
			}
		})
	}
	if _, err := parseConditions(&step{SuccessCondition: "a in x"}); err == nil || !strings.Contains(err.Error(), "successCondition 'a in x'") {
		t.Errorf("%v", err)
	}
}

// shelf holds one object whose versions come one after the other.
type shelf struct {
	versions []string
	at       int
	noWatch  error
	reads    int
	gone     bool
}

func (s *shelf) Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error) {
	s.reads++
	if s.gone {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "jobs"}, "j")
	}
	o := object(s.versions[s.at])
	if s.noWatch != nil && s.at < len(s.versions)-1 {
		s.at++
	}
	return o, nil
}

func (s *shelf) Watch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	if s.noWatch != nil {
		return nil, s.noWatch
	}
	w := watch.NewFakeWithChanSize(len(s.versions)+1, false)
	for s.at++; s.at < len(s.versions); s.at++ {
		if s.versions[s.at] == "" {
			w.Delete(object(s.versions[0]))
			continue
		}
		w.Modify(object(s.versions[s.at]))
	}
	w.Stop()
	return w, nil
}

func version(n int) string {
	return fmt.Sprintf(`{"kind":"Job","metadata":{"name":"j","managedFields":[{}]},"status":{"n":%d}}`, n)
}

// TPL-04: the object is watched; it is read now and then only where watching is not allowed; one that is deleted is an error.
func TestAwait(t *testing.T) {
	three, err := parseConditions(&step{SuccessCondition: "status.n > 2", FailureCondition: "status.n > 8"})
	if err != nil {
		t.Fatal(err)
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "jobs"}, "j", errors.New("no"))
	for name, c := range map[string]struct {
		shelf   shelf
		reads   int
		problem string
	}{
		"at once":            {shelf: shelf{versions: []string{version(3)}}, reads: 1},
		"by a watch":         {shelf: shelf{versions: []string{version(0), version(1), version(3)}}, reads: 1},
		"fails in a watch":   {shelf: shelf{versions: []string{version(0), version(9)}}, reads: 1, problem: "failure condition 'status.n>8' evaluated true"},
		"by reading":         {shelf: shelf{versions: []string{version(0), version(1), version(3)}, noWatch: forbidden}, reads: 3},
		"deleted in between": {shelf: shelf{versions: []string{version(0), ""}}, reads: 1, problem: "The resource has been deleted while its status was still being checked"},
		"gone":               {shelf: shelf{gone: true}, reads: 1, problem: "The resource has been deleted while its status was still being checked"},
	} {
		t.Run(name, func(t *testing.T) {
			err := await(t.Context(), &c.shelf, "j", three, time.Millisecond, t.Logf)
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%v, want %q", err, c.problem)
			}
			if c.shelf.reads != c.reads {
				t.Errorf("read %d times, want %d", c.shelf.reads, c.reads)
			}
		})
	}
}

// TPL-05: parts of the object, or defaults without one.
func TestOutputs(t *testing.T) {
	text := wfv1.AnyString("none")
	tmpl := &wfv1.Template{Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{
		{Name: "path", ValueFrom: &wfv1.ValueFrom{JSONPath: "{.metadata.name}", Default: &text}, GlobalName: "g"},
		{Name: "absent", ValueFrom: &wfv1.ValueFrom{JSONPath: "{.spec.none}"}},
		{Name: "string", ValueFrom: &wfv1.ValueFrom{JQFilter: ".metadata.name"}},
		{Name: "object", ValueFrom: &wfv1.ValueFrom{JQFilter: ".status"}},
		{Name: "several", ValueFrom: &wfv1.ValueFrom{JQFilter: ".status.n, .metadata.name"}},
	}}}
	for name, c := range map[string]struct {
		object *unstructured.Unstructured
		want   []string
	}{
		"an object": {object(version(7)), []string{"j", "", "j", `{"n":7}`, "7\nj"}},
		"none":      {nil, []string{"none", "", "", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			reported, err := outputsOf(t.Context(), tmpl, c.object)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, data := range reported {
				p := wfv1.Parameter{}
				if err := json.Unmarshal(data, &p); err != nil || p.Value == nil || p.ValueFrom == nil {
					t.Fatalf("%s: %v", data, err)
				}
				got = append(got, string(*p.Value))
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for filter, words := range map[string]string{".[": "jqFilter", ".metadata | error": "jqFilter"} {
		_, err := outputsOf(t.Context(), &wfv1.Template{Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "p", ValueFrom: &wfv1.ValueFrom{JQFilter: filter}}}}}, object(version(1)))
		if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "'p'") {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

type script struct {
	answers []any
	calls   [][]string
}

func (s *script) Run(args []string) ([]byte, error) {
	s.calls = append(s.calls, args)
	answer := s.answers[min(len(s.calls), len(s.answers))-1]
	if err, failed := answer.(error); failed {
		return nil, err
	}
	return []byte(answer.(string)), nil
}

type reports struct{ got []*report.Result }

func (r *reports) Report(_ context.Context, result *report.Result) error {
	r.got = append(r.got, result)
	return nil
}

// TPL-03, EXE-10: the whole step with a kubectl that answers as told.
func TestMainDoesTheStep(t *testing.T) {
	const template = `{"resource":{"action":"create","manifest":"kind: Job","setOwnerReference":true,"successCondition":"status.n > 2"},` +
		`"outputs":{"parameters":[{"name":"n","valueFrom":{"jsonPath":"{.status.n}"}}]}}`
	again := errors.New(`Error from server (ServiceUnavailable): error when creating "/tmp/manifest.yaml": the server is currently unable to handle the request`)
	forbidden := errors.New(`Error from server (Forbidden): error when creating "/tmp/manifest.yaml": jobs.batch is forbidden`)
	for name, c := range map[string]struct {
		template string
		action   string
		answers  []any
		calls    int
		outputs  string
		problem  string
	}{
		"succeeds":                {template: template, answers: []any{version(0)}, calls: 1, outputs: `"value":"3"`},
		"tries again":             {template: template, answers: []any{again, again, version(0)}, calls: 3, outputs: `"value":"3"`},
		"gives up":                {template: template, answers: []any{again}, calls: 5, problem: "no more retries Error from server (ServiceUnavailable)"},
		"is refused":              {template: template, answers: []any{forbidden}, calls: 1, problem: "no more retries " + forbidden.Error()},
		"may not block its owner": {template: template, answers: []any{errors.New("cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"), version(0)}, calls: 2, outputs: `"value":"3"`},
		"prints what is no JSON":  {template: template, answers: []any{"job created"}, calls: 1, problem: "is not JSON"},
		"names nothing":           {template: template, answers: []any{`{"kind":"Job"}`}, calls: 1, problem: "Kind and name are both required"},
		"deletes": {
			template: `{"resource":{"manifest":"kind: Job"},"outputs":{"parameters":[{"name":"n","valueFrom":{"jsonPath":"{.a}","default":"d"}}]}}`,
			action:   "delete", answers: []any{"job.batch/j\n"}, calls: 1, outputs: `"value":"d"`,
		},
		"finds nothing":    {template: `{"resource":{"action":"get","flags":["pods"]}}`, answers: []any{""}, calls: 1},
		"neither":          {template: `{"resource":{"action":"get"}}`, problem: "Must provide at least one of flags or manifest."},
		"several objects":  {template: `{"resource":{"action":"create","manifest":"a"}}`, answers: []any{version(1) + version(2)}, calls: 1},
		"several to watch": {template: template, answers: []any{version(1) + version(2)}, calls: 1, problem: "has 2 objects"},
		"owner of several": {template: `{"resource":{"action":"create","manifest":"[a]","setOwnerReference":true}}`, problem: "setOwnerReference"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"ARGO_TEMPLATE": c.template, "ARGO_WORKFLOW_UID": "u-1"}
			kubectl, sent, dir := &script{answers: c.answers}, &reports{}, t.TempDir()
			err := Main(t.Context(), Options{
				Action: c.action, Task: &task.Task{APIGroup: "example.com", Workflow: "demo", NodeID: "demo-1"}, Temp: dir, Kubectl: kubectl, Reporter: sent, Log: t.Logf, Stdout: io.Discard,
				Getenv: func(n string) string { return env[n] }, Pause: func(context.Context, time.Duration) error { return nil },
				Objects: func(*unstructured.Unstructured) (Objects, error) { return &shelf{versions: []string{version(3)}}, nil },
			})
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%v, want %q", err, c.problem)
			}
			if len(kubectl.calls) != c.calls {
				t.Errorf("%d calls, want %d", len(kubectl.calls), c.calls)
			}
			switch {
			case c.outputs == "" && len(sent.got) > 0:
				t.Errorf("reported %+v", sent.got[0])
			case c.outputs != "" && (len(sent.got) != 1 || !sent.got[0].Final || !strings.Contains(string(sent.got[0].Outputs.Parameters[0]), c.outputs)):
				t.Errorf("reported %+v, want %s", sent.got, c.outputs)
			}
			if c.template == template && c.calls > 0 {
				manifest, _ := os.ReadFile(filepath.Join(dir, "manifest.yaml"))
				for _, part := range []string{"apiVersion: example.com/v1alpha1", "kind: Workflow", "name: demo", "uid: u-1", "controller: true"} {
					if !strings.Contains(string(manifest), part) {
						t.Errorf("%q is not in the owner reference of %s", part, manifest)
					}
				}
			}
		})
	}
}

// EXE-15, TPL-03: a template that is too long for a variable comes packed; a manifest may come from an artifact.
func TestTemplateAndManifest(t *testing.T) {
	parts, _, err := packed.Pack("ARGO_TEMPLATE_", `{"resource":{"action":"get","manifest":"x"}}`, 16)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, p := range parts {
		env[p.Name] = p.Value
	}
	if got, err := readTemplate(func(n string) string { return env[n] }); err != nil || got.Resource.Manifest != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte("kind: Pod"), 0o600); err != nil {
		t.Fatal(err)
	}
	from := &wfv1.Template{
		Inputs:   wfv1.Inputs{Artifacts: wfv1.Artifacts{{Name: "m", Path: file}}},
		Resource: &step{ManifestFrom: &wfv1.ManifestFrom{Artifact: &wfv1.Artifact{Name: "m"}}},
	}
	if got, err := manifestOf(from, nil); err != nil || string(got) != "kind: Pod" {
		t.Errorf("%s, %v", got, err)
	}
	for _, text := range []string{"", "{", "{}"} {
		if _, err := readTemplate(func(n string) string { return map[string]string{"ARGO_TEMPLATE": text}[n] }); err == nil {
			t.Errorf("%q was taken for a template", text)
		}
	}
}

// What kubectl would end its process for is an error here.
func TestKubectlDoesNotEndTheProcess(t *testing.T) {
	k := &Kubectl{Temp: t.TempDir(), Stderr: os.Stderr}
	t.Setenv("KUBECONFIG", filepath.Join(k.Temp, "none"))
	t.Setenv("KUBERNETES_MASTER", "")
	for _, args := range [][]string{{"get", "pods", "--no-such-flag"}, {"fly"}, {"create", "-f", filepath.Join(k.Temp, "none.yaml"), "-o", "json"}} {
		if out, err := k.Run(args); err == nil || len(out) > 0 {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
}
