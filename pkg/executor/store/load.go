package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/executor/tree"
)

// Load brings an artifact to a path in a volume that is mounted at dir, unpacked (ART-01, ART-07) and with the modes that
// are asked for (ART-14). What is there already stays. An error for which errors.Is(err, artifact.ErrNotFound) holds means
// that there is no such artifact.
func (s Store) Load(ctx context.Context, a *wfv1.Artifact, dir, name string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name = path.Clean(name)
	above := path.Dir(name)
	if name != "." && above != "." {
		if err := root.MkdirAll(above, 0o755); err != nil {
			return err
		}
	}
	// On the same file system as its place, so that it can be moved there. The volume may be others' as well: the name is
	// nobody else's.
	parent := filepath.Join(dir, filepath.FromSlash(above))
	staging, err := os.MkdirTemp(parent, ".fairlead-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(staging) }()
	below := path.Join(above, filepath.Base(staging))

	l := loading{store: s, artifact: a, root: root, dir: staging, name: below}
	var content string
	err = s.try(ctx, func() error {
		if err := l.clear(); err != nil {
			return err
		}
		content, err = l.load(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if err := tree.Move(root, content, name); err != nil {
		return err
	}
	if a.Mode != nil {
		return tree.Chmod(root, name, fs.FileMode(*a.Mode).Perm(), a.RecurseMode)
	}
	return nil
}

// loading is one artifact on its way.
type loading struct {
	store    Store
	artifact *wfv1.Artifact
	root     *os.Root
	// dir is where it is worked on, name the same below root.
	dir, name string
}

// content and unpacked are what there is in the directory, of which the latter is the place of an archive's entries.
const (
	contentName  = "content"
	unpackedName = "unpacked"
)

func (l loading) file() string { return filepath.Join(l.dir, contentName) }

func (l loading) clear() error {
	return errors.Join(os.RemoveAll(l.file()), os.RemoveAll(filepath.Join(l.dir, unpackedName)))
}

// load returns the name, below root, of what has been loaded.
func (l loading) load(ctx context.Context) (string, error) {
	driver, err := l.store.Open(ctx, &l.artifact.ArtifactLocation)
	if err != nil {
		return "", err
	}
	whole := path.Join(l.name, contentName)
	archive := l.artifact.Archive
	if l.artifact.Git != nil || archive != nil && archive.None != nil {
		return whole, driver.Load(ctx, l.artifact, l.file())
	}
	if archive == nil || archive.Zip == nil {
		stream, _, err := driver.Open(ctx, l.artifact, artifact.Whole)
		if err == nil {
			defer stream.Close()
			return l.unpack(stream)
		}
		// A directory is no object that could be opened, and not every store has streams.
		if !errors.Is(err, artifact.ErrNotFound) && !errors.Is(err, artifact.ErrNotSupported) {
			return "", err
		}
	}
	if err := driver.Load(ctx, l.artifact, l.file()); err != nil {
		return "", err
	}
	f, err := os.Open(l.file())
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return whole, err
	}
	if archive != nil && archive.Zip != nil {
		return l.into(func(root *os.Root) error { return tree.Unzip(f, root) })
	}
	if is, err := isTar(f, archive); err != nil || !is {
		return whole, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return l.unpack(f)
}

// isTar looks at the beginning of a file.
func isTar(r io.Reader, archive *wfv1.ArchiveStrategy) (bool, error) {
	tar, _, err := sniff(r, archive)
	return tar != nil, err
}

// unpack unpacks a stream if it is an archive, and keeps it as it is if not.
func (l loading) unpack(stream io.Reader) (string, error) {
	archived, plain, err := sniff(stream, l.artifact.Archive)
	if err != nil {
		return "", err
	}
	if archived == nil {
		f, err := os.OpenFile(l.file(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
		if err != nil {
			return "", err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{plain}, make([]byte, 256<<10))
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		return path.Join(l.name, contentName), err
	}
	name, err := l.into(func(root *os.Root) error { return tree.Untar(archived, root) })
	if err == nil {
		// What follows the end of a tar is read as well: the end of the stream tells whether it was whole.
		_, err = io.Copy(io.Discard, archived)
	}
	return name, err
}

func (l loading) into(unpack func(root *os.Root) error) (string, error) {
	name := path.Join(l.name, unpackedName)
	if err := l.root.Mkdir(name, 0o755); err != nil {
		return "", err
	}
	root, err := l.root.OpenRoot(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	if err := unpack(root); err != nil {
		return "", err
	}
	return tree.Unwrapped(l.root, name)
}

// Where a tar says that it is one.
const (
	tarMagicOffset = 257
	tarMagic       = "ustar"
	tarBlock       = 512
)

// sniff finds out whether a stream is a gzipped tar, or a plain one if it has to be a tar: then it returns the tar. Otherwise
// it returns the stream from its beginning.
func sniff(stream io.Reader, archive *wfv1.ArchiveStrategy) (tar, plain io.Reader, err error) {
	explicit := archive != nil && archive.Tar != nil
	in := bufio.NewReaderSize(stream, 256<<10)
	magic, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		if explicit {
			return in, nil, nil
		}
		return nil, in, nil
	}
	// What follows is read twice if it turns out to be something else, so it is kept until that is known.
	kept := &keeper{in: in, keep: true}
	unzipped, err := gzip.NewReader(kept)
	if err != nil {
		if explicit {
			return nil, nil, fmt.Errorf("the artifact is not a tar that can be read: %w", err)
		}
		return nil, kept.again(), nil //nolint:nilerr // two bytes do not make a gzip
	}
	content := bufio.NewReaderSize(unzipped, 64<<10)
	head, err := content.Peek(tarBlock)
	if !explicit && !looksLikeTar(head, err) {
		return nil, kept.again(), nil
	}
	kept.forget()
	return content, nil, nil
}

func looksLikeTar(head []byte, err error) bool {
	if len(head) < tarBlock || err != nil {
		return false
	}
	if string(head[tarMagicOffset:tarMagicOffset+len(tarMagic)]) == tarMagic {
		return true
	}
	// An empty tar is nothing but zeros.
	for _, b := range head {
		if b != 0 {
			return false
		}
	}
	return true
}

// keeper remembers what was read through it.
type keeper struct {
	in   *bufio.Reader
	keep bool
	kept []byte
}

// Read implements io.Reader.
func (k *keeper) Read(p []byte) (int, error) {
	n, err := k.in.Read(p)
	if k.keep {
		k.kept = append(k.kept, p[:n]...)
	}
	return n, err
}

func (k *keeper) forget() { k.keep, k.kept = false, nil }

// again is the stream from its beginning.
func (k *keeper) again() io.Reader { return io.MultiReader(newBytes(k.kept), k.in) }
