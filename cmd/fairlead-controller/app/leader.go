package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"
)

// leaseName is the Lease that only one controller of an instance holds (CTL-02).
func (c *Config) leaseName() string {
	if id := c.Configuration.Current().InstanceID; id != "" {
		return "fairlead-controller-" + id
	}
	return "fairlead-controller"
}

var errLeaseLost = errors.New("the lease is lost: ending, so that nothing of what this process remembers is used again")

var isLeader = metrics.NewGauge(&metrics.GaugeOpts{
	Name:           "argo_workflows_is_leader",
	Help:           "1 while this process holds the Lease.",
	StabilityLevel: metrics.ALPHA,
})

func init() { legacyregistry.MustRegister(isLeader) }

// runElected calls run while this process holds the Lease. The Lease is given back only after run has returned. mayCreate,
// given to run, turns false when the renew deadline has passed without a renewal.
func runElected(ctx context.Context, c *Config, watchdog *leaderelection.HealthzAdaptor, run func(ctx context.Context, mayCreate func() bool) error) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find out the host name for the Lease: %w", err)
	}
	o := c.Options
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.LeaseNamespace, Name: c.leaseName()},
		Client:     c.Election.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())},
	}

	// The election outlives ctx: work in flight finishes under the Lease.
	election, endElection := context.WithCancel(context.WithoutCancel(ctx))
	defer endElection()
	leading := make(chan struct{})
	result := make(chan error, 1)
	var elector *leaderelection.LeaderElector
	elector, err = leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name:            c.leaseName(),
		Lock:            lock,
		LeaseDuration:   o.LeaseDuration,
		RenewDeadline:   o.RenewDeadline,
		RetryPeriod:     o.RetryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        watchdog,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) {
				close(leading)
				isLeader.Set(1)
				defer isLeader.Set(0)
				work, stop := context.WithCancel(held)
				defer context.AfterFunc(ctx, stop)()
				err := run(work, func() bool {
					return elector.IsLeader() && elector.Check(o.RenewDeadline-o.LeaseDuration) == nil
				})
				if err == nil && ctx.Err() == nil {
					err = errLeaseLost
				}
				result <- err
				endElection()
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				klog.FromContext(ctx).Info("Lease holder", "identity", identity)
			},
		},
	})
	if err != nil {
		return fmt.Errorf("set up the Lease: %w", err)
	}
	watchdog.SetLeaderElection(elector)
	// A process that was never elected ends at once; one that was gives the Lease back after its work.
	stopWaiting := context.AfterFunc(ctx, func() {
		select {
		case <-leading:
		default:
			endElection()
		}
	})
	defer stopWaiting()
	elector.Run(election)

	select {
	case <-leading:
	default:
		return nil
	}
	select {
	case err := <-result:
		return err
	case <-time.After(o.LeaseDuration):
		return errLeaseLost
	}
}
