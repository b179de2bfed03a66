package volume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Opener opens a file by name: of this container's own file system, or of a directory that it must not leave.
type Opener func(name string, flag int, perm os.FileMode) (*os.File, error)

// Read reads an output file of at most limit bytes and drops one newline at its end.
func Read(open Opener, name string, limit int64) File {
	// Non-blocking: somebody may have made a FIFO there.
	f, err := open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return File{Missing: true}
	}
	if err != nil {
		return File{Problem: err.Error()}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return File{Problem: err.Error()}
	case info.IsDir():
		return File{Problem: "is a directory; a parameter is one file"}
	case !info.Mode().IsRegular():
		return File{Problem: "is not a regular file"}
	}
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return File{Problem: err.Error()}
	case n > limit:
		return File{Problem: fmt.Sprintf("has %d bytes; the outputs of a step may have %d in all: use an artifact", max(info.Size(), n), limit)}
	}
	return File{Content: strings.TrimSuffix(text.String(), "\n")}
}
