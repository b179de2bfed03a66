package tree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// WriteTar writes a source as a tar whose only entry at the top is called top.
func WriteTar(w io.Writer, s Source, top string) error {
	out := tar.NewWriter(w)
	buffer := make([]byte, 256<<10)
	err := s.Each(func(e Entry) error {
		header := &tar.Header{Name: path.Join(top, e.Name), Mode: unixMode(e.Mode), ModTime: e.ModTime}
		switch {
		case e.Mode.IsDir():
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
			return out.WriteHeader(header)
		case e.Mode&fs.ModeSymlink != 0:
			header.Typeflag, header.Linkname = tar.TypeSymlink, e.Link
			return out.WriteHeader(header)
		}
		header.Typeflag, header.Size = tar.TypeReg, e.Size
		return writeFile(out, header, e, buffer)
	})
	if err != nil {
		return err
	}
	return out.Close()
}

func writeFile(out *tar.Writer, header *tar.Header, e Entry, buffer []byte) error {
	f, err := e.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	// What a process that is still there appends meanwhile is left out.
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, io.LimitReader(f, e.Size), buffer)
	if err == nil && n < e.Size {
		err = fmt.Errorf("%s became shorter while it was read", header.Name)
	}
	return err
}

func unixMode(m fs.FileMode) int64 {
	mode := int64(m.Perm())
	for bit, flag := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

// TarFile is a source that WriteTar has written to a file.
type TarFile struct{ file *os.File }

// NewTarFile reads such a file, which has to stay open.
func NewTarFile(f *os.File) TarFile { return TarFile{f} }

// Each implements Source.
func (s TarFile) Each(f func(Entry) error) error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	at := io.NewSectionReader(s.file, 0, info.Size())
	in := tar.NewReader(at)
	for first := ""; ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(header.Name)
		if first == "" {
			first = name
		}
		e := Entry{Name: ".", Mode: header.FileInfo().Mode(), Size: header.Size, ModTime: header.ModTime, Link: header.Linkname}
		if name != first {
			e.Name = strings.TrimPrefix(name, first+"/")
		}
		if header.Typeflag == tar.TypeReg {
			// The reader of a tar stands at the beginning of the content after Next.
			offset, err := at.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			e.Open = func() (io.ReadSeekCloser, error) {
				return unclosed{io.NewSectionReader(s.file, offset, header.Size)}, nil
			}
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

type unclosed struct{ *io.SectionReader }

// Close implements io.Closer: the file is not the entry's.
func (unclosed) Close() error { return nil }

// Untar unpacks a tar into a directory. Entries and links that lead out of it are refused; devices and the like are left
// out.
func Untar(r io.Reader, root *os.Root) error {
	in := tar.NewReader(r)
	w := newWriter(root)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return w.finish()
		}
		if err != nil {
			return err
		}
		mode := header.FileInfo().Mode()
		switch header.Typeflag {
		case tar.TypeDir:
			err = w.directory(header.Name, mode)
		case tar.TypeReg:
			err = w.file(header.Name, mode, header.ModTime, in)
		case tar.TypeSymlink:
			err = w.symlink(header.Name, header.Linkname)
		case tar.TypeLink:
			err = w.hardlink(header.Name, header.Linkname)
		}
		if err != nil {
			return err
		}
	}
}
