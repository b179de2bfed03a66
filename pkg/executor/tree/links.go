package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// localLink refuses links that lead out, as far as their own names tell.
func localLink(name, target string) error {
	if path.IsAbs(target) {
		return leadsOut(name, target)
	}
	if _, err := local(path.Join(path.Dir(name), target)); err != nil {
		return leadsOut(name, target)
	}
	return nil
}

func leadsOut(name, target string) error {
	return fmt.Errorf("the archive has a symbolic link %q to %q, which leads out of the artifact: it is not unpacked", name, target)
}

// checkLinks refuses links that lead out of the artifact through other links: `a/up` to `..` is harmless, and so by its name is
// `b` to `a/up/..`. When all is in one directory, that is the artifact, and its links stay within it.
func (w *writer) checkLinks() error {
	if len(w.links) == 0 {
		return nil
	}
	top, err := Unwrapped(w.root, ".")
	if err != nil {
		return err
	}
	info, err := w.root.Lstat(top)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := w.root.Readlink(top)
		if err != nil {
			return err
		}
		return leadsOut(top, target)
	}
	if !info.IsDir() {
		return nil
	}
	root, err := w.root.OpenRoot(top)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, name := range w.links {
		if top != "." {
			name = strings.TrimPrefix(name, top+"/")
		}
		if err := checkLink(root, name); err != nil {
			return err
		}
	}
	return nil
}

// checkLink follows a link. One that leads to nothing, or in a circle, leads nowhere else either.
func checkLink(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return nil // something else has taken its place
	}
	if err != nil {
		return err
	}
	target, err := root.Readlink(name)
	if err != nil {
		return err
	}
	if err := localLink(name, target); err != nil {
		return err
	}
	switch _, err := root.Stat(name); {
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return nil
	default: // os.Root has no error of its own for this
		return leadsOut(name, target)
	}
}
