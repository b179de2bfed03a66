// Package hdfs keeps artifacts in a Hadoop file system.
package hdfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/colinmarc/hdfs/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

func init() {
	artifact.Register(artifact.KindHDFS, New)
}

// fileSystem is as much of a file system as the driver needs.
type fileSystem interface {
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.FileInfo, error)
	Open(name string) (io.ReadSeekCloser, error)
	Create(name string) (io.WriteCloser, error)
	MkdirAll(name string, mode fs.FileMode) error
	RemoveAll(name string) error
	Rename(from, to string) error
	Close() error
}

// New makes the driver for a file system. Each operation connects anew, as connections do not survive long pauses.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	options, err := clientOptions(ctx, &l.HDFS.HDFSConfig, resources)
	if err != nil {
		return nil, err
	}
	return &driver{
		Unsupported: artifact.Unsupported{Kind: artifact.KindHDFS},
		connect: func(ctx context.Context) (fileSystem, error) {
			bound := options
			bound.NamenodeDialFunc, bound.DatanodeDialFunc = during(ctx, options.NamenodeDialFunc), during(ctx, options.DatanodeDialFunc)
			client, err := hdfs.NewClient(bound)
			if err != nil {
				return nil, err
			}
			return remote{client}, nil
		},
	}, nil
}

// dial is a way to connect.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// during closes connections when ctx ends: the library waits for answers without end, and knows no contexts.
func during(ctx context.Context, connect dial) dial {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		connection, err := connect(ctx, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
		return bounded{connection, stop}, nil
	}
}

// bounded is a connection that ends with a context.
type bounded struct {
	net.Conn
	stop func() bool
}

// Close ends it before that.
func (b bounded) Close() error {
	b.stop()
	return b.Conn.Close()
}

// remote gives the library's client the types of fileSystem.
type remote struct{ *hdfs.Client }

// Open opens a file to read.
func (r remote) Open(name string) (io.ReadSeekCloser, error) { return r.Client.Open(name) }

// Create makes a new file.
func (r remote) Create(name string) (io.WriteCloser, error) { return r.Client.Create(name) }

type driver struct {
	artifact.Unsupported
	connect func(ctx context.Context) (fileSystem, error)
}

// Load copies a file or a directory.
func (d *driver) Load(ctx context.Context, a *wfv1.Artifact, target string) error {
	files, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	return explain(load(files, a.HDFS.Path, target))
}

func load(files fileSystem, source, target string) error {
	info, err := files.Stat(source)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		reader, err := files.Open(source)
		if err != nil {
			return err
		}
		defer reader.Close()
		return artifact.WriteFile(target, reader)
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	entries, err := files.ReadDir(source)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !filepath.IsLocal(entry.Name()) {
			return artifact.MarkLasting(fmt.Errorf("%q in %s is no name of a file here", entry.Name(), source))
		}
		if err := load(files, path.Join(source, entry.Name()), filepath.Join(target, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Open reads a file or a part of it.
func (d *driver) Open(ctx context.Context, a *wfv1.Artifact, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	files, err := d.connect(ctx)
	if err != nil {
		return nil, artifact.Attributes{}, err
	}
	stream, attributes, err := open(files, a.HDFS.Path, r)
	if err != nil {
		_ = files.Close()
		return nil, attributes, explain(err)
	}
	return connected{stream, files}, attributes, nil
}

func open(files fileSystem, name string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	info, err := files.Stat(name)
	if err != nil {
		return nil, artifact.Attributes{}, err
	}
	if info.IsDir() {
		return nil, artifact.Attributes{}, artifact.NotFound("%s is a directory", name)
	}
	attributes := artifact.Attributes{Size: info.Size(), Modified: info.ModTime()}
	reader, err := files.Open(name)
	if err != nil {
		return nil, attributes, err
	}
	if _, err := reader.Seek(min(r.Offset, info.Size()), io.SeekStart); err != nil {
		reader.Close()
		return nil, attributes, err
	}
	stream, err := artifact.Part(reader, artifact.Range{Length: r.Length})
	return stream, attributes, err
}

// connected closes the connection with the stream.
type connected struct {
	io.ReadCloser
	files fileSystem
}

// Close ends reading, and the connection.
func (c connected) Close() error { return errors.Join(c.ReadCloser.Close(), c.files.Close()) }

// Save stores a file or a directory.
func (d *driver) Save(ctx context.Context, a *wfv1.Artifact, source string) error {
	info, err := os.Stat(source) // the name may be a link, as those of open directories are
	if err != nil {
		return err
	}
	return d.store(ctx, a, func(files fileSystem, target string) error {
		if info.IsDir() {
			return writeDirectory(files, target, source)
		}
		file, err := os.Open(source)
		if err != nil {
			return err
		}
		defer file.Close()
		return write(files, target, file)
	})
}

// writeDirectory stores what is in a directory. Links are refused: HDFS has none.
func writeDirectory(files fileSystem, target, source string) error {
	root, err := os.OpenRoot(source)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return files.MkdirAll(path.Join(target, name), 0o755)
		case !entry.Type().IsRegular():
			return artifact.MarkLasting(fmt.Errorf("%s is neither a file nor a directory (%s)", name, entry.Type()))
		}
		// Non-blocking: a FIFO may have taken the place of the file.
		file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		return write(files, path.Join(target, name), file)
	})
}

// SaveStream stores a stream.
func (d *driver) SaveStream(ctx context.Context, a *wfv1.Artifact, r io.Reader) error {
	return d.store(ctx, a, func(files fileSystem, target string) error { return write(files, target, r) })
}

// store lets save write to a name beside the artifact's, which takes its place when all is there. What is there already is
// replaced with force only.
func (d *driver) store(ctx context.Context, a *wfv1.Artifact, save func(files fileSystem, target string) error) error {
	files, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	target := path.Clean(a.HDFS.Path)
	_, err = files.Stat(target)
	exists := err == nil
	if exists && !a.HDFS.Force {
		return artifact.MarkLasting(errors.New("the path exists already (hdfs.force would overwrite it)"))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(err)
	}
	if err := files.MkdirAll(path.Dir(target), 0o755); err != nil {
		return explain(err)
	}
	partial := path.Join(path.Dir(target), "."+path.Base(target)+".partial")
	if err := files.RemoveAll(partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(err)
	}
	if err := save(files, partial); err != nil {
		_ = files.RemoveAll(partial)
		return explain(err)
	}
	if exists {
		if err := files.RemoveAll(target); err != nil {
			return explain(err)
		}
	}
	return explain(files.Rename(partial, target))
}

func write(files fileSystem, name string, r io.Reader) error {
	writer, err := files.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(writer, r)
	closed := writer.Close()
	// The last block is being copied to further nodes; the file is complete.
	if err == nil && !hdfs.IsErrReplicating(closed) {
		err = closed
	}
	return err
}

// explain marks what is not found.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return artifact.NotFound("%v", err)
	case errors.Is(err, fs.ErrPermission):
		return artifact.MarkLasting(err)
	}
	return err
}
