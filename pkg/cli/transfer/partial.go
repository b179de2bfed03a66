package transfer

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	partSuffix = ".part"
	// longestETag is how many bytes an ETag may have to be kept in the name of a file.
	longestETag = 100
)

// A partial file has in its name, besides the name of the whole, the version that it is a part of: `.NAME.ETAG.part`. While it is
// being written it has a name of its own, so that of two downloads of the same file one alone goes on with it.

// claim opens a file to download to: what an earlier download left behind, or an empty one.
func claim(path string) (file *os.File, etag string, err error) {
	directory, front := filepath.Dir(path), "."+filepath.Base(path)+"."
	file, err = os.CreateTemp(directory, front+"*.new")
	if err != nil {
		return nil, "", err
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return file, "", nil // it can be written to though not be read: nothing can be found
	}
	for _, entry := range entries {
		text, ours := strings.CutPrefix(entry.Name(), front)
		text, ended := strings.CutSuffix(text, partSuffix)
		version, err := base64.RawURLEncoding.DecodeString(text)
		if !ours || !ended || err != nil || len(version) == 0 || !entry.Type().IsRegular() {
			continue
		}
		if os.Rename(filepath.Join(directory, entry.Name()), file.Name()) != nil {
			continue // somebody else was faster
		}
		_ = file.Close() // it has no name any more
		left, err := os.OpenFile(file.Name(), os.O_RDWR, 0)
		if err != nil {
			return nil, "", fmt.Errorf("go on with an earlier download: %w", err)
		}
		return left, string(version), nil
	}
	return file, "", nil
}

// release keeps what was downloaded of a version of the file for the next try, if that can go on with it, or removes it.
func release(file *os.File, path, etag string, bytes int64) (kept bool) {
	_ = file.Close()
	if bytes > 0 && etag != "" && len(etag) <= longestETag {
		name := "." + filepath.Base(path) + "." + base64.RawURLEncoding.EncodeToString([]byte(etag)) + partSuffix
		if os.Rename(file.Name(), filepath.Join(filepath.Dir(path), name)) == nil {
			return true
		}
	}
	_ = os.Remove(file.Name())
	return false
}
