package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	corev1 "k8s.io/api/core/v1"
)

func negotiator(codecs runtime.NegotiatedSerializer) runtime.ClientNegotiator {
	return runtime.NewClientNegotiator(codecs, corev1.SchemeGroupVersion)
}

// What is decoded is the same with and without the short way, for JSON that can take it and for all other.
func TestDecodesTheSame(t *testing.T) {
	inner := scheme.Codecs.WithoutConversion()
	decoders := map[string]runtime.Decoder{}
	for name, codecs := range map[string]runtime.NegotiatedSerializer{"machinery": inner, "wire": NewCodecs(scheme.Scheme, inner)} {
		decoder, err := negotiator(codecs).Decoder(runtime.ContentTypeJSON, nil)
		if err != nil {
			t.Fatal(err)
		}
		decoders[name] = decoder
	}
	body := `"metadata":{"name":"a","labels":{"x":"y"}},"data":{"n":"1"}}`
	for name, data := range map[string]string{
		"as servers write it":      `{"kind":"ConfigMap","apiVersion":"v1",` + body,
		"with a group":             `{"kind":"Deployment","apiVersion":"apps/v1","spec":{"replicas":3}}`,
		"unknown fields":           `{"kind":"ConfigMap","apiVersion":"v1","more":1,` + body,
		"fields of another case":   `{"kind":"ConfigMap","apiVersion":"v1","Data":{"n":"2"},` + body,
		"in another order":         `{"apiVersion":"v1","kind":"ConfigMap",` + body,
		"with spaces":              ` { "kind": "ConfigMap", "apiVersion": "v1", ` + body,
		"escaped":                  `{"kind":"Config\u004dap","apiVersion":"v1",` + body,
		"kind at the end":          `{"metadata":{"name":"a"},"kind":"ConfigMap","apiVersion":"v1"}`,
		"unknown kind":             `{"kind":"Thing","apiVersion":"v1",` + body,
		"no kind":                  `{` + body,
		"an error":                 `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":410}`,
		"wrong type":               `{"kind":"ConfigMap","apiVersion":"v1","data":7}`,
		"cut off":                  `{"kind":"ConfigMap","apiVersion":"v1","data":{`,
		"cut off at the beginning": `{"kind":"Conf`,
		"nothing":                  ``,
	} {
		for _, into := range []func() runtime.Object{
			func() runtime.Object { return nil },
			func() runtime.Object { return &corev1.ConfigMap{} },
			func() runtime.Object { return &corev1.Pod{} },
			func() runtime.Object { return &metav1.Status{} },
		} {
			want, wantKind, wantErr := decoders["machinery"].Decode([]byte(data), nil, into())
			got, gotKind, gotErr := decoders["wire"].Decode([]byte(data), nil, into())
			if !reflect.DeepEqual(got, want) && wantErr == nil || (gotErr == nil) != (wantErr == nil) || wantErr == nil && *gotKind != *wantKind {
				t.Errorf("%s into %T:\ngot  %+v %v %v\nwant %+v %v %v", name, into(), got, gotKind, gotErr, want, wantKind, wantErr)
			}
		}
	}
}

// A stream of events comes out the same, also with events that are longer than the buffer of the reader.
func TestWatchesTheSame(t *testing.T) {
	stream := strings.Join([]string{
		`{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"}}}`,
		`{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"long"},"data":{"x":"` + strings.Repeat("0123456789", 2000) + `"}}}`,
		`{"object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"other order"}},"type":"MODIFIED"}`,
		` { "type" : "DELETED" , "object" : {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"spaces"}} } `,
		`{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}`,
		`{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`,
	}, "\n")
	read := func(codecs runtime.NegotiatedSerializer) []string {
		objects, events, framer, err := negotiator(codecs).StreamDecoder(runtime.ContentTypeJSON, nil)
		if err != nil {
			t.Fatal(err)
		}
		frames := framer.NewFrameReader(io.NopCloser(strings.NewReader(stream)))
		var seen []string
		buffer := make([]byte, 64<<10)
		for {
			n, err := frames.Read(buffer)
			if errors.Is(err, io.EOF) {
				return seen
			}
			if err != nil {
				t.Fatal(err)
			}
			event := &metav1.WatchEvent{}
			if _, _, err := events.Decode(buffer[:n], nil, event); err != nil {
				t.Fatal(err)
			}
			object, _, err := objects.Decode(bytes.Clone(event.Object.Raw), nil, nil)
			seen = append(seen, fmt.Sprintf("%s %+v %v", event.Type, object, err))
		}
	}
	inner := scheme.Codecs.WithoutConversion()
	want, got := read(inner), read(NewCodecs(scheme.Scheme, inner))
	if len(want) != 6 || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEventsTakenApart(t *testing.T) {
	for data, want := range map[string]string{
		`{"type":"ADDED","object":{"kind":"A","apiVersion":"v1"}}`:           `ADDED {"kind":"A","apiVersion":"v1"} true`,
		`{"type":"ADDED","object":{"kind":"A","apiVersion":"v1"},"more":[]}`: `  false`,
		`{"type":"ADDED","object":null}`:                                     `  false`,
		`{"type":"ADDED"}`:                                                   `  false`,
	} {
		kind, object, ok := eventOf([]byte(data))
		if !ok {
			kind, object = "", nil
		}
		if got := fmt.Sprintf("%s %s %v", kind, object, ok); got != want {
			t.Errorf("%s: %s", data, got)
		}
	}
}

func BenchmarkWatchEvent(b *testing.B) {
	data := []byte(`{"type":"MODIFIED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"b","uid":"c"},"data":{"x":"` + strings.Repeat("0123456789", 200) + `"}}}`)
	inner := scheme.Codecs.WithoutConversion()
	for name, codecs := range map[string]runtime.NegotiatedSerializer{"machinery": inner, "wire": NewCodecs(scheme.Scheme, inner)} {
		objects, events, _, err := negotiator(codecs).StreamDecoder(runtime.ContentTypeJSON, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				event := &metav1.WatchEvent{}
				if _, _, err := events.Decode(data, nil, event); err != nil {
					b.Fatal(err)
				}
				if _, _, err := objects.Decode(event.Object.Raw, &schema.GroupVersionKind{}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
