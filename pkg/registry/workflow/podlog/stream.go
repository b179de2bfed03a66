package podlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// reopenDelay is how long to wait before a broken connection to a running container's log is opened again.
const reopenDelay = time.Second

// container is one log to read.
type container struct {
	namespace, pod, name string
	uid                  types.UID
	// start is not later than the first line.
	start time.Time
	// terminated containers have a log that does not grow any more.
	terminated bool
	// saved is the log in an artifact store, of a pod that is gone; nil: it is read from the pod.
	saved *savedLog
}

// stream reads one container's log and hands it to the merger piece by piece: the next is only read when the one before
// it has been written.
type stream struct {
	container
	request *request
	pods    Pods
	pieces  chan<- piece
	ended   chan<- *stream
	taken   chan struct{}

	// lastAt is the timestamp of the last line passed on.
	lastAt time.Time
	err    error
}

// run reads until the log ends, then reports on the ended channel. It returns without a report when the context ends.
func (s *stream) run(ctx context.Context) {
	s.err = s.read(ctx)
	select {
	case s.ended <- s:
	case <-ctx.Done():
	}
}

func (s *stream) read(ctx context.Context) error {
	if s.saved != nil {
		return s.readSaved(ctx)
	}
	opened, begun := false, false
	for {
		var skip time.Time
		if opened {
			skip = s.lastAt
		}
		log, err := s.pods.Log(ctx, s.namespace, s.pod, s.options(skip))
		switch {
		case err == nil:
			opened, begun = true, true
			err = s.pass(ctx, log, skip)
			log.Close()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil && (!s.request.follow || s.terminated) {
				return nil
			}
		case !begun && apierrors.IsNotFound(err) && s.becomeSaved(ctx):
			return s.readSaved(ctx)
		case opened && apierrors.IsNotFound(err):
			return nil
		case !opened && !s.request.follow, apierrors.IsNotFound(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err):
			return err
		}
		if err != nil && !s.request.follow {
			return err
		}
		// Following, and the connection ended: the container did, or the kubelet was restarted, or did not answer.
		running, stateErr := s.running(ctx)
		if stateErr == nil && !running {
			if opened {
				return err
			}
			// It ended before its log could be read; one more try, which fails for good if it fails.
			s.terminated, opened = true, true
			continue
		}
		timer := s.request.clock.NewTimer(reopenDelay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C():
		}
	}
}

// options are what to ask for; lines up to skip have been read already.
func (s *stream) options(skip time.Time) *corev1.PodLogOptions {
	o := &corev1.PodLogOptions{
		Container:    s.name,
		Follow:       s.request.follow && !s.terminated && !s.request.previous,
		Previous:     s.request.previous,
		Timestamps:   true,
		SinceSeconds: s.request.sinceSeconds,
		SinceTime:    s.request.sinceTime,
		TailLines:    s.request.tailLines,
	}
	if !skip.IsZero() {
		// Whole seconds are all that the parameter can say; pass drops the rest.
		since := metav1.NewTime(skip.Truncate(time.Second))
		o.SinceSeconds, o.SinceTime, o.TailLines = nil, &since, nil
	}
	return o
}

// running asks whether the container still runs.
func (s *stream) running(ctx context.Context) (bool, error) {
	pod, err := s.pods.Get(ctx, s.namespace, s.pod)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if pod.UID != s.uid {
		return false, nil
	}
	state := containerState(pod, s.name)
	return state == nil || state.Terminated == nil, nil
}

// pass hands on the lines of an open log that are later than skip and match the pattern.
func (s *stream) pass(ctx context.Context, log io.Reader, skip time.Time) error {
	return s.passLines(ctx, newLineReader(log), skip)
}

func (s *stream) passLines(ctx context.Context, lines *lineReader, skip time.Time) error {
	wanted := true
	for {
		p, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.first {
			wanted = skip.IsZero() || p.at.After(skip)
			if wanted && s.request.pattern != nil {
				wanted = s.request.pattern.Match(bytes.TrimSuffix(p.data, []byte("\n")))
			}
		}
		if !wanted {
			continue
		}
		s.lastAt = p.at
		p.stream, p.arrived = s, s.request.clock.Now()
		select {
		case s.pieces <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-s.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// failure is the line that stands in the output for a log that cannot be read.
func (s *stream) failure() string {
	return fmt.Sprintf("[log of pod %s, container %s cannot be read: %v]\n", s.pod, s.name, s.err)
}
