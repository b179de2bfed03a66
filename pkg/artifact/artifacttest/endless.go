package artifacttest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// EndlessLists checks that a driver gives up a list that does not end: one of more and more entries, and one with a single
// value that is longer than all keys of a list may be together. Users say where their stores are, so a store may be anything.
// open is what an answer with a list begins with, entry an entry; connect gives the driver for a store at an endpoint, and an
// artifact in it.
func EndlessLists(t *testing.T, open, entry string, connect func(endpoint string) (artifact.Driver, *wfv1.Artifact)) {
	t.Helper()
	for name, more := range map[string]string{"entries": strings.Repeat(entry, 1000), "one value": strings.Repeat("x", 64<<10)} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/xml")
				_, err := io.WriteString(w, open)
				for err == nil { // until nobody reads any more
					_, err = io.WriteString(w, more)
				}
			}))
			defer server.Close()
			driver, a := connect(server.URL)
			objects, err := driver.List(t.Context(), a, 10)
			if !errors.Is(err, artifact.ErrEndlessAnswer) || artifact.Transient(err) || !strings.Contains(err.Error(), "is its endpoint that of a store?") {
				t.Errorf("%d objects, %v", len(objects), err)
			}
		})
	}
}
