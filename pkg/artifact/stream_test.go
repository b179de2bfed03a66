package artifact_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"fairlead.dev/fairlead/pkg/artifact"
)

// A stream that broke off is told from one that ended, wherever in a chunk that is.
func TestReadChunk(t *testing.T) {
	for name, test := range map[string]struct {
		stream io.Reader
		chunks string
		want   error
	}{
		"empty":                 {strings.NewReader(""), "", io.EOF},
		"a part of a chunk":     {strings.NewReader("abc"), "abc|", io.EOF},
		"a whole chunk":         {strings.NewReader("abcd"), "abcd|", io.EOF},
		"two, byte by byte":     {iotest.OneByteReader(strings.NewReader("abcdef")), "abcd|ef|", io.EOF},
		"with its end":          {iotest.DataErrReader(strings.NewReader("abcd")), "abcd|", io.EOF},
		"broken within a chunk": {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)), "abc|", io.ErrUnexpectedEOF},
		"broken between chunks": {io.MultiReader(strings.NewReader("abcd"), iotest.ErrReader(io.ErrUnexpectedEOF)), "abcd|", io.ErrUnexpectedEOF},
	} {
		var chunks bytes.Buffer
		var err error
		for err == nil {
			var n int
			p := make([]byte, 4)
			if n, err = artifact.ReadChunk(test.stream, p); n > 0 {
				chunks.Write(append(p[:n], '|'))
			}
		}
		if chunks.String() != test.chunks || !errors.Is(err, test.want) {
			t.Errorf("%s: %s, %v", name, chunks.String(), err)
		}
	}
}
