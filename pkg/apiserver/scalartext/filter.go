// Package scalartext lets parameters be applied whose values are written as numbers. Their Go type reads numbers from JSON
// as text (RES-09), but the machinery of server-side apply and of strategic merge patches converts from untyped values
// without asking the type and fails on whole numbers, so those are written as text before it sees them.
package scalartext

import (
	"bytes"
	"io"
	"mime"
	"net/http"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Filter rewrites the bodies of patches of our kinds. Its place is inside the filter that limits their size.
func Filter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := request.RequestInfoFrom(req.Context())
		if ok && info.IsResourceRequest && info.APIGroup == v1alpha1.GroupName && concerns(req) {
			req = rewriteBody(req)
		}
		next.ServeHTTP(w, req)
	})
}

// concerns tells whether the body goes through the untyped machinery. JSON patches and merge patches do not.
func concerns(req *http.Request) bool {
	if req.Method != http.MethodPatch || req.Body == nil {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch types.PatchType(mediaType) {
	case types.ApplyYAMLPatchType, types.StrategicMergePatchType:
		return true
	}
	return false
}

func rewriteBody(req *http.Request) *http.Request {
	original := req.Body
	data, err := io.ReadAll(original)
	if err != nil {
		// The handler gets the error where it would have come, after what was read before.
		req.Body = replaced{io.MultiReader(bytes.NewReader(data), failing{err}), original}
		return req
	}
	if rewritten, changed := rewrite(data); changed {
		data = rewritten
		req.ContentLength = int64(len(data))
	}
	req.Body = replaced{bytes.NewReader(data), original}
	return req
}

// replaced reads from elsewhere and closes the original body.
type replaced struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
