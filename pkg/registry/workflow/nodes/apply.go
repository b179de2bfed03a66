package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Apply implements Store.
func (s *store) Apply(ctx context.Context, ref Ref, committed string, changes []v1alpha1.NodePageChange) (Result, error) {
	commit, err := ParseRevision(committed)
	if err != nil {
		return Result{}, apierrors.NewBadRequest("revision of the last commit: " + err.Error())
	}
	return s.write(ctx, ref, changes, commit, (*page).change)
}

// Replace implements Store.
func (s *store) Replace(ctx context.Context, ref Ref, changes []v1alpha1.NodePageChange) (Result, error) {
	left, err := s.list(ctx, ref, LoadOptions{})
	if err != nil {
		return Result{}, fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	// Compare-and-swap on what was left behind: of two writers that outgrow the object at once, one fails.
	changes = slices.Clone(changes)
	for i := range left.Items {
		index := left.Items[i].index
		at := slices.IndexFunc(changes, func(c v1alpha1.NodePageChange) bool { return c.Index == index })
		if at < 0 {
			at = len(changes)
			changes = append(changes, v1alpha1.NodePageChange{Index: index})
		}
		changes[at].ResourceVersion = left.Items[i].ResourceVersion
	}
	result, err := s.write(ctx, ref, changes, 0, func(p *page, set []record, _ []string) *page {
		empty := page{ObjectMeta: p.ObjectMeta, index: p.index}
		return empty.change(set, nil)
	})
	result.Added, result.Ahead = 0, false
	for i := range changes {
		result.Added += int64(len(changes[i].Set))
	}
	return result, err
}

// editor makes the new version of a page.
type editor func(p *page, set []record, removed []string) *page

func (s *store) write(ctx context.Context, ref Ref, changes []v1alpha1.NodePageChange, commit uint64, edit editor) (Result, error) {
	changes = slices.Clone(changes)
	slices.SortFunc(changes, func(a, b v1alpha1.NodePageChange) int { return int(a.Index - b.Index) })
	sets := make([][]record, len(changes))
	for i := range changes {
		if i > 0 && changes[i].Index == changes[i-1].Index {
			return Result{}, apierrors.NewBadRequest(fmt.Sprintf("pages: page %d is given twice", changes[i].Index))
		}
		if changes[i].Index < 0 {
			return Result{}, apierrors.NewBadRequest(fmt.Sprintf("pages: there is no page %d", changes[i].Index))
		}
		var err error
		if sets[i], err = encodeNodes(changes[i].Index, changes[i].Set); err != nil {
			return Result{}, apierrors.NewBadRequest("pages: " + err.Error())
		}
	}
	written := make([]pageWrite, len(changes))
	if len(changes) == 1 {
		err := s.writePage(ctx, ref, &changes[0], sets[0], commit, edit, &written[0])
		return resultOf(written), err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range changes {
		group.Go(func() error { return s.writePage(groupCtx, ref, &changes[i], sets[i], commit, edit, &written[i]) })
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	return resultOf(written), nil
}

// pageWrite is what the write of one page did.
type pageWrite struct {
	version v1alpha1.NodePageVersion
	added   int
	ahead   bool
}

func resultOf(written []pageWrite) Result {
	result := Result{Versions: make([]v1alpha1.NodePageVersion, len(written))}
	for i := range written {
		result.Versions[i] = written[i].version
		result.Added += int64(written[i].added)
		result.Ahead = result.Ahead || written[i].ahead
	}
	return result
}

func (s *store) writePage(ctx context.Context, ref Ref, change *v1alpha1.NodePageChange, set []record, commit uint64, edit editor, written *pageWrite) error {
	out, key := &page{}, s.key(ref, change.Index)
	before := 0
	var err error
	if change.ResourceVersion == "" {
		created := edit(newPage(ref, change.Index, s.now()), set, nil)
		err = s.raw.Create(ctx, key, created, out, 0)
	} else {
		update := func(current runtime.Object, meta storage.ResponseMeta) (runtime.Object, *uint64, error) {
			stored := current.(*page)
			before, written.ahead = len(stored.records), commit != 0 && meta.ResourceVersion > commit
			return edit(stored, set, change.Removed), nil, nil
		}
		err = s.raw.GuaranteedUpdate(ctx, key, out, false,
			&storage.Preconditions{ResourceVersion: &change.ResourceVersion}, update, nil)
	}
	if err != nil {
		return interpret(err, ref, change)
	}
	written.version = v1alpha1.NodePageVersion{Index: change.Index, ResourceVersion: out.ResourceVersion}
	written.added = len(out.records) - before
	return nil
}

// interpret turns an error of the storage into one for the client.
func interpret(err error, ref Ref, change *v1alpha1.NodePageChange) error {
	switch {
	case storage.IsExist(err), storage.IsNotFound(err), storage.IsConflict(err), storage.IsInvalidObj(err):
		return apierrors.NewConflict(v1alpha1.Resource("workflows"), ref.Name, fmt.Errorf(
			"page %d of its nodes is no longer at version %q; read workflows/%s/nodes?latest=true and apply the change to that",
			change.Index, change.ResourceVersion, ref.Name))
	case IsTooLarge(err):
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
			"page %d of the nodes of workflow %s/%s is too large to be stored, even compressed; keep large results in artifacts instead of parameters",
			change.Index, ref.Namespace, ref.Name))
	}
	return fmt.Errorf("page %d of the nodes of workflow %s/%s cannot be stored: %w", change.Index, ref.Namespace, ref.Name, err)
}

// IsTooLarge is true for the errors of etcd and of its client that mean: this value is over the limit of one request.
func IsTooLarge(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "request is too large") || strings.Contains(text, "trying to send message larger than max")
}
