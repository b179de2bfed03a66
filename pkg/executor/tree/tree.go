// Package tree carries files and directories between file systems and archives: as they are, with modes and symbolic links,
// empty ones too. What it reads and writes never lies outside the directory that it was given, whatever links lead there.
package tree

import (
	"io"
	"io/fs"
	"time"
)

// Entry is a file, directory or symbolic link of a source.
type Entry struct {
	// Name below the top of the source, with slashes; "." for the top itself.
	Name string
	// Mode with type and permissions.
	Mode fs.FileMode
	// Size of a file in bytes.
	Size int64
	// User is the ID of the owner; only files of a file system have one.
	User int64
	// ModTime is when a file was changed last.
	ModTime time.Time
	// Link is where a symbolic link leads.
	Link string
	// Open opens a file. It may be called several times, also at once.
	Open func() (io.ReadSeekCloser, error)
}

// Source is a file, or a directory with all that is in it.
type Source interface {
	// Each calls f for every entry, the top first and a directory before what is in it, until f fails. Sockets, devices and
	// the like are left out.
	Each(f func(Entry) error) error
}

// IsDirectory tells whether the top of a source is a directory.
func IsDirectory(s Source) (bool, error) {
	directory := false
	err := s.Each(func(e Entry) error {
		directory = e.Mode.IsDir()
		return errStop
	})
	if err == errStop { //nolint:errorlint // never wrapped
		err = nil
	}
	return directory, err
}
