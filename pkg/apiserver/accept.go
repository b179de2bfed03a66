package apiserver

import (
	"net/http"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	workflowstorage "fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// WithAccept tells the registry of workflows which requests have no use for the nodes of large workflows: those for a
// table (`kubectl get`) or for metadata (the garbage collector, `kubectl delete`), and which watches can do without large parts
// that have not changed. The registry cannot see the headers.
func WithAccept(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if acceptsHeadersOnly(req.Header.Values("Accept")) {
			req = req.WithContext(workflowstorage.WithHeadersOnly(req.Context()))
		}
		if req.Header.Get(v1alpha1.UnchangedHeader) == v1alpha1.UnchangedOmit {
			req = req.WithContext(parts.WithUnchangedOmitted(req.Context()))
		}
		handler.ServeHTTP(w, req)
	})
}

// acceptsHeadersOnly is true when the media type that the client prefers asks for a transformation. kubectl lists tables
// first and plain JSON as a fallback for servers without tables, which this one is not.
func acceptsHeadersOnly(accept []string) bool {
	first, _, _ := strings.Cut(strings.Join(accept, ","), ",")
	for parameter := range strings.SplitSeq(first, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(name, "as") {
			continue
		}
		switch strings.Trim(value, `" `) {
		case "Table", "PartialObjectMetadata", "PartialObjectMetadataList":
			return true
		}
	}
	return false
}
