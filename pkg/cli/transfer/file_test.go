package transfer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

// server has a file and breaks connections after some bytes.
type server struct {
	content, etag string
	// breaks are after how many bytes the next connections break.
	breaks []int
	// change is what the file becomes before the request of this number.
	changeAt      int
	change        string
	noSize        bool
	noRanges      bool
	refuse        error
	requests      int
	offsets       []int64
	unsatisfiable bool
}

func (s *server) open(_ context.Context, offset int64, etag string) (*client.Part, error) {
	s.requests++
	s.offsets = append(s.offsets, offset)
	if s.refuse != nil {
		return nil, s.refuse
	}
	if s.changeAt == s.requests {
		s.content, s.etag = s.change, s.etag+"'"
	}
	if s.noRanges || etag != "" && etag != s.etag {
		offset = 0
	}
	if s.unsatisfiable && offset >= int64(len(s.content)) {
		return nil, client.ErrComplete
	}
	part := &client.Part{Offset: offset, Size: int64(len(s.content)), ETag: s.etag}
	if s.noSize {
		part.Size = -1
	}
	text := s.content[offset:]
	var end error
	if len(s.breaks) > 0 {
		text, end, s.breaks = text[:min(len(text), s.breaks[0])], io.ErrUnexpectedEOF, s.breaks[1:]
	}
	reader := io.Reader(strings.NewReader(text))
	if end != nil {
		reader = io.MultiReader(reader, failing{end})
	}
	part.ReadCloser = io.NopCloser(reader)
	return part, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// bar remembers what it was told.
type bar struct {
	last   int64
	closed bool
}

func (b *bar) Set(n int64) { b.last = n }
func (b *bar) Close()      { b.closed = true }

// CLI-26.
func TestFile(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	tests := []struct {
		name    string
		server  server
		want    string
		wantErr string
		offsets int
	}{
		{name: "at once", server: server{content: content}, want: content, offsets: 1},
		{name: "empty", server: server{}, want: "", offsets: 1},
		{name: "size unknown", server: server{content: content, noSize: true}, want: content, offsets: 1},
		{name: "cut and taken up", server: server{content: content, etag: "e", breaks: []int{4000, 0, 5000}}, want: content, offsets: 4},
		{name: "cut at the very end", server: server{content: content, noSize: true, breaks: []int{10_000}, unsatisfiable: true}, want: content, offsets: 2},
		{name: "no ranges", server: server{content: content, noRanges: true, breaks: []int{4000, 6000}}, want: content, offsets: 3},
		{
			name: "changed meanwhile", server: server{content: content, etag: "e", breaks: []int{4000}, changeAt: 2, change: "short"},
			want: "short", offsets: 2,
		},
		{
			name: "changed, and the server does not mind", server: server{content: content, breaks: []int{4000}, changeAt: 2, change: "more" + content},
			want: "more" + content, offsets: 3,
		},
		{name: "breaks for ever", server: server{content: content, breaks: make([]int, 100)}, wantErr: "again and again after 0 B", offsets: lastTry + 1},
		{name: "refused", server: server{refuse: apierrors.NewNotFound(v1alpha1.Resource("workflows"), "x")}, wantErr: "not found", offsets: 1},
		{name: "broken disk or the like", server: server{refuse: errors.New("broken")}, wantErr: "broken", offsets: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clock := ticking(t)
			b := &bar{}
			path := filepath.Join(t.TempDir(), "a", "b", "file")
			n, err := File(t.Context(), test.server.open, path, Options{Clock: clock, Progress: func(int64) Bar { return b }})
			if len(test.server.offsets) != test.offsets {
				t.Errorf("requests at %v, want %d", test.server.offsets, test.offsets)
			}
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
				if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
				return
			}
			got, readErr := os.ReadFile(path)
			if err != nil || readErr != nil || string(got) != test.want || n != int64(len(test.want)) {
				t.Errorf("%d of %d bytes, %v, %v", len(got), len(test.want), err, readErr)
			}
			if b.last != int64(len(test.want)) || !b.closed {
				t.Errorf("the bar stands at %d, closed: %v", b.last, b.closed)
			}
		})
	}
}

// ticking is a clock on which nobody waits.
func ticking(t *testing.T) *testingclock.FakeClock {
	t.Helper()
	clock := testingclock.NewFakeClock(time.Unix(1_800_000_000, 0))
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
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
	return clock
}

// CLI-26: what was there of an interrupted download is not fetched again, if the file is still the same.
func TestFileGoesOn(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	for _, tc := range []struct {
		name string
		// etag of the file before, and now.
		before, now string
		// got is how much of it was there before.
		got    int
		kept   int64
		offset int64
	}{
		{name: "the same", before: `"v1"`, now: `"v1"`, got: 4000, kept: 4000, offset: 4000},
		{name: "only the end was missing", before: `"v1"`, now: `"v1"`, got: 10_000, kept: 10_000, offset: 10_000},
		{name: "another", before: `"v1"`, now: `"v2"`, got: 4000, kept: 4000, offset: 4000},
		{name: "nobody knows", got: 4000},
		{name: "nothing came", before: `"v1"`, now: `"v1"`},
		{name: "a version with a name that no file can have", before: strings.Repeat("x", 300), now: "y", got: 4000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			path := filepath.Join(t.TempDir(), "file [1]*.bin")
			first := &server{content: strings.ReplaceAll(content, "9", "8"), etag: tc.before, breaks: []int{tc.got}}
			if tc.before == tc.now {
				first.content = content
			}
			interrupting := func(ctx context.Context, offset int64, etag string) (*client.Part, error) {
				part, err := first.open(ctx, offset, etag)
				part.Size = -1 // or it would be complete with the last byte
				part.ReadCloser = io.NopCloser(io.TeeReader(part.ReadCloser, onEnd{cancel, &tc.got}))
				if tc.got == 0 {
					cancel()
				}
				return part, err
			}
			kept := int64(0)
			if _, err := File(ctx, interrupting, path, Options{Clock: ticking(t), Kept: func(n int64) { kept = n }}); !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			if kept != tc.kept {
				t.Errorf("%d bytes are kept, want %d", kept, tc.kept)
			}
			second := &server{content: content, etag: tc.now, unsatisfiable: true}
			n, err := File(t.Context(), second.open, path, Options{Clock: ticking(t)})
			got, _ := os.ReadFile(path)
			if err != nil || n != int64(len(content)) || string(got) != content {
				t.Errorf("%d bytes, %v", n, err)
			}
			if second.offsets[0] != tc.offset {
				t.Errorf("went on from %d, want %d", second.offsets[0], tc.offset)
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// onEnd cancels when so many bytes have passed.
type onEnd struct {
	cancel context.CancelFunc
	left   *int
}

func (o onEnd) Write(p []byte) (int, error) {
	if *o.left -= len(p); *o.left <= 0 {
		o.cancel()
	}
	return len(p), nil
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
