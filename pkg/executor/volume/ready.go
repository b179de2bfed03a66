package volume

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"
)

// ErrStopped is the error of who was asked to end before what he waited for had begun.
var ErrStopped = errors.New("the pod was stopped before it started")

// Announced is a file with the names of containers, separated by commas, that have ended: the word of the kubelet, for ends that
// nobody can see by the lock. It need not be there.
type Announced string

// Has tells whether the file names a container.
func (a Announced) Has(container string) bool {
	if a == "" {
		return false
	}
	text, err := os.ReadFile(string(a))
	return err == nil && slices.Contains(strings.Split(strings.TrimSpace(string(text)), ","), container)
}

// AwaitEnd blocks until a container has started and ended: its lock was held and is held no more, or its end was announced,
// because it was killed before it held its lock. It ends with ErrStopped when stop is closed before the container has started.
func (c Container) AwaitEnd(stop <-chan struct{}, ends Announced) error {
	if err := c.AwaitStart(stop, ends); err != nil {
		return err
	}
	return c.AwaitRelease()
}

// AwaitStart blocks until the lock of a container is or was held, or its end was announced. The directory is watched; looking
// now and then as well costs next to nothing where watching does not work across containers.
func (c Container) AwaitStart(stop <-chan struct{}, ends Announced) error {
	changes, done := watch(string(c))
	defer done()
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for !c.Ready() && !ends.Has(c.Name()) {
		select {
		case <-changes:
		case <-ticker.C:
		case <-stop:
			if !c.Ready() {
				return ErrStopped
			}
		}
	}
	return nil
}
