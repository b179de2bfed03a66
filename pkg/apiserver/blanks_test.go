package apiserver

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestDropBlanks(t *testing.T) {
	for data, want := range map[string]string{
		`{"spec":{"templates":[{"name":"a","container":{"name":"","image":"b"}}]}}`:                         `{"spec":{"templates":[{"name":"a","container":{"image":"b"}}]}}`,
		`{"spec":{"templates":[{"script":{"name":"","image":"b","resources":{},"source":"x"}}]}}`:           `{"spec":{"templates":[{"script":{"image":"b","source":"x"}}]}}`,
		`{"spec":{"templates":[{"container":{"name":"","resources":{}}}]}}`:                                 `{"spec":{"templates":[{"container":{}}]}}`,
		`{"spec":{"templateDefaults":{"container":{"name":"","resources":{}}}}}`:                            `{"spec":{"templateDefaults":{"container":{}}}}`,
		`{"spec":{"templates":[{"steps":[[{"inline":{"container":{"name":"","image":"b"}}}]]}]}}`:           `{"spec":{"templates":[{"steps":[[{"inline":{"container":{"image":"b"}}}]]}]}}`,
		`{"spec":{"templates":[{"dag":{"tasks":[{"inline":{"script":{"image":"b","resources":{}}}}]}}]}}`:   `{"spec":{"templates":[{"dag":{"tasks":[{"inline":{"script":{"image":"b"}}}]}}]}}`,
		`{"spec":{"templates":[{"containerSet":{"containers":[{"name":"c","resources":{}}]}}]}}`:            `{"spec":{"templates":[{"containerSet":{"containers":[{"name":"c"}]}}]}}`,
		`{"spec":{"templates":[{"sidecars":[{"name":"c","resources":{}},{"name":"d","resources":{}}]}]}}`:   `{"spec":{"templates":[{"sidecars":[{"name":"c"},{"name":"d"}]}]}}`,
		`{"spec":{"workflowSpec":{"templates":[{"container":{"name":""}}]}},"status":{}}`:                   `{"spec":{"workflowSpec":{"templates":[{"container":{}}]}},"status":{}}`,
		`{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"v"},"spec":{"resources":{}},"status":{}}]}}`: `{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"v"},"spec":{}}]}}`,
		`{"items":[{"spec":{"templates":[{"container":{"name":""}}]}}]}`:                                    `{"items":[{"spec":{"templates":[{"container":{}}]}}]}`,
		`{"spec":{"templates":[{"container":{"name":"","args":["\"name\":\"\",","\\"],"resources":{}}}]}}`:  `{"spec":{"templates":[{"container":{"args":["\"name\":\"\",","\\"]}}]}}`,
	} {
		if got := string(dropBlanks([]byte(data))); got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
	// What users wrote stays, also when it looks the same.
	for _, data := range []string{
		`{"metadata":{"labels":{"name":"","x":"y"},"annotations":{"name":""}}}`,
		`{"spec":{"nodeSelector":{"name":""},"podMetadata":{"labels":{"name":""}}}}`,
		`{"spec":{"templates":[{"nodeSelector":{"name":""},"metadata":{"labels":{"name":""}}}]}}`,
		`{"spec":{"templates":[{"steps":[[{"withItems":[{"name":"","resources":{}},{"container":{"name":""}}]}]]}]}}`,
		`{"spec":{"templates":[{"plugin":{"x":{"name":"","templates":[{"container":{"name":""}}]}}}]}}`,
		`{"spec":{"templates":[{"container":{"name":"x","resources":{"limits":{}},"env":[{"name":""}]}}]}}`,
		`{"status":{"storedTemplates":{"a":{"container":{"name":"","resources":{}}}},"nodes":{"a":{"name":""}}}}`,
		`{"spec":{"hooks":{"name":{"template":"a"}}},"status":{}}`,
		`{}`, `[]`, `""`, `{"a":[1,-2.5e3,true,null,{"b":[]}],"name":""}`,
	} {
		if got := string(dropBlanks([]byte(data))); got != data {
			t.Errorf("%s: %s, want no change", data, got)
		}
	}
}

// A write that holds no whole value, as those around the items of a list, goes through as it is, whatever it is.
func TestDropBlanksOfPieces(t *testing.T) {
	whole := `{"kind":"L","items":[{"spec":{"templates":[{"name":"\"","container":{"name":"","resources":{}}}],"volumeClaimTemplates":[{"status":{}}]}}]}`
	for i := range whole {
		dropBlanks([]byte(whole[:i]))
		dropBlanks([]byte(whole[i:]))
	}
	for _, piece := range []string{`{`, `"metadata":{"name":""},`, `"items":[`, `]`, `,`, "}\n", `"name":""`} {
		if got := string(dropBlanks([]byte(piece))); got != piece {
			t.Errorf("%q: %q", piece, got)
		}
	}
}

// What is served has no field that was not in the manifest, alone and in a list.
func TestServedAsWritten(t *testing.T) {
	const spec = `{"templates":[{"name":"a","container":{"image":"busybox","args":["\"name\":\"\","]},"sidecars":[{"name":"s","image":"busybox"}]},` +
		`{"name":"b","script":{"image":"busybox","source":"x"}}],"volumeClaimTemplates":[{"metadata":{"name":"v"},"spec":{"accessModes":["ReadWriteOnce"]}}]}`
	template := &v1alpha1.WorkflowTemplate{TypeMeta: metav1.TypeMeta{Kind: "WorkflowTemplate", APIVersion: v1alpha1.SchemeGroupVersion.String()}}
	if err := json.Unmarshal([]byte(spec), &template.Spec); err != nil {
		t.Fatal(err)
	}
	if plain, err := json.Marshal(template); err != nil || !bytes.Contains(plain, []byte(`"name":"",`)) {
		t.Fatalf("the types write no blanks by themselves any more (%v): the filter can go", err)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(spec), &want); err != nil {
		t.Fatal(err)
	}
	for _, info := range (withoutBlanks{withoutProtobuf{Codecs}}).SupportedMediaTypes() {
		if info.MediaType != runtime.ContentTypeJSON {
			continue
		}
		for form, object := range map[string]runtime.Object{
			"alone": template,
			"list":  &v1alpha1.WorkflowTemplateList{Items: []v1alpha1.WorkflowTemplate{*template, *template}},
		} {
			data, err := runtime.Encode(info.Serializer, object)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Spec  map[string]any
				Items []struct{ Spec map[string]any }
			}
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatalf("%s: %v in %s", form, err, data)
			}
			if form == "list" {
				got.Spec = got.Items[1].Spec
			}
			if !reflect.DeepEqual(got.Spec, want) {
				t.Errorf("%s: %s", form, data)
			}
		}
	}
}

func BenchmarkDropBlanks(b *testing.B) {
	var template bytes.Buffer
	for range 20 {
		template.WriteString(`{"name":"a","inputs":{"parameters":[{"name":"message"}]},"container":{"name":"","image":"busybox","command":["sh","-c","echo {{inputs.parameters.message}}"],"resources":{}}},`)
	}
	data := []byte(`{"kind":"Workflow","metadata":{"name":"w","labels":{"a":"b"}},"spec":{"templates":[` + string(bytes.TrimSuffix(template.Bytes(), []byte(","))) +
		`]},"status":{"nodes":{"w":{"name":"w"}}}}`)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		dropBlanks(data)
	}
}
