package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"github.com/klauspost/compress/gzip"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/tree"
)

func newBytes(b []byte) io.Reader { return bytes.NewReader(b) }

// Output is what becomes an artifact.
type Output struct {
	// Source is the file or directory.
	Source tree.Source
	// Directory returns the name of a directory on this machine with what Source has, if Source is a directory that needs
	// not be unpacked for that; nil: there is none.
	Directory func() (string, func(), error)
}

// Save stores an output under the artifact's key, archived as the artifact says (ART-06).
func (s Store) Save(ctx context.Context, a *wfv1.Artifact, output Output) error {
	return s.try(ctx, func() error {
		driver, err := s.Open(ctx, &a.ArtifactLocation)
		if err != nil {
			return err
		}
		top := path.Base(path.Clean("/" + a.Path))
		if top == "/" {
			top = "root"
		}
		archive := a.Archive
		switch {
		case archive != nil && archive.None != nil:
			return s.saveAsIs(ctx, driver, a, output)
		case archive != nil && archive.Zip != nil:
			return stream(ctx, driver, a, func(w io.Writer) error { return tree.WriteZip(w, output.Source, top) })
		}
		level := gzip.DefaultCompression
		if archive != nil && archive.Tar != nil && archive.Tar.CompressionLevel != nil {
			level = int(*archive.Tar.CompressionLevel)
		}
		return stream(ctx, driver, a, func(w io.Writer) error {
			// Level 0 is a gzip that does not compress: readers recognise tars by it.
			compressed, err := gzip.NewWriterLevel(w, level)
			if err != nil {
				return fmt.Errorf("archive.tar.compressionLevel: %w", err)
			}
			if err := tree.WriteTar(compressed, output.Source, top); err != nil {
				return err
			}
			return compressed.Close()
		})
	})
}

// SaveFile stores a file as it is. Each attempt opens it anew; when that fails, trying again does not help.
func (s Store) SaveFile(ctx context.Context, a *wfv1.Artifact, open func() (*os.File, error)) error {
	return s.try(ctx, func() error {
		f, err := open()
		if err != nil {
			return artifact.MarkLasting(err)
		}
		defer f.Close()
		driver, err := s.Open(ctx, &a.ArtifactLocation)
		if err != nil {
			return err
		}
		return driver.Save(ctx, a, Descriptor(f))
	})
}

// Descriptor is a name of an open file or directory that leads to nothing else, whatever takes the place of its own name. It
// holds until the file is closed, in this process only.
func Descriptor(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

// stream stores what write writes. An object of which only a part could be written must not stay: the driver sees the error
// of the writer.
func stream(ctx context.Context, driver artifact.Driver, a *wfv1.Artifact, write func(io.Writer) error) error {
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(in)
		in.CloseWithError(err)
		written <- err
	}()
	err := driver.SaveStream(ctx, a, out)
	out.CloseWithError(errStored)
	if writeErr := <-written; writeErr != nil && !errors.Is(writeErr, errStored) {
		return writeErr // the cause of whatever the driver says
	}
	return err
}

// errStored is what a writer sees when the driver reads no more.
var errStored = errors.New("the store takes no more")

// saveAsIs stores a file as one object, and a directory as one object a file.
func (s Store) saveAsIs(ctx context.Context, driver artifact.Driver, a *wfv1.Artifact, output Output) error {
	directory, err := tree.IsDirectory(output.Source)
	if err != nil {
		return err
	}
	if directory {
		return s.saveDirectory(ctx, driver, a, output)
	}
	err = output.Source.Each(func(e tree.Entry) error {
		f, err := e.Open()
		if err != nil {
			return err
		}
		defer f.Close()
		return driver.SaveStream(ctx, a, f)
	})
	return err
}

func (s Store) saveDirectory(ctx context.Context, driver artifact.Driver, a *wfv1.Artifact, output Output) error {
	if output.Directory != nil {
		name, done, err := output.Directory()
		if err != nil {
			return err
		}
		defer done()
		return driver.Save(ctx, a, name)
	}
	name, err := os.MkdirTemp(s.Temporary, "artifact-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(name) }()
	root, err := os.OpenRoot(name)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	out, in := io.Pipe()
	go func() { in.CloseWithError(tree.WriteTar(in, output.Source, contentName)) }()
	err = tree.Untar(out, root)
	out.CloseWithError(err)
	if err != nil {
		return err
	}
	return driver.Save(ctx, a, path.Join(name, contentName))
}
