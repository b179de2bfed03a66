package podlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

const (
	// pieceSize is the most that is held of one line.
	pieceSize = 64 << 10
	// maxTimestamp is longer than any timestamp in front of a line.
	maxTimestamp = 40
)

// piece is a line, or part of a line that is longer than pieceSize.
type piece struct {
	stream *stream
	// at is the timestamp of the line.
	at time.Time
	// stamp is the timestamp as it was written, empty when there was none.
	stamp string
	// arrived is when the piece was read.
	arrived time.Time
	// data is only valid until the next piece of the same stream is asked for.
	data []byte
	// first and last tell whether the piece begins and ends its line. The last piece of a log may end no line.
	first, last bool
}

// lineReader cuts a log with timestamps into pieces.
type lineReader struct {
	reader *bufio.Reader
	// plain: lines have no timestamps; at is that of all.
	plain  bool
	inLine bool
	at     time.Time
	stamp  string
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{reader: bufio.NewReaderSize(r, pieceSize)}
}

// next returns the next piece, or io.EOF at the end of the log.
func (l *lineReader) next() (piece, error) {
	data, err := l.reader.ReadSlice('\n')
	if len(data) == 0 {
		return piece{}, err
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
		// What was read before the failure is still part of the log; the failure comes back at the next call.
		l.reader = bufio.NewReaderSize(failing{err}, 16)
	}
	p := piece{data: data, first: !l.inLine, last: data[len(data)-1] == '\n'}
	if p.first && !l.plain {
		l.cutTimestamp(&p)
	}
	p.at, p.stamp = l.at, l.stamp
	l.inLine = !p.last
	return p, nil
}

// cutTimestamp takes the timestamp from the front of the line. A line without one, such as a message of the kubelet, is
// passed on whole and sorts behind the line before it.
func (l *lineReader) cutTimestamp(p *piece) {
	l.stamp = ""
	end := bytes.IndexByte(p.data[:min(len(p.data), maxTimestamp)], ' ')
	if end < 0 {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, string(p.data[:end]))
	if err != nil {
		return
	}
	l.at, l.stamp = at, string(p.data[:end])
	p.data = p.data[end+1:]
}

// failing is a reader that only ever fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
