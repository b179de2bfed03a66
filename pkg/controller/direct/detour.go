package direct

import (
	"io"
	"net/http"
	"sync/atomic"
)

// detour is the body of a watch that goes through kube-apiserver. It ends, as servers end watches now and then, when the
// straight way can be used.
type detour struct {
	io.ReadCloser
	route *Route
	over  atomic.Bool
}

// track remembers the watch of a response, unless the straight way came into use while it was being opened.
func (r *Route) track(response *http.Response) {
	d := &detour{ReadCloser: response.Body, route: r}
	response.Body = d
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.usable {
		go d.end()
		return
	}
	r.detours[d] = struct{}{}
}

// end lets the reader see the end of the watch.
func (d *detour) end() {
	d.over.Store(true)
	_ = d.ReadCloser.Close()
}

// Read implements io.Reader.
func (d *detour) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil && d.over.Load() {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (d *detour) Close() error {
	d.route.mu.Lock()
	delete(d.route.detours, d)
	d.route.mu.Unlock()
	return d.ReadCloser.Close()
}
