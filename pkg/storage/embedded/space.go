package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"k8s.io/klog/v2"
)

const (
	// spaceCheckInterval is how often the loop looks at the size of the database.
	spaceCheckInterval = time.Minute
	// reliefTimeout bounds one attempt to get a full database to take writes again.
	reliefTimeout = 5 * time.Minute
)

// full tells whether the quota was reached: etcd then refuses everything but reads and deletions, until the alarm is
// taken back.
func (s *Server) full() bool {
	return slices.ContainsFunc(s.etcd.Server.Alarms(), func(alarm *etcdserverpb.AlarmMember) bool {
		return alarm.Alarm == etcdserverpb.AlarmType_NOSPACE
	})
}

// relieve makes a full database take writes again if there is room: because objects were deleted, or because the server
// was restarted with a larger quota. The API server cannot compact it, as even that is a write.
func (s *Server) relieve(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reliefTimeout)
	defer cancel()
	server := s.etcd.Server
	_, err := server.Compact(ctx, &etcdserverpb.CompactionRequest{Revision: server.KV().Rev(), Physical: true})
	if err != nil && !errors.Is(err, mvcc.ErrCompacted) {
		return fmt.Errorf("compact: %w", err)
	}
	if err := s.Defragment(); err != nil {
		return fmt.Errorf("defragment: %w", err)
	}
	// A tenth is kept free, lest the alarm comes and goes with every write.
	if size := server.Backend().Size(); size > server.Cfg.QuotaBackendBytes/10*9 {
		klog.ErrorS(nil, "The embedded etcd is full and refuses writes: delete workflows, or restart with a larger --data-quota-bytes",
			"size", formatBytes(size), "quota", formatBytes(server.Cfg.QuotaBackendBytes))
		return nil
	}
	_, err = server.Alarm(ctx, &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_DEACTIVATE, MemberID: uint64(server.MemberID()), Alarm: etcdserverpb.AlarmType_NOSPACE,
	})
	if err != nil {
		return fmt.Errorf("take back the alarm: %w", err)
	}
	klog.InfoS("The embedded etcd takes writes again")
	return nil
}
