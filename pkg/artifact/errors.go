package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"syscall"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ErrNotFound is in the chain of errors that mean: there is no such artifact.
var ErrNotFound = errors.New("not found")

// ErrNotSupported is in the chain of errors that mean: this kind of store cannot do that.
var ErrNotSupported = errors.New("not supported")

// NotSupported is the error of a kind of store that lacks an operation, such as `delete not supported by git artifacts`.
func NotSupported(operation string, kind Kind) error {
	return fmt.Errorf("%s %w by %s artifacts", operation, ErrNotSupported, kind)
}

// NotFound is an error for which errors.Is(err, ErrNotFound) holds; it says what was looked for in the store's words.
func NotFound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotFound, fmt.Sprintf(format, args...))
}

// Error is what drivers made by New return: what was tried, where, and why it failed.
type Error struct {
	// Operation as a verb: load, open, save, delete, list, or connect to.
	Operation string
	// Location as Describe names it.
	Location string
	// Err is the cause.
	Err error
}

// Error is for people.
func (e *Error) Error() string {
	return fmt.Sprintf("could not %s %s: %v", e.Operation, e.Location, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func wrap(operation string, l *wfv1.ArtifactLocation, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Operation: operation, Location: Describe(l), Err: err}
}

// transientError marks its cause as passing, or as lasting.
type transientError struct {
	error
	transient bool
}

func (e transientError) Unwrap() error { return e.error }

// MarkTransient marks an error as one that may go away by itself, for drivers that know their store's answers.
func MarkTransient(err error) error {
	if err == nil {
		return nil
	}
	return transientError{err, true}
}

// MarkLasting marks an error as one that trying again will not change, even if its cause looks like a passing one.
func MarkLasting(err error) error {
	if err == nil {
		return nil
	}
	return transientError{err, false}
}

// TransientStatus tells whether an HTTP status means that the same request may succeed later.
func TransientStatus(code int) bool {
	switch code {
	case 408, 425, 429, 500, 502, 503, 504:
		return true
	}
	return false
}

// transientPattern is what an administrator adds to the errors that are tried again, as in Argo.
var transientPattern = compilePattern(os.Getenv("TRANSIENT_ERROR_PATTERN"))

func compilePattern(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	return compiled
}

// Transient tells whether trying again may help: the store could not be reached, broke off, or said that it is busy. An
// error that its driver has marked is what the mark says. Errors that the environment variable TRANSIENT_ERROR_PATTERN
// matches are transient too.
func Transient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrNotSupported) {
		return false
	}
	if transientPattern != nil && transientPattern.MatchString(err.Error()) {
		return true
	}
	if marked := (transientError{}); errors.As(err, &marked) {
		return marked.transient
	}
	return brokenConnection(err)
}

// brokenConnection recognises what the network does to requests, whatever library sent them.
func brokenConnection(err error) bool {
	for _, cause := range []error{
		io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, net.ErrClosed,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		// A Service that was just created has no name yet: "no such host" is worth the few seconds.
		return true
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return true
	}
	// A server that closes the connection before its answer.
	return errors.Is(err, io.EOF)
}
