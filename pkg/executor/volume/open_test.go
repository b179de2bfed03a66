package volume

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/task"
)

const secret = "the token of wait"

// replacements are what user code can put in place of a file of the shared volume, and what is said about it.
var replacements = map[string]struct {
	put  func(name, outside string) error
	want string
}{
	"link out":          {func(name, outside string) error { return os.Symlink(outside, name) }, "is a symbolic link"},
	"relative link out": {func(name, _ string) error { return os.Symlink("../../../outside/file", name) }, "is a symbolic link"},
	"link inside":       {func(name, _ string) error { return os.Symlink("other", name) }, "is a symbolic link"},
	"dangling link":     {func(name, _ string) error { return os.Symlink("/no/such/file", name) }, "is a symbolic link"},
	"FIFO":              {func(name, _ string) error { return syscall.Mkfifo(name, 0o666) }, "is a FIFO"},
	"directory":         {func(name, _ string) error { return os.Mkdir(name, 0o777) }, "is a directory"},
}

// readers are all ways to read the directory of another container.
var readers = map[string]func(c Container) (string, error){
	"combined":       func(c Container) (string, error) { return contentOf(c.OpenLog()) },
	"artifact-0.tar": func(c Container) (string, error) { return contentOf(c.OpenArtifact(0)) },
	"lock":           func(c Container) (string, error) { return "", c.AwaitRelease() },
	"outputs.json": func(c Container) (string, error) {
		_, err := c.ReadOutputs()
		return "", err
	},
	"result": func(c Container) (string, error) {
		text, err := c.ReadResult()
		if text == nil {
			return "", err
		}
		return *text, err
	},
}

func contentOf(f *os.File, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer f.Close()
	data := make([]byte, len(secret))
	n, err := f.Read(data)
	return string(data[:n]), err
}

func prepared(t *testing.T) (c Container, outside string) {
	t.Helper()
	top := t.TempDir()
	shared, outside := filepath.Join(top, "shared"), filepath.Join(top, "outside")
	for _, dir := range []string{shared, outside} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "file"), []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	c = Of(shared, "main")
	if err := c.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.file("other"), []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	return c, filepath.Join(outside, "file")
}

// Whatever main puts in place of a file: it is neither followed nor waited for.
func TestReplacedFilesAreRefused(t *testing.T) {
	for file, read := range readers {
		for kind, r := range replacements {
			t.Run(file+"/"+kind, func(t *testing.T) {
				c, outside := prepared(t)
				if err := os.RemoveAll(c.file(file)); err != nil {
					t.Fatal(err)
				}
				if err := r.put(c.file(file), outside); err != nil {
					t.Fatal(err)
				}
				text, err := read(c)
				if err == nil || !strings.Contains(err.Error(), r.want) || !strings.Contains(err.Error(), file) || text != "" {
					t.Errorf("%q, %v; want %q about %s", text, err, r.want, file)
				}
			})
		}
	}
}

// A directory on the way that is a link leads nowhere, for reading, making and removing.
func TestReplacedDirectoriesAreRefused(t *testing.T) {
	for file, read := range readers {
		for _, dir := range []string{"ctr", "ctr/main"} {
			t.Run(file+" below "+dir, func(t *testing.T) {
				c, outside := prepared(t)
				shared, _ := c.place()
				target := filepath.Dir(outside)
				within := filepath.Join(target, strings.TrimPrefix(strings.TrimPrefix("ctr/main", dir), "/"))
				if err := os.MkdirAll(within, 0o777); err != nil {
					t.Fatal(err)
				}
				victim := filepath.Join(within, file)
				if err := os.WriteFile(victim, []byte(secret), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.RemoveAll(filepath.Join(shared, dir)); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(shared, dir)); err != nil {
					t.Fatal(err)
				}
				if text, err := read(c); err == nil || os.IsNotExist(err) || text != "" {
					t.Errorf("read %q, %v", text, err)
				}
				if err := c.Create(); err == nil {
					t.Error("made files behind a link")
				}
				if err := c.RemoveArtifact(0); err == nil {
					t.Error("removed a file behind a link")
				}
				if info, err := os.Stat(victim); err != nil || info.Mode() != 0o600 {
					t.Errorf("%v, %v", info, err)
				}
			})
		}
	}
}

// Create makes a lock that is one, and changes the mode of nothing else.
func TestCreateFollowsNoLock(t *testing.T) {
	c, outside := prepared(t)
	if err := os.Chmod(outside, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.file("lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, c.file("lock")); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(); err == nil {
		t.Error("a link was taken for the lock")
	}
	if info, err := os.Stat(outside); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// What the wrapper can write is read, even where each byte has six in JSON; more is refused before it is in memory.
func TestReadOutputsHasALimit(t *testing.T) {
	c, _ := prepared(t)
	if left, err := c.ReadOutputs(); left != nil || err != nil {
		t.Errorf("%v, %v", left, err)
	}
	most := strings.Repeat("\x01", task.MaxOutputBytes)
	if err := c.WriteOutputs(&Outputs{Files: []File{{Content: most}}}); err != nil {
		t.Fatal(err)
	}
	if left, err := c.ReadOutputs(); err != nil || left.Files[0].Content != most {
		t.Error(err)
	}
	// A hole: it costs no disk, and would cost all memory.
	if err := os.Truncate(c.file("outputs.json"), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadOutputs(); err == nil || !strings.Contains(err.Error(), "outputs.json has more than") {
		t.Error(err)
	}
}

// A count that no wrapper writes is an error, not the end of the reader.
func TestDamagedResult(t *testing.T) {
	for _, count := range []uint64{1 << 63, 1<<64 - 1, 1<<63 - 1, 1 << 20} {
		c, _ := prepared(t)
		if err := os.WriteFile(c.file("result"), binary.BigEndian.AppendUint64(nil, count), 0o644); err != nil {
			t.Fatal(err)
		}
		if text, err := c.ReadResult(); err == nil {
			t.Errorf("%d: %v", count, text)
		}
	}
}
