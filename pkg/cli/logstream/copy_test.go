package logstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// line is a line as the server sends it.
func line(pod string, milliseconds int, text string) string {
	return pod + ": " + epoch.Add(time.Duration(milliseconds)*time.Millisecond).Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text
}

// stream is the answer to one request: text, and how it ends.
type stream struct {
	text string
	end  error
	// refused is the error instead of a stream.
	refused error
}

// fakeSource answers requests in turn.
type fakeSource struct {
	mu       sync.Mutex
	streams  []stream
	requests []v1alpha1.LogOptions
	// overAfter is after how many streams the workflow is over.
	overAfter int
	missing   bool
}

func (f *fakeSource) Header(context.Context, string, string) (*v1alpha1.Workflow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.missing {
		return nil, apierrors.NewNotFound(v1alpha1.Resource("workflows"), "w")
	}
	wf := &v1alpha1.Workflow{}
	wf.Status.Phase = v1alpha1.WorkflowRunning
	if len(f.requests) >= f.overAfter {
		wf.Status.Phase = v1alpha1.WorkflowSucceeded
	}
	return wf, nil
}

func (f *fakeSource) Log(_ context.Context, _, _ string, options *v1alpha1.LogOptions) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, *options)
	if len(f.requests) > len(f.streams) {
		return nil, fmt.Errorf("request %d was not expected", len(f.requests))
	}
	s := f.streams[len(f.requests)-1]
	if s.refused != nil {
		return nil, s.refused
	}
	reader := io.Reader(strings.NewReader(s.text))
	if s.end != nil {
		reader = io.MultiReader(reader, failing{s.end})
	}
	return io.NopCloser(reader), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// CLI-14.
func TestCopy(t *testing.T) {
	cut := io.ErrUnexpectedEOF
	notFound := apierrors.NewNotFound(v1alpha1.Resource("pods"), "w")
	tests := []struct {
		name      string
		streams   []stream
		overAfter int
		missing   bool
		options   v1alpha1.LogOptions
		want      string
		wantErr   string
		requests  int
		// since is what the second request asks for.
		since string
	}{
		{
			name: "all at once", streams: []stream{{text: line("a", 1, "one\n") + line("b", 2, "two\n")}},
			want: "one\ntwo\n", requests: 1,
		},
		{
			name: "prefix and timestamps", options: v1alpha1.LogOptions{Prefix: true, Timestamps: true},
			streams: []stream{{text: line("a", 1, "x\n") + line("b/wait", 2, "y\n")}},
			want:    "a: 2026-11-22T12:00:00.001000000Z x\nb/wait: 2026-11-22T12:00:00.002000000Z y\n", requests: 1,
		},
		{
			name:    "carriage returns, no newline at the end, bytes that are no text",
			streams: []stream{{text: line("a", 1, "10%\r20%\r\n") + line("a", 2, "\x00\xff end")}}, want: "10%\r20%\r\n\x00\xff end", requests: 1,
		},
		{
			name: "what the server says itself", streams: []stream{{text: "cannot read the log of pod b\n" + line("a", 1, "x\n")}},
			want: "cannot read the log of pod b\nx\n", requests: 1,
		},
		{
			name: "lines longer than any buffer", streams: []stream{{text: line("a", 1, strings.Repeat("x", 200_000)+"\n") + line("a", 2, "y\n")}},
			want: strings.Repeat("x", 200_000) + "\ny\n", requests: 1,
		},
		{
			name: "cut, and taken up where it ended", options: v1alpha1.LogOptions{Follow: true}, overAfter: 1,
			streams: []stream{
				{text: line("a", 20_001, "1\n") + line("a", 20_002, "2\n") + line("b", 20_002, "b\n"), end: cut},
				{text: line("a", 20_001, "1\n") + line("a", 20_002, "2\n") + line("b", 20_002, "b\n") + line("a", 20_003, "3\n") + line("c", 20_001, "c\n")},
			},
			want: "1\n2\nb\n3\nc\n", requests: 2, since: "2026-11-22T12:00:10Z",
		},
		{
			name: "several lines of one time", options: v1alpha1.LogOptions{Follow: true}, overAfter: 1,
			streams: []stream{
				{text: line("a", 1, "1\n") + line("a", 1, "2\n"), end: cut},
				{text: line("a", 1, "1\n") + line("a", 1, "2\n") + line("a", 1, "3\n")},
			},
			want: "1\n2\n3\n", requests: 2,
		},
		{
			name: "a stream that ends before the workflow", options: v1alpha1.LogOptions{Follow: true}, overAfter: 1,
			streams: []stream{{text: line("a", 1, "1\n")}, {text: line("a", 1, "1\n") + line("a", 2, "2\n")}},
			want:    "1\n2\n", requests: 2,
		},
		{
			name: "over before it began", options: v1alpha1.LogOptions{Follow: true}, overAfter: 0,
			streams: []stream{{text: line("a", 1, "1\n")}}, want: "1\n", requests: 1,
		},
		{
			name: "pods deleted meanwhile, whose logs were saved", options: v1alpha1.LogOptions{Follow: true}, overAfter: 2,
			streams: []stream{
				{text: line("a", 5, "1\n") + line("a", 6, "2\n")}, {text: line("a", 1, "1\n") + line("a", 1, "2\n") + line("b", 3, "b1\n") + line("b", 3, "b2\n")},
				{text: line("a", 1, "1\n") + line("a", 1, "2\n") + line("b", 3, "b1\n") + line("b", 3, "b2\n")},
			},
			want: "1\n2\nb1\nb2\n", requests: 3,
		},
		{
			name: "server not there for a while", options: v1alpha1.LogOptions{Follow: true}, overAfter: 3,
			streams: []stream{
				{text: line("a", 1, "1\n"), end: cut}, {refused: apierrors.NewServiceUnavailable("starting")},
				{refused: apierrors.NewServiceUnavailable("starting")}, {text: line("a", 1, "1\n") + line("a", 2, "2\n")},
			},
			want: "1\n2\n", requests: 4,
		},
		{
			name: "pods gone meanwhile", options: v1alpha1.LogOptions{Follow: true}, overAfter: 1,
			streams: []stream{{text: line("a", 1, "1\n"), end: cut}, {refused: notFound}}, want: "1\n", requests: 2,
		},
		{name: "no pods", streams: []stream{{refused: notFound}}, wantErr: "not found", requests: 1},
		{name: "no workflow", options: v1alpha1.LogOptions{Follow: true}, missing: true, wantErr: "not found", requests: 0},
		{
			name: "cut without follow", streams: []stream{{text: line("a", 1, "1\n") + line("a", 2, "no newl"), end: cut}, {text: line("a", 2, "no newl") + "\n" + line("a", 3, "3\n")}},
			want: "1\nno newl\n3\n", requests: 2,
		},
		{
			name: "an error that does not pass", streams: []stream{{text: line("a", 1, "1\n"), end: errors.New("broken")}}, want: "1\n", wantErr: "broken", requests: 1,
		},
		{
			name: "grep is marked", options: v1alpha1.LogOptions{Grep: "b+"}, streams: []stream{{text: line("a", 1, "abba\n")}},
			want: "a<bb>a\n", requests: 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := &fakeSource{streams: test.streams, overAfter: test.overAfter, missing: test.missing}
			clock := testingclock.NewFakeClock(epoch)
			done := make(chan struct{})
			go func() { // time passes as soon as somebody waits for it
				for {
					select {
					case <-done:
						return
					default:
						if clock.HasWaiters() {
							clock.Step(time.Minute)
						}
					}
				}
			}()
			defer close(done)
			var out bytes.Buffer
			err := Copy(t.Context(), source, &out, Options{
				Name: "w", Log: test.options, Clock: clock, Mark: func(s string) string { return "<" + s + ">" },
			})
			switch {
			case test.wantErr == "" && err != nil, test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if out.String() != test.want {
				t.Errorf("got %.200q, want %.200q", out.String(), test.want)
			}
			if len(source.requests) != test.requests {
				t.Errorf("%d requests, want %d", len(source.requests), test.requests)
			}
			for _, request := range source.requests {
				if !request.Prefix || !request.Timestamps {
					t.Error("a request was made without pods and times, and could not be taken up")
				}
			}
			if test.since != "" && source.requests[1].SinceTime.UTC().Format(time.RFC3339) != test.since {
				t.Errorf("taken up since %v, want %s", source.requests[1].SinceTime, test.since)
			}
		})
	}
}
