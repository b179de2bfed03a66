package manifest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

const twoDocuments = `# a comment

apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: one}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, metadata: {name: two}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: three}}
`

// CLI-10.
func TestRead(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	two := write("sub/two.yaml", twoDocuments)
	values := write("sub/values.json", `{"no": "object"}`)
	broken := write("broken.yaml", "a: [")
	write("readme.md", "# no manifest")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/two.yaml" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, twoDocuments)
	}))
	defer server.Close()

	tests := []struct {
		name        string
		sources     []string
		directories bool
		want        string
		wantErr     string
	}{
		{name: "file", sources: []string{two}, want: "Workflow/one@3 WorkflowTemplate/two@8 ConfigMap/three@8"},
		{name: "standard input", sources: []string{"-"}, want: "Workflow/stdin@1"},
		{name: "address", sources: []string{server.URL + "/two.yaml"}, want: "Workflow/one@3 WorkflowTemplate/two@8 ConfigMap/three@8"},
		{name: "no such address", sources: []string{server.URL + "/none"}, wantErr: "404 Not Found"},
		{name: "no such file", sources: []string{"none.yaml"}, wantErr: "no such file"},
		{name: "directory, where files are wanted", sources: []string{directory}, wantErr: "is a directory; name the files"},
		{name: "directory with a broken file", sources: []string{directory}, directories: true, wantErr: "broken.yaml:1:"},
		{name: "directory", sources: []string{filepath.Dir(two)}, directories: true, want: "Workflow/one@3 WorkflowTemplate/two@8 ConfigMap/three@8"},
		{name: "no object", sources: []string{values}, wantErr: "not a Kubernetes object: apiVersion or kind is missing"},
		{name: "broken", sources: []string{broken}, wantErr: "broken.yaml:1:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reader := Reader{In: strings.NewReader(`{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "stdin"}}`), Directories: test.directories}
			documents, err := reader.Read(t.Context(), test.sources)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range documents {
				got = append(got, fmt.Sprintf("%s/%s@%d", d.Object.GetKind(), d.Object.GetName(), d.Line))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A key that is given twice is probably a mistake, but kubectl takes it.
func TestDuplicateKeys(t *testing.T) {
	reader := Reader{In: strings.NewReader("apiVersion: v1\nkind: A\nmetadata: {name: first}\nmetadata: {name: last}\n")}
	documents, err := reader.Read(t.Context(), []string{"-"})
	if err != nil || len(documents) != 1 || documents[0].Object.GetName() != "last" {
		t.Fatalf("%v, %v", documents, err)
	}
	if w := documents[0].Warnings; len(w) != 1 || !strings.Contains(w[0], `"metadata" already set`) {
		t.Errorf("warnings %q", w)
	}
}

func TestIsWorkflowAPI(t *testing.T) {
	for apiVersion, want := range map[string]bool{
		"argoproj.io/v1alpha1": true, "workflows.example.com/v1alpha1": true, "other.io/v1alpha1": false, "argoproj.io/v1": false, "v1": false,
	} {
		reader := Reader{In: strings.NewReader("{apiVersion: " + apiVersion + ", kind: Workflow}")}
		documents, err := reader.Read(t.Context(), []string{"-"})
		if err != nil {
			t.Fatal(err)
		}
		if got := documents[0].IsWorkflowAPI("workflows.example.com"); got != want {
			t.Errorf("%s: %v", apiVersion, got)
		}
	}
}

// OPS-03.
func TestParameters(t *testing.T) {
	tests := []struct {
		name    string
		flags   []string
		file    string
		want    string
		wantErr string
	}{
		{name: "none"},
		{name: "flags", flags: []string{"a=1", "b=x=y", "c="}, want: "a=1 b=x=y c="},
		{name: "V-239 file", file: "b: text\na: 1\nc: {x: [true, null]}\nd: \"yes\"\n", want: `a=1 b=text c={"x":[true,null]} d=yes`},
		{name: "V-239 flags win", flags: []string{"a=flag"}, file: `{"a": "file", "b": "file"}`, want: "b=file a=flag"},
		{name: "large numbers stay as they are", file: "a: 12345678901234567890\n", want: "a=12345678901234567890"},
		{name: "V-233 no value", flags: []string{"a"}, wantErr: "NAME=VALUE"},
		{name: "V-233 no name", flags: []string{"=a"}, wantErr: "NAME=VALUE"},
		{name: "V-239 no map", file: "- a\n", wantErr: "not a map"},
		{name: "V-239 no YAML", file: "a: [", wantErr: "parameter file f"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parameters(test.flags, "f", []byte(test.file))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil || strings.Join(got, " ") != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// OPS-03.
func TestApply(t *testing.T) {
	const manifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: x-, labels: {keep: "yes"}}
spec:
  entrypoint: main
  arguments:
    parameters:
    - {name: a, value: old}
    - {name: b, valueFrom: {configMapKeyRef: {name: c, key: k}}}
`
	tests := []struct {
		name     string
		settings Settings
		want     string
		wantErr  string
	}{
		{name: "nothing", want: strings.TrimLeft(manifest, "\n")},
		{
			name: "everything",
			settings: Settings{
				Name: "given", Entrypoint: "e", ServiceAccount: "s", Parameters: []string{"a=1", "b=2", "c=3", "c=4"},
				Labels: map[string]string{"l": "1"}, Annotations: map[string]string{"a": "1"}, Priority: ptr.To[int32](5),
			},
			want: `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: given, labels: {keep: "yes", l: "1"}, annotations: {a: "1"}}
spec:
  entrypoint: e
  serviceAccountName: s
  priority: 5
  arguments: {parameters: [{name: a, value: "1"}, {name: b, value: "2"}, {name: c, value: "4"}]}
`,
		},
		{name: "generated name", settings: Settings{GenerateName: "g-"}, want: strings.Replace(manifest, "x-", "g-", 1)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reader := Reader{In: strings.NewReader(manifest)}
			documents, err := reader.Read(t.Context(), []string{"-"})
			if err != nil {
				t.Fatal(err)
			}
			if err := test.settings.Apply(documents[0].Object); err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(documents[0].Object.Object)
			if err != nil {
				t.Fatal(err)
			}
			var normal map[string]any
			if err := yaml.Unmarshal([]byte(test.want), &normal); err != nil {
				t.Fatal(err)
			}
			want, err := yaml.Marshal(normal)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	reader := Reader{In: strings.NewReader("{apiVersion: argoproj.io/v1alpha1, kind: Workflow}")}
	documents, err := reader.Read(t.Context(), []string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Settings{}).Apply(documents[0].Object); err == nil || !strings.Contains(err.Error(), "--generate-name") {
		t.Errorf("without a name: %v", err)
	}
}
