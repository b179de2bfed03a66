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
		`{"name":"","image":"a"}`:                                                      `{"image":"a"}`,
		`{"image":"a","resources":{}}`:                                                 `{"image":"a"}`,
		`{"name":"","resources":{}}`:                                                   `{}`,
		`{"resources":{}}`:                                                             `{}`,
		`{"name":"","image":"a","resources":{},"tty":true}`:                            `{"image":"a","tty":true}`,
		`[{"name":""},{"image":"b","name":"","status":{}}]`:                            `[{},{"image":"b"}]`,
		`{"spec":{"x":1},"status":{}}`:                                                 `{"spec":{"x":1}}`,
		`{"name":"n","resources":{"limits":{}},"status":"x"}`:                          `{"name":"n","resources":{"limits":{}},"status":"x"}`,
		`{"source":"a \"name\":\"\" b","args":["\"name\":\"\",", "\"resources\":{}"]}`: `{"source":"a \"name\":\"\" b","args":["\"name\":\"\",", "\"resources\":{}"]}`,
		`{"displayname":""}`:                                                           `{"displayname":""}`,
	} {
		if got := string(dropBlanks([]byte(data))); got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
}

// What is served has no field that was not in the manifest, alone, in a list and in a watch event.
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
		for how, encoder := range map[string]runtime.Encoder{"object": info.Serializer, "stream": info.StreamSerializer.Serializer} {
			for form, object := range map[string]runtime.Object{
				"alone": template,
				"list":  &v1alpha1.WorkflowTemplateList{Items: []v1alpha1.WorkflowTemplate{*template, *template}},
			} {
				data, err := runtime.Encode(encoder, object)
				if err != nil {
					t.Fatal(err)
				}
				var got struct {
					Spec  map[string]any
					Items []struct{ Spec map[string]any }
				}
				if err := json.Unmarshal(data, &got); err != nil {
					t.Fatalf("%s %s: %v in %s", how, form, err, data)
				}
				if form == "list" {
					got.Spec = got.Items[1].Spec
				}
				if !reflect.DeepEqual(got.Spec, want) {
					t.Errorf("%s %s: %s", how, form, data)
				}
			}
		}
	}
}
