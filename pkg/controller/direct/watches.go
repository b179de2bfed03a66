package direct

import (
	"io"
	"net/http"
	"sync/atomic"
)

// openWatch is the body of a watch. It ends, as servers end watches now and then, when its way is not to be used any more:
// its client goes on from where it was, by the other.
type openWatch struct {
	io.ReadCloser
	route *Route
	// transport is what the watch came by; nil: through kube-apiserver.
	transport *http.Transport
	over      atomic.Bool
}

// track remembers the watch of a response, unless the way was changed while it was being opened.
func (r *Route) track(response *http.Response, transport *http.Transport) {
	w := &openWatch{ReadCloser: response.Body, route: r, transport: transport}
	response.Body = w
	r.mu.Lock()
	defer r.mu.Unlock()
	if transport == nil && r.usable || transport != nil && transport != r.transport {
		go w.end()
		return
	}
	r.watches[w] = struct{}{}
}

// endWatches ends those that came by a transport; the lock is held.
func (r *Route) endWatches(transport *http.Transport) {
	for w := range r.watches {
		if w.transport == transport {
			delete(r.watches, w)
			go w.end()
		}
	}
}

// end lets the reader see the end of the watch.
func (w *openWatch) end() {
	w.over.Store(true)
	_ = w.ReadCloser.Close()
}

// Read implements io.Reader.
func (w *openWatch) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && w.over.Load() {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (w *openWatch) Close() error {
	w.route.mu.Lock()
	delete(w.route.watches, w)
	w.route.mu.Unlock()
	return w.ReadCloser.Close()
}
