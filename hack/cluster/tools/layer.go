package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writeTar writes everything under root. Files keep modes and links; all belong to
// root and to the year 1970, so that the same tree gives the same bytes whoever builds.
// Sockets, pipes and devices are not for images and are passed over.
func writeTar(out io.Writer, root string) error {
	tw := tar.NewWriter(out)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil || rel == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&(fs.ModeSocket|fs.ModeDevice|fs.ModeNamedPipe) != 0 {
			return nil
		}
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(p); err != nil {
				return err
			}
		}
		h, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		h.Name, h.ModTime = rel, time.Unix(0, 0)
		h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
		if info.IsDir() {
			h.Name += "/"
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(tw, f)
		return err
	})
	if err != nil {
		return fmt.Errorf("archive of %s: %w", root, err)
	}
	return tw.Close()
}

// addLayer writes root as an uncompressed layer; its digest is also its diff ID.
// Uncompressed, as these images travel over loopback only.
func (s store) addLayer(root string) (descriptor, error) {
	d := descriptor{MediaType: typeLayer}
	if err := os.MkdirAll(filepath.Dir(s.blob("x")), 0o755); err != nil {
		return d, err
	}
	f, err := os.CreateTemp(string(s), ".layer-")
	if err != nil {
		return d, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	sum := sha256.New()
	if err := writeTar(io.MultiWriter(f, sum), root); err != nil {
		return d, err
	}
	if d.Size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return d, err
	}
	if err := f.Chmod(0o644); err != nil {
		return d, err
	}
	d.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return d, os.Rename(f.Name(), s.blob(d.Digest))
}
