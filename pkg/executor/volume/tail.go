package volume

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

const (
	// ResultBytes is how much of the end of main's standard output is its result.
	ResultBytes = 256 << 10
	// ChunkBytes is the most that one call of Tail.Write takes in one piece.
	ChunkBytes = 64 << 10

	// The file is a ring with a count of all bytes in front. It is one chunk larger than what is read from it, so that what
	// is being written when the writer is killed never overwrites what the count vouches for.
	ringBytes  = ResultBytes + ChunkBytes
	ringOffset = 8
)

// Tail keeps the last ResultBytes of what is written to it in a file. What was written is there even if the writer is
// killed; memory and disk it takes do not grow.
type Tail struct {
	file  *os.File
	total int64
}

// NewTail makes the file.
func (c Container) NewTail() (*Tail, error) {
	f, err := os.OpenFile(c.file("result"), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	return &Tail{file: f}, f.Chmod(0o644)
}

// Write appends.
func (t *Tail) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		piece := p[:min(len(p), ChunkBytes)]
		p = p[len(piece):]
		if err := t.append(piece); err != nil {
			return 0, err
		}
	}
	return written, nil
}

func (t *Tail) append(piece []byte) error {
	at := t.total % ringBytes
	first := piece[:min(int64(len(piece)), ringBytes-at)]
	if _, err := t.file.WriteAt(first, ringOffset+at); err != nil {
		return err
	}
	if rest := piece[len(first):]; len(rest) > 0 {
		if _, err := t.file.WriteAt(rest, ringOffset); err != nil {
			return err
		}
	}
	t.total += int64(len(piece))
	var count [ringOffset]byte
	binary.BigEndian.PutUint64(count[:], uint64(t.total))
	_, err := t.file.WriteAt(count[:], 0)
	return err
}

// Close closes the file; what was written stays.
func (t *Tail) Close() { t.file.Close() }

// ReadResult returns the last ResultBytes of main's output without one newline at its end; nil when nothing was captured,
// because main never started.
func (c Container) ReadResult() (*string, error) {
	f, err := c.open("result")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var count [ringOffset]byte
	if _, err := f.ReadAt(count[:], 0); errors.Is(err, io.EOF) {
		return new(string), nil // nothing was written
	} else if err != nil {
		return nil, err
	}
	total := int64(binary.BigEndian.Uint64(count[:]))
	if total < 0 {
		return nil, errors.New("the file of the result is damaged")
	}
	size := min(total, ResultBytes)
	data := make([]byte, size)
	at := (total - size) % ringBytes
	first := data[:min(size, ringBytes-at)]
	if _, err := f.ReadAt(first, ringOffset+at); err != nil {
		return nil, err
	}
	if _, err := f.ReadAt(data[len(first):], ringOffset); err != nil && len(first) < len(data) {
		return nil, err
	}
	if total > size {
		data = wholeRunes(data)
	}
	text := strings.TrimSuffix(string(data), "\n")
	return &text, nil
}

// wholeRunes drops the end of a character whose beginning was cut off.
func wholeRunes(data []byte) []byte {
	for i := range min(len(data), utf8.UTFMax-1) {
		if utf8.RuneStart(data[i]) {
			return data[i:]
		}
	}
	return data
}
