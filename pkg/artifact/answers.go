package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// What an answer of a store may be that is not the content of an object: libraries read it into memory as a whole. Drivers ask for
// lists in pages of ListPage entries, which take a good part of neither.
const (
	// ListPage is how many entries a page of a list has at most.
	ListPage = 1000
	// maxAnswer is how many bytes: ListPage keys of 1 KiB, percent-encoded, and what is told of each.
	maxAnswer = 8 << 20
	// maxTags is how many tags of XML, as an entry of four bytes becomes a structure of hundreds.
	maxTags = 50 * ListPage
)

// ErrEndlessAnswer is in the chain of errors that mean: a store answers with more than its protocol has it answer.
var ErrEndlessAnswer = errors.New("the store answers with more than was asked for")

// LimitAnswers returns a transport whose answers end with an error where they are longer than any list of a store. content tells
// requests whose answers are objects, of any size: those are passed on as they come, unless they tell of a failure.
func LimitAnswers(base http.RoundTripper, content func(*http.Request) bool) http.RoundTripper {
	return limitingTransport{base, content}
}

type limitingTransport struct {
	base    http.RoundTripper
	content func(*http.Request) bool
}

// RoundTrip implements http.RoundTripper.
func (l limitingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := l.base.RoundTrip(request)
	if err != nil || answer.StatusCode < http.StatusMultipleChoices && l.content(request) {
		return answer, err
	}
	answer.Body = &limitedAnswer{ReadCloser: answer.Body}
	return answer, nil
}

// limitedAnswer counts what is read.
type limitedAnswer struct {
	io.ReadCloser
	read, tags int
}

// Read implements io.Reader.
func (l *limitedAnswer) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.read += n
	l.tags += bytes.Count(p[:n], []byte("<"))
	switch {
	case l.read > maxAnswer:
		return 0, MarkLasting(fmt.Errorf("%w: over %d MiB; is its endpoint that of a store?", ErrEndlessAnswer, maxAnswer>>20))
	case l.tags > maxTags:
		return 0, MarkLasting(fmt.Errorf("%w: a list of over %d tags for a page of %d entries; is its endpoint that of a store?", ErrEndlessAnswer, maxTags, ListPage))
	}
	return n, err
}
