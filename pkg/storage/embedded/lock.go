package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
)

// dirLock keeps a second process away from a data directory. etcd would wait for its own lock for ever and without a
// word; two API servers on one directory are a mistake that must be told.
type dirLock struct {
	file *os.File
}

// lockRetry is how often a lock that somebody else holds is tried again.
const lockRetry = 100 * time.Millisecond

// lockDir takes the lock. A predecessor that is still closing its store (a restarted pod, for example) is waited for; after
// the timeout the error says who has the lock. The kernel frees it when its process ends, however it ends.
func lockDir(ctx context.Context, dir string, timeout time.Duration) (*dirLock, error) {
	path := filepath.Join(dir, "LOCK")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded etcd: cannot open the lock file: %w", err)
	}
	told := false
	err = wait.PollUntilContextTimeout(ctx, lockRetry, timeout, true, func(context.Context) (bool, error) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			if !told {
				klog.InfoS("Waiting for another process to let go of the data directory", "directory", dir, "process", lockHolder(path), "timeout", timeout)
			}
			told = true
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		defer file.Close()
		if wait.Interrupted(err) {
			return nil, fmt.Errorf("embedded etcd: the data directory %s is in use by process %s; only one API server may use it (use --etcd-servers for several replicas)",
				dir, lockHolder(path))
		}
		return nil, fmt.Errorf("embedded etcd: cannot lock %s: %w", path, err)
	}
	if err := file.Truncate(0); err == nil {
		host, _ := os.Hostname()
		_, _ = fmt.Fprintf(file, "%d on %s\n", os.Getpid(), host)
	}
	return &dirLock{file: file}, nil
}

// lockHolder is what the process that has the lock wrote about itself.
func lockHolder(path string) string {
	holder, err := os.ReadFile(path)
	if err != nil || len(holder) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(holder))
}

// release frees the lock. The file stays: removing it would let a third process lock a file that nobody else sees.
func (l *dirLock) release() {
	if l == nil || l.file == nil {
		return
	}
	_ = l.file.Close()
	l.file = nil
}
