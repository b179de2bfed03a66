package artifact

import (
	"context"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Backoff is how often and after which pauses an operation is tried: five times, after 1 s, 1.6 s, 2.56 s and 4.1 s.
var Backoff = wait.Backoff{Duration: time.Second, Factor: 1.6, Steps: 5}

// Retry returns a driver that tries again what failed with a transient error, after the pauses of backoff on the given
// clock. A stream can be tried again only while it can be rewound (io.Seeker); the bytes of a stream that was opened are the
// reader's concern. log, if not nil, hears of each failure that is tried again.
func Retry(driver Driver, backoff wait.Backoff, clock clock.Clock, log func(error)) Driver {
	if log == nil {
		log = func(error) {}
	}
	return &retrying{driver: driver, backoff: backoff, clock: clock, log: log}
}

type retrying struct {
	driver  Driver
	backoff wait.Backoff
	clock   clock.Clock
	log     func(error)
}

var _ Driver = &retrying{}

// try calls f until it succeeds, fails for good, or has been called as often as allowed.
func (r *retrying) try(ctx context.Context, f func() error) error {
	backoff := r.backoff
	for {
		err := f()
		if err == nil || !Transient(err) || ctx.Err() != nil || backoff.Steps <= 1 {
			return err
		}
		r.log(err)
		timer := r.clock.NewTimer(backoff.Step())
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C():
		}
	}
}

// Load copies an artifact to a file or directory, again if that may help.
func (r *retrying) Load(ctx context.Context, a *wfv1.Artifact, path string) error {
	return r.try(ctx, func() error { return r.driver.Load(ctx, a, path) })
}

// Open opens an object, again if that may help.
func (r *retrying) Open(ctx context.Context, a *wfv1.Artifact, part Range) (stream io.ReadCloser, attributes Attributes, err error) {
	err = r.try(ctx, func() error {
		stream, attributes, err = r.driver.Open(ctx, a, part)
		return err
	})
	return stream, attributes, err
}

// Save stores a file or directory, again if that may help.
func (r *retrying) Save(ctx context.Context, a *wfv1.Artifact, path string) error {
	return r.try(ctx, func() error { return r.driver.Save(ctx, a, path) })
}

// SaveStream stores a stream, again if that may help and the stream can be rewound.
func (r *retrying) SaveStream(ctx context.Context, a *wfv1.Artifact, stream io.Reader) error {
	seeker, ok := stream.(io.Seeker)
	if !ok {
		return r.driver.SaveStream(ctx, a, stream)
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		// A pipe is an *os.File as well.
		return r.driver.SaveStream(ctx, a, stream)
	}
	return r.try(ctx, func() error {
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return MarkLasting(err)
		}
		return r.driver.SaveStream(ctx, a, stream)
	})
}

// Delete removes objects, again if that may help.
func (r *retrying) Delete(ctx context.Context, a *wfv1.Artifact) error {
	return r.try(ctx, func() error { return r.driver.Delete(ctx, a) })
}

// List lists objects, again if that may help.
func (r *retrying) List(ctx context.Context, a *wfv1.Artifact, most int) (objects []Object, err error) {
	err = r.try(ctx, func() error {
		objects, err = r.driver.List(ctx, a, most)
		return err
	})
	return objects, err
}

// IsDirectory looks for objects below the key, again if that may help.
func (r *retrying) IsDirectory(ctx context.Context, a *wfv1.Artifact) (is bool, err error) {
	err = r.try(ctx, func() error {
		is, err = r.driver.IsDirectory(ctx, a)
		return err
	})
	return is, err
}
