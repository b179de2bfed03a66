package tree

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// Unwrapped is the name, below a directory that an archive was unpacked into, of what the archive is about: its only entry
// at the top, or the directory itself when there are several or none (ART-07).
func Unwrapped(root *os.Root, dir string) (string, error) {
	d, err := root.Open(dir)
	if err != nil {
		return "", err
	}
	defer d.Close()
	names, err := d.Readdirnames(2)
	if len(names) == 1 {
		return path.Join(dir, names[0]), nil
	}
	if len(names) == 0 {
		err = nil // io.EOF: empty
	}
	return dir, err
}

// Move puts a file or directory in the place of another name in the same directory tree. What is there already stays, except
// what has the name of something that is moved.
func Move(root *os.Root, from, to string) error {
	there, err := root.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return root.Rename(from, to)
	}
	if err != nil {
		return err
	}
	moved, err := root.Lstat(from)
	if err != nil {
		return err
	}
	if !there.IsDir() || !moved.IsDir() {
		if err := root.RemoveAll(to); err != nil {
			return err
		}
		return root.Rename(from, to)
	}
	d, err := root.Open(from)
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	d.Close()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := Move(root, path.Join(from, name), path.Join(to, name)); err != nil {
			return err
		}
	}
	// A volume's own directory may belong to somebody else; its mode is nobody's concern then.
	_ = root.Chmod(to, moved.Mode()&permissions)
	return root.Remove(from)
}

// Chmod sets the permissions of a file or directory, and of all that is below it if that is wanted (ART-14). Links are left
// alone.
func Chmod(root *os.Root, name string, mode fs.FileMode, recurse bool) error {
	info, err := root.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return err
	}
	if recurse && info.IsDir() {
		d, err := root.Open(name)
		if err != nil {
			return err
		}
		names, err := d.Readdirnames(-1)
		d.Close()
		if err != nil {
			return err
		}
		for _, child := range names { // before the directory: its own mode may shut it
			if err := Chmod(root, path.Join(name, child), mode, true); err != nil {
				return err
			}
		}
	}
	return root.Chmod(name, mode)
}
