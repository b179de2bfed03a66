package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadChunk fills p as far as r goes. At the end of r the error is io.EOF, whether or not there is a rest in p; unlike with
// io.ReadFull a stream that broke off never looks like one that ended.
func ReadChunk(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var read int
		read, err = r.Read(p[n:])
		n += read
	}
	if n == len(p) {
		err = nil // if it is the end, the next call tells
	}
	return n, err
}

// honest returns a stream whose break is never io.ErrUnexpectedEOF itself. That is what the body of a request ends with whose
// sender has gone away, and libraries of stores, which read with io.ReadFull, take it for the end of the content.
func honest(r io.Reader) io.Reader {
	if file, ok := r.(*os.File); ok {
		return file // drivers store files in another way
	}
	return brokenStream{r}
}

type brokenStream struct{ io.Reader }

// Read implements io.Reader.
func (b brokenStream) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the content broke off: %w", err)
	}
	return n, err
}
