package resource

import (
	"errors"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// signs recognise in kubectl's words that trying again can help (CTL-11): its errors are texts.
var signs = regexp.MustCompile(`exceeded quota|\((TooManyRequests|Conflict|Timeout|ServerTimeout|ServiceUnavailable|InternalError)\)|` +
	`[Tt]oo many requests|connection refused|connection reset|i/o timeout|TLS handshake|network is unreachable|no such host|etcdserver: |` +
	`unexpected EOF|http2: |currently unable to handle the request|object has been modified|Unable to connect to the server`)

// transient tells whether trying again can help.
func transient(err error) bool {
	switch {
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err), apierrors.IsServiceUnavailable(err),
		apierrors.IsInternalError(err), apierrors.IsConflict(err), utilnet.IsConnectionRefused(err), utilnet.IsConnectionReset(err),
		utilnet.IsTimeout(err), utilnet.IsProbableEOF(err):
		return true
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) && status.Status().Code >= 500 {
		return true
	}
	return signs.MatchString(err.Error())
}
