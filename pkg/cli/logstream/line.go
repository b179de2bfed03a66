package logstream

import (
	"bytes"
	"time"
)

// head is what the server puts in front of a line when asked for prefix and timestamps.
type head struct {
	// source is the pod, followed by a slash and the container if that is not the main one.
	source string
	at     time.Time
	// stamp is the time as it was written.
	stamp string
}

// cutHead splits a line into its head and the text; not ok for lines that the server says by itself.
func cutHead(line []byte) (h head, text []byte, ok bool) {
	end := bytes.Index(line, []byte(": "))
	if end <= 0 || bytes.ContainsAny(line[:end], " \t") {
		return head{}, line, false
	}
	h.source = string(line[:end])
	text = line[end+2:]
	space := bytes.IndexByte(text, ' ')
	if space < 0 {
		return head{}, line, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(text[:space]))
	if err != nil {
		return head{}, line, false
	}
	h.at, h.stamp = at, string(text[:space])
	return h, text[space+1:], true
}

// progress is how much of each source has been written.
type progress struct {
	sources map[string]*mark
	latest  time.Time
}

// mark is the time of the last line of a source, and how many lines it had at that time.
type mark struct {
	at    time.Time
	count int
}

func newProgress() *progress { return &progress{sources: map[string]*mark{}} }

// slack is how much earlier than the last line a stream is taken up again: lines of several pods come in the order of
// their times, but for what the server waits for stragglers, and for clocks that differ.
const slack = 10 * time.Second

// since is where to take up the stream again; zero at the beginning.
func (p *progress) since() time.Time {
	if p.latest.IsZero() {
		return p.latest
	}
	return p.latest.Add(-slack).Truncate(time.Second)
}

// add takes note of a line that is written.
func (p *progress) add(h head) {
	m := p.sources[h.source]
	switch {
	case m == nil:
		p.sources[h.source] = &mark{at: h.at, count: 1}
	case h.at.Equal(m.at):
		m.count++
	case h.at.After(m.at):
		m.at, m.count = h.at, 1
	}
	if h.at.After(p.latest) {
		p.latest = h.at
	}
}

// replay tells which lines of a stream that was taken up again came before.
type replay struct {
	before map[string]mark
	again  map[string]int
}

func (p *progress) replay() *replay {
	r := &replay{before: make(map[string]mark, len(p.sources)), again: map[string]int{}}
	for source, m := range p.sources {
		r.before[source] = *m
	}
	return r
}

func (r *replay) came(h head) bool {
	m, known := r.before[h.source]
	switch {
	case !known || h.at.After(m.at):
		return false
	case h.at.Before(m.at):
		return true
	}
	r.again[h.source]++
	return r.again[h.source] <= m.count
}
