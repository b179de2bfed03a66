package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// ART-17: of a body whose sender goes away nothing is stored: the library would take its end for the end of the content.
func TestBrokenStream(t *testing.T) {
	for name, size := range map[string]int{"at once": 1 << 10, "in parts": 9 << 20} {
		t.Run(name, func(t *testing.T) {
			stored := false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				switch query := r.URL.Query(); {
				case r.Method == http.MethodPost && query.Has("uploads"):
					fmt.Fprint(w, `<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>`)
				case r.Method == http.MethodPut && query.Has("partNumber"):
					w.Header().Set("ETag", `"x"`)
				case r.Method == http.MethodDelete:
					w.WriteHeader(http.StatusNoContent)
				default:
					stored = true
				}
			}))
			defer server.Close()
			key := func(key string) *corev1.SecretKeySelector {
				return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s3"}, Key: key}
			}
			a := &wfv1.Artifact{Name: "x", ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "k", S3Bucket: wfv1.S3Bucket{
				Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: ptr.To(true), Bucket: "bucket", Region: "us-east-1",
				AccessKeySecret: key("access"), SecretKeySecret: key("secret"),
			}}}}
			driver, err := artifact.New(t.Context(), &a.ArtifactLocation, artifacttest.Resources{"s3/access": "a", "s3/secret": "s"})
			must(t, err)
			body := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(io.ErrUnexpectedEOF))
			if err := driver.SaveStream(t.Context(), a, body); err == nil || !artifact.Transient(err) {
				t.Errorf("the broken stream ended with %v", err)
			}
			if stored {
				t.Error("a part of the content was stored as the object")
			}
		})
	}
}
