package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/klog/v2"
)

// sweepAge is how old pages must be before the sweeper removes them: pages are written before their header.
const sweepAge = time.Hour

// Delete implements Store.
func (s *store) Delete(ctx context.Context, ref Ref) error {
	// The newest pages are asked for, not those that a header knows of: there may be more.
	for from := int32(0); from >= 0; {
		list, err := s.listAt(ctx, ref, LoadOptions{From: from, Limit: 256}, 0)
		if err != nil {
			return fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
		}
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		next := int32(-1)
		for i := range list.Items {
			stored := &list.Items[i]
			next = stored.index + 1
			group.Go(func() error {
				err := s.raw.Delete(groupCtx, s.key(ref, stored.index), &page{}, nil, storage.ValidateAllObjectFunc, stored, storage.DeleteOptions{})
				if storage.IsNotFound(err) {
					return nil
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
		}
		if list.Continue == "" {
			return nil
		}
		from = next
	}
	return nil
}

// Sweep implements Store.
func (s *store) Sweep(ctx context.Context, live func(context.Context) (sets.Set[types.UID], error)) (int, error) {
	uids, err := live(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweeping node pages: cannot list workflows: %w", err)
	}
	removed, token := 0, ""
	for {
		request := storage.ListOptions{Recursive: true, Predicate: storage.Everything}
		request.Predicate.Limit, request.Predicate.Continue = 1, token
		list := &pageList{}
		if err := s.raw.GetList(ctx, s.prefix+"/", request, list); err != nil {
			return removed, fmt.Errorf("sweeping node pages: %w", err)
		}
		if len(list.Items) == 0 {
			return removed, nil
		}
		first := &list.Items[0]
		uid, _, _ := strings.Cut(first.Name, "/")
		ref := Ref{Namespace: first.Namespace, UID: types.UID(uid)}
		if !uids.Has(ref.UID) && s.clock.Since(first.CreationTimestamp.Time) > sweepAge {
			if err := s.Delete(ctx, ref); err != nil {
				return removed, err
			}
			removed++
		}
		// One page tells of its whole table: go on behind the last key that the table can have.
		if token, err = storage.EncodeContinue("/"+ref.Namespace+"/"+string(ref.UID)+"0", "/", -1); err != nil {
			return removed, err
		}
	}
}

const (
	sweepInterval = 10 * time.Minute
	// sweepJitter keeps the replicas of the server from sweeping at the same time.
	sweepJitter = 0.5
)

// SweepLoop sweeps until ctx ends. Any number of servers may do so: removing what is gone does nothing.
func SweepLoop(ctx context.Context, store Store, live func(context.Context) (sets.Set[types.UID], error)) {
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		removed, err := store.Sweep(ctx, live)
		if err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "Cannot sweep the pages of deleted workflows")
		}
		if removed > 0 {
			klog.InfoS("Removed the pages of deleted workflows", "workflows", removed)
		}
	}, sweepInterval, sweepJitter, true)
}
