package artifact

import (
	"errors"
	"io"
	"os"
)

// WriteFile writes all that r gives to a new file at path. Of a write that fails no file stays.
func WriteFile(path string, r io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

// Part returns the part of a stream that a range means, for stores that can only be read from the beginning. The result
// closes the stream.
func Part(stream io.ReadCloser, r Range) (io.ReadCloser, error) {
	if r.Offset > 0 {
		if _, err := io.CopyN(io.Discard, stream, r.Offset); err != nil && !errors.Is(err, io.EOF) {
			stream.Close()
			return nil, err
		}
	}
	if r.Length < 0 {
		return stream, nil
	}
	return limited{io.LimitReader(stream, r.Length), stream}, nil
}

type limited struct {
	io.Reader
	io.Closer
}
