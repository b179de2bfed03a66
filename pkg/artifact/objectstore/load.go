package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// Load copies an object to a file. If no object has the key, everything below it becomes a directory; if there is nothing
// either, it is not found.
func (s *Store) Load(ctx context.Context, a *wfv1.Artifact, path string) error {
	key := s.Key(a)
	if key != "" && !strings.HasSuffix(key, "/") {
		if err := s.loadFile(ctx, key, path); !errors.Is(err, artifact.ErrNotFound) {
			return err
		}
	}
	return s.loadDirectory(ctx, directoryPrefix(key), path)
}

// loadFile copies one object to a file. A connection that breaks is taken up again where it broke, as long as each one
// brings more than the one before.
func (s *Store) loadFile(ctx context.Context, key, path string) error {
	stream, attributes, err := s.Bucket.Get(ctx, key, artifact.Whole)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		stream.Close()
		return err
	}
	err = s.fill(ctx, key, file, stream, attributes)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		// Nobody is to take it for the artifact.
		_ = os.Remove(path)
	}
	return err
}

// fill writes an object to a file, of which the first stream is given.
func (s *Store) fill(ctx context.Context, key string, file *os.File, stream io.ReadCloser, attributes artifact.Attributes) error {
	var written int64
	for {
		n, err := io.Copy(file, stream)
		stream.Close()
		written += n
		if err == nil && attributes.Size >= 0 && written < attributes.Size {
			err = io.ErrUnexpectedEOF
		}
		if err == nil || n == 0 || ctx.Err() != nil || !artifact.Transient(err) {
			return err
		}
		var again artifact.Attributes
		stream, again, err = s.Bucket.Get(ctx, key, artifact.Range{Offset: written, Length: -1})
		if err != nil {
			return err
		}
		if again.ETag != attributes.ETag || again.Size != attributes.Size {
			stream.Close()
			return artifact.MarkTransient(errors.New("the object was replaced while it was read"))
		}
	}
}

// loadDirectory copies all objects whose keys begin with the prefix to files below path.
func (s *Store) loadDirectory(ctx context.Context, prefix, path string) error {
	found := false
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(Parallel)
	err := s.Bucket.Walk(groupCtx, prefix, func(o artifact.Object) error {
		if !found {
			found = true
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
		}
		relative := strings.TrimPrefix(o.Key, prefix)
		if relative == "" {
			return nil
		}
		if !filepath.IsLocal(relative) {
			return artifact.MarkLasting(fmt.Errorf("the key %q leads out of the directory that it is loaded to", o.Key))
		}
		target := filepath.Join(path, filepath.FromSlash(relative))
		if strings.HasSuffix(relative, "/") {
			return inObject(o.Key, os.MkdirAll(target, 0o755))
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return inObject(o.Key, err)
		}
		group.Go(func() error {
			return inObject(o.Key, s.loadFile(groupCtx, o.Key, target))
		})
		return nil
	})
	if failed := group.Wait(); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if !found {
		return artifact.NotFound("there is neither an object %q nor any below it", strings.TrimSuffix(prefix, "/"))
	}
	return nil
}
