package tree

import (
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// writer unpacks entries into a directory.
type writer struct {
	root   *os.Root
	buffer []byte
	// modes of directories are set at the end: one may forbid what still has to be written into it.
	modes []directoryMode
	// links are checked at the end as well: where one leads depends on others.
	links []string
}

type directoryMode struct {
	name string
	mode fs.FileMode
}

func newWriter(root *os.Root) *writer { return &writer{root: root, buffer: make([]byte, 256<<10)} }

func (w *writer) directory(name string, mode fs.FileMode) error {
	name, err := local(name)
	if err != nil {
		return err
	}
	if name == "." {
		return nil
	}
	if err := w.root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	w.modes = append(w.modes, directoryMode{name, mode & permissions})
	return nil
}

// clear makes room for an entry: the directory above it is there, and nothing of its name.
func (w *writer) clear(name string) (string, error) {
	name, err := local(name)
	if err != nil {
		return "", err
	}
	if dir := path.Dir(name); dir != "." {
		if err := w.root.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	if info, err := w.root.Lstat(name); err == nil && !info.IsDir() {
		return name, w.root.Remove(name)
	}
	return name, nil
}

func (w *writer) file(name string, mode fs.FileMode, modified time.Time, content io.Reader) error {
	name, err := w.clear(name)
	if err != nil {
		return err
	}
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, content, w.buffer)
	// Who made the artifact is not to choose whose rights a program runs with: `init` may unpack as root for a user that is not.
	if chmodErr := f.Chmod(mode & permissions &^ (fs.ModeSetuid | fs.ModeSetgid)); err == nil {
		err = chmodErr
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && !modified.IsZero() {
		_ = w.root.Chtimes(name, modified, modified)
	}
	return err
}

func (w *writer) symlink(name, target string) error {
	name, err := w.clear(name)
	if err != nil {
		return err
	}
	if err := localLink(name, target); err != nil {
		return err
	}
	w.links = append(w.links, name)
	return w.root.Symlink(target, name)
}

func (w *writer) hardlink(name, target string) error {
	name, err := w.clear(name)
	if err != nil {
		return err
	}
	if target, err = local(target); err != nil {
		return err
	}
	if err := w.root.Link(target, name); err != nil {
		return err
	}
	// Another name of a symbolic link is one as well, which leads to something else from there.
	if info, err := w.root.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		w.links = append(w.links, name)
	}
	return nil
}

func (w *writer) finish() error {
	if err := w.checkLinks(); err != nil {
		return err
	}
	for i := len(w.modes) - 1; i >= 0; i-- {
		if err := w.root.Chmod(w.modes[i].name, w.modes[i].mode); err != nil {
			return err
		}
	}
	return nil
}
