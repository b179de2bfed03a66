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

	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// atFake is an artifact in a store that a test plays.
func atFake(t *testing.T, address string) (artifact.Driver, *wfv1.Artifact) {
	t.Helper()
	a := &wfv1.Artifact{Name: "x", ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "k", S3Bucket: wfv1.S3Bucket{
		Endpoint: strings.TrimPrefix(address, "http://"), Insecure: ptr.To(true), Bucket: "bucket", Region: "us-east-1",
		AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
	}}}}
	driver, err := artifact.New(t.Context(), &a.ArtifactLocation, artifacttest.Resources{"s3/access": "a", "s3/secret": "s"})
	must(t, err)
	return driver, a
}

// A store may be anywhere a user says: its lists take no more memory than lists do.
func TestEndlessLists(t *testing.T) {
	artifacttest.EndlessLists(t, `<ListBucketResult>`, `<Contents/>`, func(endpoint string) (artifact.Driver, *wfv1.Artifact) { return atFake(t, endpoint) })
}

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
			driver, a := atFake(t, server.URL)
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
