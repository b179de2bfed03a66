package apiserver

import (
	"net/http"
	"strings"

	workflowstorage "fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// WithAccept tells the registry of workflows which requests have no use for the nodes of large workflows: those for a
// table (`kubectl get`) or for metadata (the garbage collector, `kubectl delete`). The registry cannot see the header.
func WithAccept(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if acceptsHeadersOnly(req.Header.Values("Accept")) {
			req = req.WithContext(workflowstorage.WithHeadersOnly(req.Context()))
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
