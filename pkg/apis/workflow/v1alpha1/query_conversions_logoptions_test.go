package v1alpha1

import (
	"net/url"

	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestLogOptionsFromQuery(t *testing.T) {
	number := func(n int64) *int64 { return &n }
	for _, tc := range []struct {
		query   string
		want    LogOptions
		wantErr string
	}{
		{"", LogOptions{}, ""},
		{"container=main&nodeID=wf-1&podName=p&grep=a%2Bb&selector=a%3Db", LogOptions{Selector: "a=b", Container: "main", NodeID: "wf-1", PodName: "p", Grep: "a+b"}, ""},
		{"follow&timestamps=true&previous=1&prefix=false", LogOptions{Follow: true, Timestamps: true, Previous: true}, ""},
		{"tailLines=0&sinceSeconds=60&limitBytes=10", LogOptions{TailLines: number(0), SinceSeconds: number(60), LimitBytes: number(10)}, ""},
		{"sinceTime=2026-01-31T12:00:00Z", LogOptions{SinceTime: &metav1.Time{Time: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}}, ""},
		{"tailLines=many", LogOptions{}, "tailLines must be a whole number"},
		{"limitBytes=-1", LogOptions{}, "limitBytes must be a whole number"},
		{"follow=perhaps", LogOptions{}, "follow must be true or false"},
		{"sinceTime=yesterday", LogOptions{}, "sinceTime must be a time"},
	} {
		t.Run(tc.query, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			query, err := url.ParseQuery(tc.query)
			if err != nil {
				t.Fatal(err)
			}
			var got LogOptions
			err = runtime.NewParameterCodec(scheme).DecodeParameters(query, SchemeGroupVersion, &got)
			checkError(t, err, tc.wantErr)
			got.TypeMeta = metav1.TypeMeta{}
			if !equality.Semantic.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
