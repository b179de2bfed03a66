package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dirLock keeps a second process away from a data directory. etcd would wait for its own lock for ever and without a
// word; two API servers on one directory are a mistake that must be told.
type dirLock struct {
	file *os.File
}

// lockDir takes the lock, or says which process has it. The kernel frees it when the process ends, however it ends.
func lockDir(dir string) (*dirLock, error) {
	path := filepath.Join(dir, "LOCK")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded etcd: cannot open the lock file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			holder, _ := os.ReadFile(path)
			return nil, fmt.Errorf("embedded etcd: the data directory %s is in use by process %s; only one API server may use it (use --etcd-servers for several replicas)",
				dir, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("embedded etcd: cannot lock %s: %w", path, err)
	}
	if err := file.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	return &dirLock{file: file}, nil
}

// release frees the lock. The file stays: removing it would let a third process lock a file that nobody else sees.
func (l *dirLock) release() {
	if l == nil || l.file == nil {
		return
	}
	_ = l.file.Close()
	l.file = nil
}
