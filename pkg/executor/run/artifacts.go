package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/tree"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// errEverything is the end of an output artifact that would be all of a container.
var errEverything = errors.New("the whole file system, with /proc, /sys and /dev, cannot be an artifact: name a directory below it")

// keepArtifacts looks at the output artifacts when the command has ended. Those that `wait` cannot read, because they are on
// the image's own layers or nobody else may read them, are kept in the shared volume.
func keepArtifacts(work *task.Task, dir volume.Container) []volume.Artifact {
	found := make([]volume.Artifact, 0, len(work.Artifacts))
	for i := range work.Artifacts {
		a, err := keepArtifact(work, i, dir)
		if err != nil {
			a = volume.Artifact{Problem: err.Error()}
		}
		found = append(found, a)
	}
	return found
}

func keepArtifact(work *task.Task, index int, dir volume.Container) (volume.Artifact, error) {
	declared := &work.Artifacts[index]
	// A link at the path itself is followed here, where it leads to what its author meant.
	path, err := filepath.EvalSymlinks(declared.Path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return volume.Artifact{Missing: true}, nil
	}
	if err != nil {
		return volume.Artifact{}, err
	}
	if path == "/" {
		return volume.Artifact{}, errEverything
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return volume.Artifact{}, err
	}
	defer func() { _ = root.Close() }()
	// What is kept must not be kept in itself.
	shared, err := os.Stat(dir.Shared())
	if err != nil {
		return volume.Artifact{}, err
	}
	source := tree.FilesWithout(root, filepath.Base(path), shared)
	if declared.Mount != "" && within(path, declared.Mount) {
		user := int64(-1)
		if work.User != nil {
			user = *work.User
		}
		if enterable(path, declared, user) {
			if readable, err := tree.ReadableBy(source, user); readable && err == nil {
				return volume.Artifact{}, nil
			}
		}
	}
	f, err := dir.CreateArtifact(index)
	if err != nil {
		return volume.Artifact{}, err
	}
	err = tree.WriteTar(f, source, filepath.Base(declared.Path))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(dir.ArtifactFile(index))
		return volume.Artifact{}, err
	}
	return volume.Artifact{Kept: true}, nil
}

// enterable tells whether somebody else can look up an output on its volume: others in general, or the user with this ID. It
// takes reading as well, because each directory on the way is opened. Through links he might have to pass directories that
// are not seen from here, so there have to be none.
func enterable(path string, declared *task.Artifact, user int64) bool {
	if path != filepath.Clean(declared.Path) {
		return false
	}
	for dir := filepath.Dir(path); path != "/" && within(dir, declared.Mount); dir = filepath.Dir(dir) {
		info, err := os.Lstat(dir)
		if err != nil {
			return false
		}
		owned := false
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			owned = int64(s.Uid) == user
		}
		if mode := info.Mode().Perm(); mode&0o005 != 0o005 && (!owned || mode&0o500 != 0o500) {
			return false
		}
		if dir == "/" {
			break
		}
	}
	return true
}

func within(path, dir string) bool {
	dir = strings.TrimSuffix(filepath.Clean(dir), "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}
