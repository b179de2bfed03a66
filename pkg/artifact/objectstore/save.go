package objectstore

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/pkg/artifact"
)

// saveFile stores an open file.
func (s *Store) saveFile(ctx context.Context, key string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return artifact.MarkLasting(fmt.Errorf("%s is neither a file nor a directory (%s)", file.Name(), info.Mode().Type()))
	}
	return s.Bucket.Put(ctx, key, file, info.Size())
}

// saveDirectory stores every file below a directory. Links that lead out of the directory are refused: what they point to
// may be of the store's own pod, such as mounted credentials.
func (s *Store) saveDirectory(ctx context.Context, key, directory string) error {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	prefix := directoryPrefix(key)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Parallel)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			// Another file has failed: its error is the one to tell.
			return fs.SkipAll
		}
		if entry.IsDir() {
			return s.saveEmptyDirectory(ctx, root, prefix, name)
		}
		group.Go(func() error {
			// Non-blocking: opening a FIFO would wait for somebody to write to it.
			file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			if info, err := file.Stat(); err == nil && info.IsDir() {
				return artifact.MarkLasting(fmt.Errorf("%s is a link to a directory, which cannot be stored as an object: store the artifact as an archive", name))
			}
			return inObject(prefix+name, s.saveFile(ctx, prefix+name, file))
		})
		return nil
	})
	if failed := group.Wait(); failed != nil {
		return failed
	}
	return err
}

// saveEmptyDirectory stores an object for a directory that has no entries, since no key of a file would tell of it.
func (s *Store) saveEmptyDirectory(ctx context.Context, root *os.Root, prefix, name string) error {
	entries, err := fs.ReadDir(root.FS(), name)
	if err != nil || len(entries) > 0 {
		return err
	}
	key := prefix
	if name != "." {
		key = path.Join(prefix, name) + "/"
	}
	return inObject(key, s.Bucket.Put(ctx, key, bytes.NewReader(nil), 0))
}
