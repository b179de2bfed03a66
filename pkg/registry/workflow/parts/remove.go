package parts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/klog/v2"
)

const (
	// removeDelay is how long the parts of a deleted workflow stay: whoever is told of the deletion, or goes on with a list
	// that began before, is given the workflow in one piece. By then the store has forgotten those versions.
	removeDelay = 10 * time.Minute
	// removeTimeout ends a removal that does not get on. The sweeper finishes what it leaves.
	removeTimeout = time.Minute
	// sweepAge is how old unused records must be before the sweeper removes them: they are written before their workflow.
	sweepAge = time.Hour
	// sweepChunk is how many records are read at once.
	sweepChunk = 16
)

// removeLater removes the parts that a deleted workflow referred to.
func (s *Store) removeLater(of owner, digests []string) {
	if len(digests) == 0 {
		return
	}
	s.clock.AfterFunc(removeDelay, func() {
		ctx, cancel := context.WithTimeout(s.open, removeTimeout)
		defer cancel()
		for _, digest := range digests {
			err := s.raw.Delete(ctx, s.key(of, digest), &record{}, nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
			if err != nil && !storage.IsNotFound(err) && s.open.Err() == nil {
				klog.InfoS("A part of a deleted workflow is left to the sweeper", "uid", of.uid, "part", digest, "err", err)
			}
		}
	})
}

// Live returns the references of all workflows by UID.
type Live func(context.Context) (map[types.UID][]string, error)

// Sweep removes records that no workflow has referred to, neither at the last sweep nor now, and that were written more than
// an hour ago: a write that is still under way, or a reader of an earlier version, may need the others. It returns how many it
// removed. It must not be called concurrently.
func (s *Store) Sweep(ctx context.Context, live Live) (int, error) {
	references, err := live(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweeping parts of workflows: cannot list workflows: %w", err)
	}
	unused, removed := map[string]string{}, 0
	for token := ""; ; {
		request := storage.ListOptions{Recursive: true, Predicate: storage.Everything}
		request.Predicate.Limit, request.Predicate.Continue = sweepChunk, token
		list := &recordList{}
		if err := s.raw.GetList(ctx, s.prefix+"/", request, list); err != nil {
			return removed, fmt.Errorf("sweeping parts of workflows: %w", err)
		}
		for i := range list.Items {
			stored := &list.Items[i]
			uid, digest, _ := strings.Cut(stored.Name, "/")
			if sets.New(references[types.UID(uid)]...).Has(digest) || s.clock.Since(stored.CreationTimestamp.Time) <= sweepAge {
				continue
			}
			if s.unused[stored.Name] != stored.ResourceVersion {
				unused[stored.Name] = stored.ResourceVersion
				continue
			}
			// Only this very version: one that a write has just confirmed stays.
			err := s.raw.Delete(ctx, s.key(owner{stored.Namespace, types.UID(uid)}, digest), &record{},
				&storage.Preconditions{ResourceVersion: &stored.ResourceVersion}, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
			switch {
			case err == nil:
				removed++
			case !storage.IsNotFound(err) && !storage.IsInvalidObj(err) && !storage.IsConflict(err):
				return removed, fmt.Errorf("sweeping parts of workflows: %w", err)
			}
		}
		if token = list.Continue; token == "" {
			s.unused = unused
			return removed, nil
		}
	}
}

const (
	sweepInterval = 30 * time.Minute
	// sweepJitter keeps the replicas of the server from sweeping at the same time.
	sweepJitter = 0.5
)

// SweepLoop sweeps until ctx ends. Any number of servers may do so.
func SweepLoop(ctx context.Context, store *Store, live Live) {
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		removed, err := store.Sweep(ctx, live)
		if err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "Cannot sweep unused parts of workflows")
		}
		if removed > 0 {
			klog.InfoS("Removed unused parts of workflows", "parts", removed)
		}
	}, sweepInterval, sweepJitter, true)
}
