package volume

import "time"

// AwaitReady waits until the lock is or was held, and tells whether it was before stop was closed. The directory is watched;
// looking now and then as well costs next to nothing where watching does not work across containers.
func (c Container) AwaitReady(stop <-chan struct{}) bool {
	changes, done := watch(string(c))
	defer done()
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for !c.Ready() {
		select {
		case <-changes:
		case <-ticker.C:
		case <-stop:
			return c.Ready()
		}
	}
	return true
}
