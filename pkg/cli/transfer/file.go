package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/cli/client"
)

const (
	// lastTry is after how many failures in a row, without a byte in between, to give up.
	lastTry = 8
	// longestPause is the longest wait between tries.
	longestPause = 10 * time.Second
)

// Open opens what is left of a file from an offset on; see client.Client.Download.
type Open func(ctx context.Context, offset int64, etag string) (*client.Part, error)

// Options say what is shown, and how time passes.
type Options struct {
	// Progress makes a bar for a file of a size, -1 when it is not known.
	Progress func(size int64) Bar
	// Kept, unless nil, is told when a download fails of which so many bytes are kept: another one to the same path goes on from
	// there, if the file has not changed.
	Kept func(bytes int64)
	// Clock waits between tries.
	Clock clock.Clock
}

// File downloads to a path, whose directory is made if need be, and returns the size. A file that is there is replaced when
// the download is complete.
func File(ctx context.Context, open Open, path string, options Options) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return 0, err
	}
	file, etag, err := claim(path)
	if err != nil {
		return 0, err
	}
	d := &download{open: open, file: file, options: options, size: -1, etag: etag, bar: Discard}
	if etag != "" {
		if d.offset, err = file.Seek(0, io.SeekEnd); err != nil {
			release(file, path, "", 0)
			return 0, err
		}
	}
	err = d.run(ctx)
	d.bar.Close()
	if err != nil {
		if release(file, path, d.etag, d.offset) && options.Kept != nil {
			options.Kept(d.offset)
		}
		return d.offset, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // not there any more if all went well
	if err := errors.Join(file.Chmod(0o644), file.Close()); err != nil {
		return d.offset, err
	}
	return d.offset, os.Rename(file.Name(), path)
}

type download struct {
	open    Open
	file    *os.File
	options Options
	offset  int64
	size    int64
	etag    string
	bar     Bar
	begun   bool
}

func (d *download) run(ctx context.Context) error {
	for tries := 0; ; {
		before := d.offset
		done, err := d.part(ctx)
		switch {
		case done:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !client.Passing(err):
			return err
		}
		if d.offset > before {
			tries = 0
		}
		if tries++; tries > lastTry {
			return fmt.Errorf("broke off again and again after %s: %w", Bytes(d.offset), errors.Join(err, io.ErrUnexpectedEOF))
		}
		if err := d.pause(ctx, tries); err != nil {
			return err
		}
	}
}

// part writes what one connection brings.
func (d *download) part(ctx context.Context) (done bool, err error) {
	part, err := d.open(ctx, d.offset, d.etag)
	if errors.Is(err, client.ErrComplete) && (d.begun || d.offset > 0) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = part.Close() }()
	another := d.etag != "" && part.ETag != "" && part.ETag != d.etag || d.begun && d.size >= 0 && part.Size >= 0 && part.Size != d.size
	if part.Offset != d.offset || another {
		if part.Offset != 0 {
			// The rest of another version is of no use: the next try begins at the beginning.
			d.offset, d.etag, d.size = 0, "", -1
			return false, io.ErrUnexpectedEOF
		}
		d.offset = 0
	}
	if _, err := d.file.Seek(d.offset, io.SeekStart); err != nil {
		return false, err
	}
	if err := d.file.Truncate(d.offset); err != nil {
		return false, err
	}
	d.size, d.etag = part.Size, part.ETag
	if !d.begun && d.options.Progress != nil {
		d.bar = d.options.Progress(d.size)
	}
	d.begun = true
	n, err := io.Copy(d.file, &counted{reader: part, bar: d.bar, at: d.offset})
	d.offset += n
	if err != nil {
		return false, err
	}
	return d.size < 0 || d.offset >= d.size, nil
}

// counted tells the bar how far it is.
type counted struct {
	reader io.Reader
	bar    Bar
	at     int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.at += int64(n)
	c.bar.Set(c.at)
	return n, err
}

func (d *download) pause(ctx context.Context, tries int) error {
	timer := d.options.Clock.NewTimer(min(longestPause, 250*time.Millisecond<<min(tries, 10)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}
