package artifacts

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// uploading is a source that takes files of up to ten bytes: into the bucket of the namespace, or that of the reference.
func uploading(own, common artifact.Resources) *Source {
	return &Source{
		Resources: func(string) artifact.Resources { return own },
		Uploads: &Uploads{Limit: 10, Common: common, Repository: func(_ context.Context, namespace string, ref *v1alpha1.ArtifactRepositoryRef) (*v1alpha1.ArtifactRepositoryRefStatus, error) {
			if namespace == "bare" {
				return nil, nil
			}
			bucket := "default"
			if ref != nil {
				bucket = ref.ConfigMap + "-" + ref.Key
			}
			repository := &v1alpha1.ArtifactRepository{S3: &v1alpha1.S3ArtifactRepository{S3Bucket: v1alpha1.S3Bucket{
				Endpoint: "e", Bucket: bucket, AccessKeySecret: selector("a"), SecretKeySecret: selector("s"),
			}}}
			return &v1alpha1.ArtifactRepositoryRefStatus{Default: ref == nil, ArtifactRepository: repository}, nil
		}},
	}
}

func post(t *testing.T, source *Source, namespace string, options v1alpha1.ArtifactOptions, query string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	memory.objects = map[string]string{}
	recorder := httptest.NewRecorder()
	r := responder{recorder}
	ctx := request.WithRequestInfo(request.WithNamespace(t.Context(), namespace), &request.RequestInfo{Verb: "create", IsResourceRequest: true})
	handler, err := NewREST(getter{&v1alpha1.Workflow{}}, source).Connect(ctx, "the-template", &options, r)
	if err != nil {
		r.Error(err)
		return recorder
	}
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/artifacts/x"+query, body))
	return recorder
}

// broken is a body whose sender goes away.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUpload_ART17(t *testing.T) {
	fine := secrets{}
	absent := secrets{apierrors.NewNotFound(v1alpha1.Resource("secrets"), "cred")}
	file := v1alpha1.ArtifactOptions{Path: "report.csv"}
	for _, tc := range []struct {
		name      string
		source    *Source
		namespace string
		options   v1alpha1.ArtifactOptions
		query     string
		body      io.Reader
		code      int
		bucket    string
		message   string
	}{
		{"a file", uploading(fine, nil), "ns", file, "", strings.NewReader("0123456789"), 201, "default", ""},
		{"an empty one of unknown length", uploading(fine, nil), "ns", file, "", io.MultiReader(), 201, "default", ""},
		{"another repository", uploading(fine, nil), "ns", v1alpha1.ArtifactOptions{Path: "report.csv", ConfigMap: "cm", Key: "k"}, "", strings.NewReader("x"), 201, "cm-k", ""},
		{"the installation's credentials", uploading(absent, fine), "ns", file, "", strings.NewReader("x"), 201, "default", ""},
		{"not for a repository of their own", uploading(absent, fine), "ns", v1alpha1.ArtifactOptions{Path: "report.csv", Key: "k"}, "", strings.NewReader("x"), 404, "", "not found"},
		{"no credentials", uploading(absent, nil), "ns", file, "", strings.NewReader("x"), 404, "", "not found"},
		{"too large", uploading(fine, nil), "ns", file, "", strings.NewReader("0123456789x"), 413, "", "--artifact-upload-limit"},
		{"too large, of unknown length", uploading(fine, nil), "ns", file, "", io.MultiReader(strings.NewReader("0123456789"), strings.NewReader("x")), 413, "", "--artifact-upload-limit"},
		{"cut short", uploading(fine, nil), "ns", file, "", io.MultiReader(strings.NewReader("01"), broken{}), 503, "", "unexpected EOF"},
		{"nowhere to go", uploading(fine, nil), "bare", file, "", strings.NewReader("x"), 409, "", "no artifact repository"},
		{"no name", uploading(fine, nil), "ns", v1alpha1.ArtifactOptions{}, "", strings.NewReader("x"), 400, "", "which name"},
		{"a path", uploading(fine, nil), "ns", v1alpha1.ArtifactOptions{Path: "a/b"}, "", strings.NewReader("x"), 400, "", "one part of a path"},
		{"no text", uploading(fine, nil), "ns", v1alpha1.ArtifactOptions{Path: "a\xff"}, "", strings.NewReader("x"), 400, "", "one part of a path"},
		{"upwards", uploading(fine, nil), "ns", v1alpha1.ArtifactOptions{Path: ".."}, "", strings.NewReader("x"), 400, "", "one part of a path"},
		{"tried out", uploading(fine, nil), "ns", file, "?dryRun=All", strings.NewReader("x"), 400, "", "dryRun"},
		{"switched off", &Source{Uploads: &Uploads{}}, "ns", file, "", strings.NewReader(""), 501, "", "--artifact-upload-limit"},
		{"no cluster", &Source{}, "ns", file, "", strings.NewReader("x"), 503, "", "without a cluster"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := post(t, tc.source, tc.namespace, tc.options, tc.query, tc.body)
			if got.Code != tc.code || !strings.Contains(got.Body.String(), tc.message) {
				t.Fatalf("%d %s", got.Code, got.Body)
			}
			if tc.code != 201 {
				if len(memory.objects) != 0 {
					t.Errorf("something is stored: %v", memory.objects)
				}
				return
			}
			listing := &v1alpha1.ArtifactListing{}
			if err := json.Unmarshal(got.Body.Bytes(), listing); err != nil || len(listing.Items) != 1 {
				t.Fatalf("%s: %v", got.Body, err)
			}
			item := listing.Items[0]
			if !regexp.MustCompile(`^uploads/ns/[0-9a-f-]{36}/report\.csv$`).MatchString(item.Key) {
				t.Errorf("key %s", item.Key)
			}
			if text, ok := memory.objects[tc.bucket+":"+item.Key]; !ok || int64(len(text)) != *item.Size {
				t.Errorf("stored %v, told %d bytes", memory.objects, *item.Size)
			}
		})
	}
}

// ART-17: many slow uploads take neither the server's memory nor the places of other requests.
func TestUpload_TooMany(t *testing.T) {
	source := uploading(secrets{}, nil)
	file := v1alpha1.ArtifactOptions{Path: "report.csv"}
	source.Uploads.running.Store(parallelUploads)
	got := post(t, source, "ns", file, "", strings.NewReader("x"))
	if got.Code != http.StatusTooManyRequests || !strings.Contains(got.Body.String(), "16 uploads at a time") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	source.Uploads.running.Store(parallelUploads - 1)
	for range 2 { // each gives its place back, whether it succeeds or not
		if got := post(t, source, "ns", file, "", strings.NewReader("x")); got.Code != http.StatusCreated {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		if got := post(t, source, "bare", file, "", strings.NewReader("x")); got.Code != http.StatusConflict {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
}

func selector(key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: key}
}
