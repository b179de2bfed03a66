package embedded

import (
	"context"
	"time"

	"k8s.io/klog/v2"
)

// defragMinimum is the free space below which giving it back is not worth blocking writers for.
const defragMinimum int64 = 256 << 20

// keepSpace gives free space back to the file system, as compaction only marks it as reusable, and gets a full database to
// take writes again.
func (s *Server) keepSpace(ctx context.Context) {
	ticker := time.NewTicker(spaceCheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if s.full() {
				if err := s.relieve(ctx); err != nil {
					klog.ErrorS(err, "Cannot make room in the embedded etcd, which is full")
				}
				continue
			}
			backend := s.etcd.Server.Backend()
			if !worthDefragmenting(backend.Size(), backend.SizeInUse()) {
				continue
			}
			if err := s.Defragment(); err != nil {
				klog.ErrorS(err, "Cannot defragment the embedded etcd")
			}
		}
	}
}

// worthDefragmenting is true when more than half of a database file, and at least defragMinimum bytes, are free.
func worthDefragmenting(size, inUse int64) bool {
	free := size - inUse
	return free >= defragMinimum && free*2 > size
}

// Defragment rewrites the database file without its free space. Writers wait meanwhile, about a second per GiB in use.
func (s *Server) Defragment() error {
	backend := s.etcd.Server.Backend()
	before, start := backend.Size(), time.Now()
	if err := backend.Defrag(); err != nil {
		return err
	}
	klog.InfoS("Defragmented the embedded etcd", "before", formatBytes(before), "after", formatBytes(backend.Size()), "took", time.Since(start))
	return nil
}
