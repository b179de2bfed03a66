package nodes

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// retryAfterSeconds is what a client is told to wait when too many nodes are being read.
const retryAfterSeconds = 1

// Table is what Load read. Its nodes count against the limit on memory until Release.
type Table struct {
	// Pages in order of their index.
	Pages []Page
	// Revision of the store at which the pages were read.
	Revision string
	// Continue is the index of the first page that Limit left out; -1 when there is none.
	Continue int32

	release func()
}

// Release gives the place back. It may be called more than once, and on nil.
func (t *Table) Release() {
	if t != nil && t.release != nil {
		t.release()
	}
}

// Records returns all nodes in record form, in order of creation. They are the table's own: who changes them copies them.
func (t *Table) Records() []v1alpha1.NodeStatus {
	size := 0
	for i := range t.Pages {
		size += len(t.Pages[i].Nodes)
	}
	records := make([]v1alpha1.NodeStatus, 0, size)
	for i := range t.Pages {
		records = append(records, t.Pages[i].Nodes...)
	}
	return records
}

// hold takes room for so many pages. A table larger than the whole limit is read alone.
func (s *store) hold(ctx context.Context, ref Ref, pages int64, patient bool) (func(), error) {
	weight := max(1, min(pages, s.limit))
	if patient {
		if err := s.held.Acquire(ctx, weight); err != nil {
			return nil, err
		}
	} else if !s.held.TryAcquire(weight) {
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf(
			"the server is reading the nodes of too many large workflows at this moment; workflow %q has about %d nodes. Try again, or read only what changed with workflows/%s/nodes?changedSince=",
			ref.Name, pages*v1alpha1.NodesPerPage, ref.Name), retryAfterSeconds)
	}
	return sync.OnceFunc(func() { s.held.Release(weight) }), nil
}
