package logstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

const (
	bufferSize = 64 << 10
	// lastTry is after how many failures in a row to give up.
	lastTry = 10
	// longestPause is the longest wait between tries.
	longestPause = 5 * time.Second
)

// Source opens logs and tells whether a workflow is over.
type Source interface {
	// Log opens the log of a workflow.
	Log(ctx context.Context, namespace, name string, options *v1alpha1.LogOptions) (io.ReadCloser, error)
	// Header returns a workflow; its nodes are not needed.
	Header(ctx context.Context, namespace, name string) (*v1alpha1.Workflow, error)
}

// Options say what is copied and how it looks.
type Options struct {
	Namespace, Name string
	// Log says which lines. Prefix and timestamps are asked for anyway; what they say here is what is written.
	Log v1alpha1.LogOptions
	// Tint, unless nil, colours the name of a pod.
	Tint func(key, text string) string
	// Mark, unless nil, makes what the Grep of Log matches stand out.
	Mark func(text string) string
	// Warn is told when a stream was cut and is taken up again.
	Warn func(message string)
	// Clock waits between tries.
	Clock clock.Clock
}

// Copy writes the log. With follow it returns when the workflow is over and all of its log is written.
func Copy(ctx context.Context, from Source, out io.Writer, options Options) error {
	c := &copier{from: from, out: bufio.NewWriterSize(out, bufferSize), options: &options, seen: newProgress()}
	if options.Log.Grep != "" && options.Mark != nil {
		c.pattern, _ = regexp.Compile(options.Log.Grep) // the server says what is wrong with it
	}
	defer func() { _ = c.out.Flush() }()
	for tries := 0; ; {
		over, err := c.isOver(ctx)
		if err == nil {
			var wrote int
			wrote, err = c.stream(ctx)
			if wrote > 0 {
				tries = 0
			}
			if err == nil && (over || !options.Log.Follow) {
				return c.finish()
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case apierrors.IsNotFound(err) && !c.seen.latest.IsZero():
			// The pods are gone, and so is what they may still have said.
			return c.finish()
		case err != nil && (!client.Passing(err) || tries >= lastTry):
			return errors.Join(c.finish(), err)
		case err != nil && tries == 0 && options.Warn != nil:
			options.Warn(fmt.Sprintf("the log was cut off (%v), going on", err))
		}
		if err := c.pause(ctx, tries); err != nil {
			return err
		}
		tries++
	}
}

type copier struct {
	from    Source
	out     *bufio.Writer
	options *Options
	seen    *progress
	pattern *regexp.Regexp
	midLine bool
}

// isOver tells whether nothing can be logged any more. A stream that ends says nothing about that: servers are replaced.
func (c *copier) isOver(ctx context.Context) (bool, error) {
	if !c.options.Log.Follow {
		return true, nil
	}
	workflow, err := c.from.Header(ctx, c.options.Namespace, c.options.Name)
	if apierrors.IsNotFound(err) && c.seen.latest.IsZero() {
		return false, err
	}
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return workflow.Status.Phase.Completed(), nil
}

// stream copies one stream from where the last one ended, and returns how many lines it wrote.
func (c *copier) stream(ctx context.Context) (int, error) {
	request := c.options.Log
	request.Prefix, request.Timestamps = true, true
	var known *replay
	if since := c.seen.since(); !since.IsZero() {
		at := metav1.NewTime(since)
		request.SinceTime, request.SinceSeconds, request.TailLines = &at, nil, nil
		known = c.seen.replay()
	}
	stream, err := c.from.Log(ctx, c.options.Namespace, c.options.Name, &request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = stream.Close() }()
	return c.lines(bufio.NewReaderSize(stream, bufferSize), known)
}

func (c *copier) lines(reader *bufio.Reader, known *replay) (int, error) {
	wrote, continued, skipping := 0, false, false
	for {
		if reader.Buffered() == 0 {
			// Nothing more has come: what is there is to be seen now.
			if err := c.out.Flush(); err != nil {
				return wrote, err
			}
		}
		line, err := reader.ReadSlice('\n')
		if len(line) > 0 {
			if !continued {
				skipping = !c.begin(line, known)
				if !skipping {
					wrote++
				}
			} else if !skipping {
				c.write(line)
			}
			continued = line[len(line)-1] != '\n'
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return wrote, nil
		case err != nil:
			return wrote, err
		}
	}
}

// begin writes a line, or the first part of a long one, unless it came before.
func (c *copier) begin(line []byte, known *replay) bool {
	h, text, ok := cutHead(line)
	if ok && known != nil && known.came(h) {
		return false
	}
	if c.midLine {
		c.write([]byte("\n"))
	}
	if !ok {
		c.write(line)
		return true
	}
	c.seen.add(h)
	lead := ""
	if c.options.Log.Prefix {
		lead = h.source + ": "
		if c.options.Tint != nil {
			lead = c.options.Tint(h.source, h.source+":") + " "
		}
	}
	if c.options.Log.Timestamps {
		lead += h.stamp + " "
	}
	c.write([]byte(lead))
	c.write(c.marked(text))
	return true
}

func (c *copier) marked(text []byte) []byte {
	if c.pattern == nil {
		return text
	}
	body, end := bytes.CutSuffix(text, []byte("\n"))
	marked := c.pattern.ReplaceAllFunc(body, func(match []byte) []byte {
		if len(match) == 0 {
			return match
		}
		return []byte(c.options.Mark(string(match)))
	})
	if end {
		marked = append(marked, '\n')
	}
	return marked
}

// write puts text into the buffer; its error comes back when the buffer is flushed.
func (c *copier) write(text []byte) {
	if len(text) == 0 {
		return
	}
	_, _ = c.out.Write(text)
	c.midLine = text[len(text)-1] != '\n'
}

func (c *copier) finish() error { return c.out.Flush() }

// pause waits before the stream is taken up again.
func (c *copier) pause(ctx context.Context, tries int) error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	wait := min(longestPause, 200*time.Millisecond<<min(tries, 10))
	timer := c.options.Clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}
