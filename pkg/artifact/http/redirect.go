package http

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// maxRedirects is how often one request is sent elsewhere.
const maxRedirects = 10

// harmless are the headers that every server may see that a request is sent on to; those of other names, which a location may
// set, can be credentials.
var harmless = map[string]bool{"Accept": true, "Content-Type": true, "Content-Encoding": true, "Expect": true, "Range": true, "User-Agent": true}

// redirected is asked before a request is sent elsewhere. What a location gives to log in with is for its own server: on the
// way to another one it is taken off, and stays off.
func redirected(request *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	if staysAtHome(request.URL, via) {
		return nil
	}
	for name := range request.Header {
		if !harmless[textproto.CanonicalMIMEHeaderKey(name)] {
			request.Header.Del(name) // Referer too: queries can be credentials
		}
	}
	request.Host = ""
	return nil
}

// staysAtHome tells whether a request has been sent to the server of the first one only.
func staysAtHome(to *url.URL, via []*http.Request) bool {
	for _, r := range via[1:] {
		if !sameServer(via[0].URL, r.URL) {
			return false
		}
	}
	return sameServer(via[0].URL, to)
}

// sameServer tells whether two addresses have the same host and port. One that begins to encrypt is still the same.
func sameServer(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	switch {
	case from.Scheme == to.Scheme:
		return portOf(from) == portOf(to)
	case from.Scheme == "http" && to.Scheme == "https":
		return portOf(from) == "80" && portOf(to) == "443"
	}
	return false
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// bearer puts a token on the requests that are for the server of the first one.
type bearer struct {
	source oauth2.TokenSource
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(request *http.Request) (*http.Response, error) {
	var via []*http.Request
	// The client notes in each request which answer has sent it there.
	for r := request; r.Response != nil && r.Response.Request != nil; r = r.Response.Request {
		via = append([]*http.Request{r.Response.Request}, via...)
	}
	if len(via) > 0 && !staysAtHome(request.URL, via) {
		return b.base.RoundTrip(request)
	}
	token, err := b.source.Token()
	if err != nil {
		if request.Body != nil {
			err = errors.Join(err, request.Body.Close())
		}
		return nil, err
	}
	own := request.Clone(request.Context())
	token.SetAuthHeader(own)
	return b.base.RoundTrip(own)
}
