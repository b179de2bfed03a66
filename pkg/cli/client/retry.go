package client

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

const (
	// firstPause is how long to wait before something that was interrupted is taken up again; each failure doubles it.
	firstPause = 500 * time.Millisecond
	// longestPause is where doubling ends.
	longestPause = 10 * time.Second
	// lastTry is after how many failures in a row to give up: more than a minute, enough for servers to be replaced.
	lastTry = 12
)

// Passing tells whether an error is likely to be over soon: servers that restart, networks that break.
func Passing(err error) bool {
	if apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsTimeout(err) || apierrors.IsInternalError(err) {
		return true
	}
	if code := status(err); code == 502 || code == 504 {
		return true
	}
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) ||
		utilnet.IsConnectionReset(err) || utilnet.IsConnectionRefused(err) || utilnet.IsHTTP2ConnectionLost(err)
}

// pause waits before the next try.
func (c *Client) pause(ctx context.Context, tries int) error {
	wait := firstPause << min(tries, 10)
	timer := c.clock.NewTimer(min(wait, longestPause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}
