package podlog

import (
	"container/heap"
	"context"
	"errors"
	"io"
	"time"
)

const (
	// reorderWindow is how long a line of a followed log waits for earlier lines of other pods.
	reorderWindow = 300 * time.Millisecond
	// maxOpen is how many logs are read at the same time. Beyond it the order of lines is no longer exact.
	maxOpen = 200
)

// errLimit ends the merge when as many bytes are written as were asked for.
var errLimit = errors.New("limit reached")

// merger writes the lines of many streams in the order of their timestamps.
type merger struct {
	request *request
	pods    Pods
	// found delivers containers whose log can be read; it is closed when no more will come.
	found <-chan []container

	pieces   chan piece
	ended    chan *stream
	pending  pieceHeap
	unopened containerHeap
	open     int
	complete bool

	// current has begun a line that is not finished; others wait for it.
	current      *stream
	currentSince time.Time

	out      io.Writer
	written  int64
	midLine  bool
	failures []*stream
}

func newMerger(request *request, pods Pods, found <-chan []container, out io.Writer) *merger {
	return &merger{request: request, pods: pods, found: found, out: out, pieces: make(chan piece), ended: make(chan *stream)}
}

// run merges until all logs have ended, the limit is reached or the context ends. An error other than the context's
// comes back only while nothing is written; later ones stand in the output.
func (m *merger) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		m.openMore(ctx)
		if m.complete && m.open == 0 && len(m.pending) == 0 && len(m.unopened) == 0 {
			return m.finish()
		}
		p, wait := m.next()
		if p == nil {
			if err := m.wait(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if err := m.emit(p); err != nil {
			if errors.Is(err, errLimit) {
				return nil
			}
			return err
		}
		p.stream.taken <- struct{}{}
	}
}

// openMore opens the logs which may have a line earlier than all lines at hand. The log of a pod that began later stays
// closed, so a workflow of thousands of pods, one after another, is read with a few connections.
func (m *merger) openMore(ctx context.Context) {
	for len(m.unopened) > 0 && m.open < maxOpen {
		if len(m.pending) > 0 && m.unopened[0].start.After(m.pending[0].at) {
			return
		}
		if len(m.pending) == 0 && m.open > 0 && !m.request.follow {
			return
		}
		c := heap.Pop(&m.unopened).(container)
		s := &stream{container: c, request: m.request, pods: m.pods, pieces: m.pieces, ended: m.ended, taken: make(chan struct{}, 1), lastAt: c.start}
		m.open++
		go s.run(ctx)
	}
}

// next takes the piece to write now. When there is none it says how long to wait at most; zero means without end.
func (m *merger) next() (*piece, time.Duration) {
	now := m.request.clock.Now()
	if m.current != nil {
		for i := range m.pending {
			if m.pending[i].stream == m.current {
				p := heap.Remove(&m.pending, i).(piece)
				return &p, 0
			}
		}
		if !m.request.follow || len(m.pending) == 0 {
			return nil, 0
		}
		if left := m.currentSince.Add(reorderWindow).Sub(now); left > 0 {
			return nil, left
		}
		m.current = nil
	}
	if len(m.pending) == 0 {
		return nil, 0
	}
	if m.open > len(m.pending) {
		if !m.request.follow {
			return nil, 0
		}
		if left := m.pending[0].arrived.Add(reorderWindow).Sub(now); left > 0 {
			return nil, left
		}
	}
	p := heap.Pop(&m.pending).(piece)
	return &p, 0
}

// wait takes in one event.
func (m *merger) wait(ctx context.Context, atMost time.Duration) error {
	var timeout <-chan time.Time
	if atMost > 0 {
		timer := m.request.clock.NewTimer(atMost)
		defer timer.Stop()
		timeout = timer.C()
	}
	found := m.found
	if m.complete {
		found = nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout:
	case containers, ok := <-found:
		m.complete = !ok
		for _, c := range containers {
			heap.Push(&m.unopened, c)
		}
	case p := <-m.pieces:
		heap.Push(&m.pending, p)
	case s := <-m.ended:
		m.open--
		if m.current == s {
			m.current = nil
		}
		if s.err != nil {
			return m.fail(s)
		}
	}
	return nil
}

// fail reports a log that cannot be read: in the output if that has begun or is being followed, else later.
func (m *merger) fail(s *stream) error {
	if m.written == 0 && !m.request.follow {
		m.failures = append(m.failures, s)
		return nil
	}
	if err := m.endLine(); err != nil {
		return err
	}
	return m.write([]byte(s.failure()))
}

// finish ends the merge. When all there is to say is that logs cannot be read, that is the answer.
func (m *merger) finish() error {
	if len(m.failures) > 0 {
		return m.failures[0].err
	}
	return nil
}

// emit writes one piece.
func (m *merger) emit(p *piece) error {
	for len(m.failures) > 0 {
		failed := m.failures[0]
		m.failures = m.failures[1:]
		if err := m.write([]byte(failed.failure())); err != nil {
			return err
		}
	}
	if p.first || m.current != p.stream {
		if err := m.endLine(); err != nil {
			return err
		}
		if err := m.write([]byte(m.request.lead(p))); err != nil {
			return err
		}
	}
	if err := m.write(p.data); err != nil {
		return err
	}
	m.current = nil
	if !p.last {
		m.current, m.currentSince = p.stream, m.request.clock.Now()
	}
	return nil
}

// endLine ends the unfinished line of another stream.
func (m *merger) endLine() error {
	if !m.midLine {
		return nil
	}
	return m.write([]byte("\n"))
}

func (m *merger) write(data []byte) error {
	limited := false
	if limit := m.request.limitBytes; limit != nil && m.written+int64(len(data)) >= *limit {
		data, limited = data[:*limit-m.written], true
	}
	if len(data) > 0 {
		if _, err := m.out.Write(data); err != nil {
			return err
		}
		m.written += int64(len(data))
		m.midLine = data[len(data)-1] != '\n'
	}
	if limited {
		return errLimit
	}
	return nil
}

// pieceHeap holds at most one piece of every stream, the earliest first.
type pieceHeap []piece

// Len implements heap.Interface.
func (h pieceHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h pieceHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return before(h[i].stream.container, h[j].stream.container)
}

// Swap implements heap.Interface.
func (h pieceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *pieceHeap) Push(x any) { *h = append(*h, x.(piece)) }

// Pop implements heap.Interface.
func (h *pieceHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// containerHeap holds logs that are not open, the earliest first.
type containerHeap []container

// Len implements heap.Interface.
func (h containerHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h containerHeap) Less(i, j int) bool { return before(h[i], h[j]) }

// Swap implements heap.Interface.
func (h containerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *containerHeap) Push(x any) { *h = append(*h, x.(container)) }

// Pop implements heap.Interface.
func (h *containerHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// before orders logs by start, then by name, so that equal timestamps come out the same every time.
func before(a, b container) bool {
	if !a.start.Equal(b.start) {
		return a.start.Before(b.start)
	}
	if a.pod != b.pod {
		return a.pod < b.pod
	}
	return a.name < b.name
}
