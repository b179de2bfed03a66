package tree

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// maxLink is how long the target of a link in a zip may be, in bytes; what Linux allows.
const maxLink = 4096

// WriteZip writes a source as a zip whose only entry at the top is called top.
func WriteZip(w io.Writer, s Source, top string) error {
	out := zip.NewWriter(w)
	buffer := make([]byte, 256<<10)
	err := s.Each(func(e Entry) error {
		header := &zip.FileHeader{Name: path.Join(top, e.Name), Method: zip.Deflate, Modified: e.ModTime}
		header.SetMode(e.Mode)
		switch {
		case e.Mode.IsDir():
			header.Name, header.Method = header.Name+"/", zip.Store
			_, err := out.CreateHeader(header)
			return err
		case e.Mode&fs.ModeSymlink != 0:
			header.Method = zip.Store
			to, err := out.CreateHeader(header)
			if err != nil {
				return err
			}
			_, err = io.WriteString(to, e.Link)
			return err
		}
		f, err := e.Open()
		if err != nil {
			return err
		}
		defer f.Close()
		to, err := out.CreateHeader(header)
		if err != nil {
			return err
		}
		// As in a tar, what is appended meanwhile is left out.
		_, err = io.CopyBuffer(struct{ io.Writer }{to}, io.LimitReader(f, e.Size), buffer)
		return err
	})
	if err != nil {
		return err
	}
	return out.Close()
}

// Unzip unpacks a zip into a directory under the same rules as Untar.
func Unzip(file *os.File, root *os.Root) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	in, err := zip.NewReader(file, info.Size())
	if err != nil {
		return fmt.Errorf("the artifact is not a zip that can be read: %w", err)
	}
	w := newWriter(root)
	for _, f := range in.File {
		if err := w.zipped(f); err != nil {
			return err
		}
	}
	return w.finish()
}

func (w *writer) zipped(f *zip.File) error {
	mode := f.Mode()
	if mode.IsDir() {
		return w.directory(f.Name, mode)
	}
	if !mode.IsRegular() && mode&fs.ModeSymlink == 0 {
		return nil
	}
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if mode&fs.ModeSymlink == 0 {
		return w.file(f.Name, mode, f.Modified, content)
	}
	target, err := io.ReadAll(io.LimitReader(content, maxLink))
	if err != nil {
		return err
	}
	return w.symlink(f.Name, string(target))
}
