package workflow

import (
	"context"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// transient and permanent mark errors whose kind is known where they are made.
type (
	transient struct{ error }
	permanent struct{ error }
)

func (t transient) Unwrap() error { return t.error }
func (p permanent) Unwrap() error { return p.error }

// isTransient tells whether trying again later can help (CTL-11): quota, overload, conflicts, and everything that is the
// network's or the server's doing. What the API calls forbidden or invalid stays so.
//
// No error is none that passes.
func isTransient(err error) bool {
	if err == nil {
		return false
	}
	if errors.As(err, new(permanent)) {
		return false
	}
	if errors.As(err, new(transient)) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	switch {
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) && apierrors.IsNotFound(err):
		// Not the object is missing but the whole API: it is not registered at the moment.
		return true
	case apierrors.IsForbidden(err):
		return strings.Contains(err.Error(), "exceeded quota") || isUnmapped(err.Error())
	case apierrors.IsTooManyRequests(err), apierrors.IsConflict(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err),
		apierrors.IsInternalError(err), apierrors.IsServiceUnavailable(err), apierrors.IsUnexpectedServerError(err):
		return true
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return status.Status().Code >= 500
	}
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsTimeout(err) ||
		utilnet.IsProbableEOF(err) || isNetwork(err)
}

// isNetwork recognises the remaining ways in which a request does not reach its server. There has to be an error.
func isNetwork(err error) bool {
	text := err.Error()
	for _, sign := range []string{"TLS handshake", "i/o timeout", "no such host", "connection refused", "network is unreachable", "http2: "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// isUnmapped recognises the refusal of a cluster whose admission does not know the kind Workflow yet: it learns of a new
// API within half a minute.
func isUnmapped(message string) bool { return strings.Contains(message, "cannot find RESTMapping") }
