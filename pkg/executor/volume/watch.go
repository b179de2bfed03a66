package volume

import (
	"os"
	"syscall"
)

// watch tells when something in a directory changes. When it cannot be watched, nothing is ever told.
func watch(dir string) (<-chan struct{}, func()) {
	changes := make(chan struct{}, 1)
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return changes, func() {}
	}
	events := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_CREATE|syscall.IN_MOVED_TO); err != nil {
		return changes, func() { events.Close() }
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			if _, err := events.Read(buffer); err != nil {
				return
			}
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}()
	return changes, func() { events.Close() }
}
