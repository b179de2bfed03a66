package volume

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// In opens files below the shared volume, by names relative to it, for a process that has more to lose than the container
// that writes there. User code may have put anything in place of a file: a link would lead to the credentials of whoever
// follows it, and a FIFO would hold him for ever. So nothing outside the volume is reached, whatever the directories on the
// way have become, and what is no regular file is an error.
func In(shared string) Opener {
	return func(name string, flag int, perm os.FileMode) (*os.File, error) {
		root, err := os.OpenRoot(shared)
		if err != nil {
			return nil, err
		}
		defer func() { _ = root.Close() }()
		return openRegular(root, name, flag, perm)
	}
}

func openRegular(root *os.Root, name string, flag int, perm os.FileMode) (*os.File, error) {
	// A directory never is a link here. One that becomes a link after this still leads to nothing but the volume.
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if err := isDirectory(root, dir); err != nil {
			return nil, err
		}
	}
	info, err := root.Lstat(name)
	switch {
	case err == nil:
		if err := isRegular(root, name, info); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist) || flag&os.O_CREATE == 0:
		return nil, err
	}
	// It may be something else by now, which must not block, and is looked at again.
	f, err := root.OpenFile(name, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, perm)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = isRegular(root, name, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func isDirectory(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = unexpected(root, name, info, "a directory")
	}
	return err
}

func isRegular(root *os.Root, name string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return unexpected(root, name, info, "a regular file")
}

func unexpected(root *os.Root, name string, info fs.FileInfo, wanted string) error {
	found := "a device or socket"
	switch mode := info.Mode(); {
	case mode.IsDir():
		found = "a directory"
	case mode.IsRegular():
		found = "a file"
	case mode&fs.ModeSymlink != 0:
		found = "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		found = "a FIFO"
	}
	return fmt.Errorf("%s is %s instead of %s: a program of the step has replaced it, so it is not used", filepath.Join(root.Name(), name), found, wanted)
}

// place is the shared volume of a container, and the directory of the container in it.
func (c Container) place() (shared, dir string) {
	return c.Shared(), filepath.Join(containers, filepath.Base(string(c)))
}

// open opens a file of the directory to read it.
func (c Container) open(name string) (*os.File, error) {
	shared, dir := c.place()
	return In(shared)(filepath.Join(dir, name), os.O_RDONLY, 0)
}

// OpenLog opens the file with all that the container's command has printed.
func (c Container) OpenLog() (*os.File, error) { return c.open(logName) }

// OpenArtifact opens the file that an output artifact is kept in.
func (c Container) OpenArtifact(index int) (*os.File, error) { return c.open(artifactName(index)) }

// RemoveArtifact removes that file.
func (c Container) RemoveArtifact(index int) error {
	shared, dir := c.place()
	root, err := os.OpenRoot(shared)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return root.Remove(filepath.Join(dir, artifactName(index)))
}
