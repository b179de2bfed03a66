// Package bodylimit refuses request bodies that are too large, with an answer that says what to do instead.
package bodylimit

import (
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/endpoints/request"
)

const (
	// Objects is the limit in bytes for everything but nodes. What is stored has to fit into one value of etcd, 2 MiB
	// when compressed, and is held in the watch cache of every replica.
	Objects int64 = 4 << 20
	// Nodes is the limit in bytes for POST workflows/{name}/nodes, whose content is stored in many values.
	Nodes int64 = 32 << 20
)

// Max is a limit that no body that this filter lets through exceeds; for the generic server's own setting.
const Max = Nodes + 1

// Filter wraps the bodies of resource requests. The body is not read here: whoever reads past the limit gets an API
// status 413, which the generic handlers send as it is.
func Filter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := request.RequestInfoFrom(req.Context())
		if ok && info.IsResourceRequest && req.Body != nil && req.Body != http.NoBody && !isFile(info) {
			limit := Objects
			if info.Resource == "workflows" && info.Subresource == "nodes" {
				limit = Nodes
			}
			req.Body = &body{ReadCloser: req.Body, left: limit, limit: limit, nodes: limit == Nodes}
		}
		next.ServeHTTP(w, req)
	})
}

// isFile tells a request whose body is passed on to a store, which has a limit of its own: nothing of it is held here.
func isFile(info *request.RequestInfo) bool {
	return info.Resource == "workflows" && info.Subresource == "artifacts" && info.Verb == "create"
}

// body counts what is read.
type body struct {
	io.ReadCloser
	left, limit int64
	nodes       bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	// One byte more than allowed tells a body of exactly the limit from a larger one.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.tooLarge()
	}
	return n, err
}

func (b *body) tooLarge() error {
	if b.nodes {
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
			"the body is larger than %d MiB; send the changed nodes in several requests", b.limit>>20))
	}
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
		"the body is larger than %d MiB. Instead of the whole workflow send a patch of what changes; its nodes are stored apart from it, "+
			"and are changed with POST .../workflows/{name}/nodes. "+
			"Move large parameters and scripts into artifacts or a ConfigMap, and templates into a WorkflowTemplate", b.limit>>20))
}
