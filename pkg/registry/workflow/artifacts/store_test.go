package artifacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// store is an artifact store in memory, and its driver.
type store struct {
	objects map[string]string
}

var memory = &store{}

func init() {
	artifact.Register(artifact.KindS3, func(ctx context.Context, l *v1alpha1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
		if _, err := artifact.SecretValue(ctx, resources, l.S3.AccessKeySecret); err != nil {
			return nil, err
		}
		if l.S3.Bucket == "whole-only" {
			return struct{ artifact.Driver }{memory}, nil // one without parts
		}
		return memory, nil
	})
}

func (s *store) Open(_ context.Context, a *v1alpha1.Artifact, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	text, ok := s.objects[a.S3.Key]
	if !ok {
		return nil, artifact.Attributes{}, artifact.NotFound("no object %s", a.S3.Key)
	}
	return io.NopCloser(strings.NewReader(text[r.Offset:])), artifact.Attributes{Size: int64(len(text)), ETag: "tag", Modified: time.Unix(1_700_000_000, 0)}, nil
}

func (s *store) List(_ context.Context, a *v1alpha1.Artifact, most int) ([]artifact.Object, error) {
	var objects []artifact.Object
	for key, text := range s.objects {
		if strings.HasPrefix(key, strings.TrimSuffix(a.S3.Key, "/")+"/") {
			objects = append(objects, artifact.Object{Key: key, Size: int64(len(text)), Modified: time.Unix(1_700_000_000, 0)})
		}
	}
	slices.SortFunc(objects, func(x, y artifact.Object) int { return strings.Compare(x.Key, y.Key) })
	return objects[:min(most, len(objects))], nil
}

func (s *store) IsDirectory(ctx context.Context, a *v1alpha1.Artifact) (bool, error) {
	objects, err := s.List(ctx, a, 1)
	return len(objects) > 0, err
}

func (s *store) Load(context.Context, *v1alpha1.Artifact, string) error { return errors.ErrUnsupported }

func (s *store) Save(context.Context, *v1alpha1.Artifact, string) error { return errors.ErrUnsupported }

func (s *store) SaveStream(_ context.Context, a *v1alpha1.Artifact, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("store %s: %w", a.S3.Key, err)
	}
	s.objects[a.S3.Bucket+":"+a.S3.Key] = string(text)
	return nil
}

func (s *store) Delete(context.Context, *v1alpha1.Artifact) error { return errors.ErrUnsupported }

type secrets struct{ err error }

func (s secrets) Secret(context.Context, string, string) ([]byte, error)    { return []byte("x"), s.err }
func (s secrets) ConfigMap(context.Context, string, string) ([]byte, error) { return nil, s.err }

type getter struct{ workflow *v1alpha1.Workflow }

func (g getter) Get(_ context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	if name != g.workflow.Name {
		return nil, apierrors.NewNotFound(v1alpha1.Resource("workflows"), name)
	}
	return g.workflow, nil
}

type responder struct{ *httptest.ResponseRecorder }

func (r responder) Object(code int, object runtime.Object) {
	r.Header().Set("Content-Type", "application/json")
	r.WriteHeader(code)
	_ = json.NewEncoder(r).Encode(object)
}

func (r responder) Error(err error) {
	code := http.StatusInternalServerError
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		code = int(status.Status().Code)
	}
	http.Error(r, err.Error(), code)
}
