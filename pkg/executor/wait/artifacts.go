package wait

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/store"
	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/tree"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// errMissing is the end of an output artifact that is not there.
var errMissing = errors.New("there is no file or directory of that name in main")

// saveArtifacts stores the output artifacts and the logs (ART-02, ART-13). All are tried: what was stored is returned with
// the errors about the others. What a main that failed did not leave explains nothing.
func (o Options) saveArtifacts(ctx context.Context, t *task.Task, dir volume.Container, left *volume.Outputs) (saved []json.RawMessage, problems []error) {
	succeeded := left != nil && left.ExitCode == 0
	for i := range t.Artifacts {
		declared := &t.Artifacts[i]
		found := volume.Artifact{Missing: declared.Mount == ""}
		if left != nil && i < len(left.Artifacts) {
			found = left.Artifacts[i]
		}
		err := o.saveArtifact(ctx, declared, found, func() (*os.File, error) { return dir.OpenArtifact(i) })
		switch {
		case err == nil:
			saved = append(saved, declared.Reported)
		case errors.Is(err, errMissing) && (declared.Optional || !succeeded):
		default:
			problems = append(problems, fmt.Errorf("output artifact '%s': %s: %w", declared.Name, declared.Path, err))
		}
		_ = dir.RemoveArtifact(i) // its room is wanted for the next one
	}
	for i := range t.Logs {
		l := &t.Logs[i]
		switch err := o.saveLog(ctx, l); {
		case errors.Is(err, fs.ErrNotExist): // it never started
		case err != nil:
			problems = append(problems, fmt.Errorf("log of container %s: %w", l.Container, err))
		default:
			saved = append(saved, l.Reported)
		}
	}
	return saved, problems
}

func (o Options) saveArtifact(ctx context.Context, declared *task.Artifact, found volume.Artifact, kept func() (*os.File, error)) error {
	a := &wfv1.Artifact{}
	if err := json.Unmarshal(declared.Stored, a); err != nil {
		return fmt.Errorf("its declaration cannot be read: %w", err)
	}
	switch {
	case found.Missing:
		return errMissing
	case found.Problem != "":
		return errors.New(found.Problem)
	case found.Kept:
		f, err := kept()
		if err != nil {
			return err
		}
		defer f.Close()
		return o.Artifacts.Save(ctx, a, store.Output{Source: tree.NewTarFile(f)})
	}
	// Links out of the volume are not followed: they would lead into this container's own files.
	mount, name := filepath.Join(o.Mirror, declared.Mount), below(declared.Path, declared.Mount)
	if info, err := os.Lstat(mount); err == nil && info.Mode().IsRegular() {
		// A single file is mounted, such as an input artifact that is an output as well. The directory above is ours.
		mount, name = filepath.Split(mount)
	}
	root, err := os.OpenRoot(mount)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if _, err := root.Stat(name); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return errMissing
	}
	return o.Artifacts.Save(ctx, a, store.Output{
		Source: tree.Files(root, name),
		Directory: func() (string, func(), error) {
			// It may have become a FIFO since it was looked at.
			d, err := root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
			if err != nil {
				return "", nil, err
			}
			// By its descriptor: a name could lead elsewhere by the time it is looked up.
			return store.Descriptor(d), func() { d.Close() }, nil
		},
	})
}

// below is where on a mount a path of main is.
func below(path, mount string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(filepath.Clean(path), strings.TrimSuffix(filepath.Clean(mount), "/")), "/")
	if name == "" {
		return "."
	}
	return name
}

func (o Options) saveLog(ctx context.Context, l *task.Log) error {
	a := &wfv1.Artifact{}
	if err := json.Unmarshal(l.Stored, a); err != nil {
		return fmt.Errorf("its declaration cannot be read: %w", err)
	}
	return o.Artifacts.SaveFile(ctx, a, volume.Of(o.Shared, l.Container).OpenLog)
}

// joined is all that went wrong, in one line (ART-19).
func joined(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	texts := make([]string, 0, len(problems))
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	return errors.New(strings.Join(texts, "; "))
}
