package integration

import (
	"strings"
	"sync"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// collectedWarnings keeps the Warning headers of answers.
type collectedWarnings struct {
	mu   sync.Mutex
	text []string
}

var _ rest.WarningHandler = &collectedWarnings{}

func (w *collectedWarnings) HandleWarningHeader(_ int, _ string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

func (w *collectedWarnings) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.text, "\n")
}

func dynamicFor(config *rest.Config) (dynamic.Interface, error) { return dynamic.NewForConfig(config) }
