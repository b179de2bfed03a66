// Package volume is how the containers of a pod talk to each other: files in a volume that all of them mount, and a lock on
// one of them. The wrapper in main holds the lock as long as main lives. The kernel releases it, so its end is seen even
// when the wrapper is killed together with everything else in its container, as on cgroup v2 when memory runs out.
package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fairlead.dev/fairlead/pkg/executor/task"
)

// Container is the directory of one container in the shared volume.
type Container string

// Of is the directory of a container below the shared volume.
func Of(shared, container string) Container {
	return Container(filepath.Join(shared, containers, container))
}

// Shared is the shared volume.
func (c Container) Shared() string { return filepath.Dir(filepath.Dir(string(c))) }

// Name of the container.
func (c Container) Name() string { return filepath.Base(string(c)) }

// containers is the directory of the shared volume with a directory for each container.
const containers = "ctr"

func (c Container) file(name string) string { return filepath.Join(string(c), name) }

// Create makes the directory, writable for whatever user the container runs as. Several containers may do so at once, each as
// a user of its own: what one of them makes has to be open to the others from the first moment.
func (c Container) Create() error {
	defer syscall.Umask(syscall.Umask(0))
	shared, dir := c.place()
	root, err := os.OpenRoot(shared)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, name := range []string{filepath.Dir(dir), dir} {
		if err := makeDirectory(root, name); err != nil {
			return err
		}
	}
	lock, err := openRegular(root, filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := lock.Chmod(0o666); err != nil && !errors.Is(err, fs.ErrPermission) { // somebody else's has that mode
		return err
	}
	return nil
}

func makeDirectory(root *os.Root, name string) error {
	if err := root.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := isDirectory(root, name); err != nil {
		return err
	}
	d, err := root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Chmod(0o777); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// Hold takes the lock for as long as this process lives, and says so with a file: who sees the file knows that the lock was
// held. The file that is returned must not be closed, nor collected, before the end.
func (c Container) Hold() (*os.File, error) {
	lock, err := os.OpenFile(c.file("lock"), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return lock, os.WriteFile(c.file("ready"), nil, 0o644)
}

// Ready tells whether the lock is or was held.
func (c Container) Ready() bool {
	_, err := os.Lstat(c.file("ready"))
	return err == nil
}

// AwaitRelease blocks until nobody holds the lock.
func (c Container) AwaitRelease() error {
	lock, err := c.open("lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// Outputs are what the wrapper leaves when the user's command has ended.
type Outputs struct {
	// ExitCode of the command; 128 + N when signal N ended it.
	ExitCode int `json:"exitCode"`
	// Files are the output parameters in the order of the task.
	Files []File `json:"files,omitempty"`
	// Artifacts are the output artifacts in the order of the task.
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// File is what was found in place of an output file. Missing, Problem or Content is meaningful, in this order.
type File struct {
	Missing bool   `json:"missing,omitempty"`
	Problem string `json:"problem,omitempty"`
	Content string `json:"content,omitempty"`
}

// The names of the files that the wrapper, and a command that is a program of ours, leave for `wait`.
const (
	outputsName = "outputs.json"
	reportName  = "report.json"
)

// WriteOutputs stores the outputs; they are there whole or not at all.
func (c Container) WriteOutputs(o *Outputs) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return c.leave(outputsName, data)
}

// WriteReport stores what a command that is a program of ours has to report, as JSON.
func (c Container) WriteReport(text []byte) error { return c.leave(reportName, text) }

func (c Container) leave(name string, data []byte) error {
	next := c.file(name + ".next")
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(next, 0o644); err != nil {
		return err
	}
	return os.Rename(next, c.file(name))
}

// leftLimit is how much is read of what the wrapper leaves. A byte of an output has up to six in JSON; what is beyond the
// limit was not written by the wrapper, and would cost the reader its memory.
const leftLimit = 8 * task.MaxOutputBytes

// ReadOutputs reads them; nil when the wrapper was killed before it could write them.
func (c Container) ReadOutputs() (*Outputs, error) {
	data, err := c.left(outputsName)
	if err != nil || data == nil {
		return nil, err
	}
	o := &Outputs{}
	if err := json.Unmarshal(data, o); err != nil {
		return nil, fmt.Errorf("%s: %w", c.file(outputsName), err)
	}
	return o, nil
}

// ReadReport reads what the command has left to be reported; nil: nothing.
func (c Container) ReadReport() ([]byte, error) { return c.left(reportName) }

func (c Container) left(name string) ([]byte, error) {
	f, err := c.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, leftLimit+1))
	if err == nil && len(data) > leftLimit {
		err = fmt.Errorf("%s has more than %d bytes, and the outputs of a step may have %d in all: use artifacts", c.file(name), leftLimit, task.MaxOutputBytes)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
