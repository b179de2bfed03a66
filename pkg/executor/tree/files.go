package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

var errStop = errors.New("stop")

// files is a source in a file system.
type files struct {
	root *os.Root
	name string
	// without is a directory that is left out; nil: none.
	without fs.FileInfo
}

// Files is what has this name in a directory; the name itself may be a link within the directory.
func Files(root *os.Root, name string) Source { return files{root: root, name: name} }

// FilesWithout is the same without one directory, should it be below.
func FilesWithout(root *os.Root, name string, without fs.FileInfo) Source {
	return files{root, name, without}
}

// Each implements Source.
func (s files) Each(f func(Entry) error) error {
	info, err := s.root.Stat(s.name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return &fs.PathError{Op: "read", Path: s.name, Err: errors.New("neither a file nor a directory")}
		}
		return f(s.entry(s.root, s.name, ".", info))
	}
	top := s.root
	if s.name != "." {
		// A directory that a link leads to is opened once, so that names below it are looked up in it.
		if top, err = s.root.OpenRoot(s.name); err != nil {
			return err
		}
		defer func() { _ = top.Close() }()
	}
	if err := f(Entry{Name: ".", Mode: info.Mode(), ModTime: info.ModTime(), User: owner(info)}); err != nil {
		return err
	}
	return s.below(top, ".", f)
}

func (s files) below(top *os.Root, dir string, f func(Entry) error) error {
	d, err := top.Open(dir)
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	d.Close()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, base := range names {
		name := path.Join(dir, base)
		info, err := top.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		switch {
		case info.IsDir() && s.without != nil && os.SameFile(info, s.without):
		case info.IsDir():
			if err := f(Entry{Name: name, Mode: info.Mode(), ModTime: info.ModTime(), User: owner(info)}); err != nil {
				return err
			}
			err = s.below(top, name, f)
		case info.Mode()&fs.ModeSymlink != 0:
			link, readErr := top.Readlink(name)
			if readErr != nil {
				return readErr
			}
			err = f(Entry{Name: name, Mode: info.Mode(), ModTime: info.ModTime(), Link: link})
		case info.Mode().IsRegular():
			err = f(s.entry(top, name, name, info))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s files) entry(root *os.Root, file, name string, info fs.FileInfo) Entry {
	return Entry{
		Name: name, Mode: info.Mode(), Size: info.Size(), ModTime: info.ModTime(), User: owner(info),
		// Non-blocking: a FIFO may have taken the place of the file.
		Open: func() (io.ReadSeekCloser, error) {
			f, err := root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				return nil, err
			}
			// One that somebody writes to would keep the reader waiting all the same.
			if now, err := f.Stat(); err != nil || !now.Mode().IsRegular() {
				f.Close()
				return nil, errors.Join(err, &fs.PathError{Op: "read", Path: file, Err: errors.New("is no longer a regular file")})
			}
			return f, nil
		},
	}
}

func owner(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(s.Uid)
	}
	return -1
}

// ReadableBy tells whether somebody else can read all of a source: others in general, or the user with this ID.
func ReadableBy(s Source, uid int64) (bool, error) {
	err := s.Each(func(e Entry) error {
		need := fs.FileMode(0o4)
		if e.Mode.IsDir() {
			need = 0o5
		}
		if e.Mode&fs.ModeSymlink != 0 || e.Mode&need == need || e.User == uid && e.Mode&(need<<6) == need<<6 {
			return nil
		}
		return errStop
	})
	if err == errStop { //nolint:errorlint // never wrapped
		return false, nil
	}
	return err == nil, err
}

// local refuses names that lead out of the directory in which they are looked up.
func local(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(clean, 0) {
		return "", fmt.Errorf("the archive has an entry %q, which leads out of the artifact: it is not unpacked", name)
	}
	return clean, nil
}
