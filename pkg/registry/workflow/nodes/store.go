package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// Resource is the storage resource of node pages. It is never served; an encryption configuration has to name it
	// beside `workflows`.
	Resource = "workflownodes"
	// DefaultHydrationLimit is how many pages may be held in memory for reads at the same time: 131,072 nodes, some
	// hundred megabytes.
	DefaultHydrationLimit int64 = 2048
	// parallel is how many pages of one workflow are written at the same time.
	parallel = 8
)

// Ref names the workflow that a node table belongs to. The name is only for messages: tables are kept by UID, so that
// a workflow never sees the nodes of a deleted one of the same name.
type Ref struct {
	Namespace string
	Name      string
	UID       types.UID
}

// Page is one page of a table as it was read.
type Page struct {
	Index           int32
	ResourceVersion string
	// Nodes in record form (parents instead of children), in order of creation.
	Nodes []v1alpha1.NodeStatus
}

// LoadOptions say which pages to read.
type LoadOptions struct {
	// Revision to read at, from status.nodeStorage; empty reads the newest pages. When the store no longer has that
	// revision (it is compacted after some minutes), the newest pages are read.
	Revision string
	// Expected number of pages, from status.nodeStorage, for the limit on memory.
	Expected int32
	// From is the first page wanted.
	From int32
	// Limit is how many pages are wanted at most; 0 means all.
	Limit int64
	// ChangedSince leaves out pages that have not changed after this revision.
	ChangedSince string
	// Wait makes the call wait while too many pages are held by others; otherwise it fails with 429.
	Wait bool
}

// Result is what Apply did.
type Result struct {
	// Versions of the changed pages, by index.
	Versions []v1alpha1.NodePageVersion
	// Added is how many nodes there are more than before; negative when some were removed.
	Added int64
	// Ahead is true when one of the pages had changes that no header had committed: a writer ended between pages and
	// header. Added then does not relate to the header.
	Ahead bool
}

// Store keeps node tables. All methods may be called concurrently.
type Store interface {
	// Load reads pages in order of their index. The caller calls Release on the table when it has let go of the nodes.
	Load(ctx context.Context, ref Ref, options LoadOptions) (*Table, error)
	// Apply changes pages, each by compare-and-swap on its resource version; committed is the revision of the header's
	// last commit. On a Conflict some of the other pages may have been written: they are facts, and the next commit
	// covers them.
	Apply(ctx context.Context, ref Ref, committed string, changes []v1alpha1.NodePageChange) (Result, error)
	// Replace writes the first pages of a table: those of a workflow that had its nodes inside the object so far.
	// Pages left behind by a writer that ended before its header was stored are overwritten.
	Replace(ctx context.Context, ref Ref, changes []v1alpha1.NodePageChange) (Result, error)
	// Count returns the number of nodes in the newest pages, without decoding them.
	Count(ctx context.Context, ref Ref) (int64, error)
	// Versions returns the versions of the newest pages by index.
	Versions(ctx context.Context, ref Ref) (map[int32]string, error)
	// Delete removes all pages of a workflow.
	Delete(ctx context.Context, ref Ref) error
	// Sweep removes the pages of workflows that are not among live and that were made more than an hour ago. It returns
	// how many tables it removed.
	Sweep(ctx context.Context, live func(context.Context) (sets.Set[types.UID], error)) (int, error)
}

// Options of a store.
type Options struct {
	// HydrationLimit is how many pages may be held for reads at the same time; 0 means DefaultHydrationLimit.
	HydrationLimit int64
	// Clock is for tests; nil means the real one.
	Clock clock.PassiveClock
}

// NewStore returns the node tables of this installation and a function that closes their connection.
func NewStore(getter generic.RESTOptionsGetter, options Options) (Store, factory.DestroyFunc, error) {
	resource := v1alpha1.Resource(Resource)
	restOptions, err := getter.GetRESTOptions(resource, &page{})
	if err != nil {
		return nil, nil, fmt.Errorf("storage of node pages: %w", err)
	}
	config := *restOptions.StorageConfig
	config.Codec = pageCodec{}
	prefix := "/" + strings.Trim(restOptions.ResourcePrefix, "/")
	raw, destroy, err := generic.NewRawStorage(&config,
		func() runtime.Object { return &page{} },
		func() runtime.Object { return &pageList{} },
		prefix)
	if err != nil {
		return nil, nil, fmt.Errorf("storage of node pages: %w", err)
	}
	return newStore(raw, prefix, options), destroy, nil
}

type store struct {
	raw    storage.Interface
	prefix string
	held   *semaphore.Weighted
	limit  int64
	clock  clock.PassiveClock
}

var _ Store = &store{}

func newStore(raw storage.Interface, prefix string, options Options) *store {
	s := &store{raw: raw, prefix: prefix, limit: options.HydrationLimit, clock: options.Clock}
	if s.limit == 0 {
		s.limit = DefaultHydrationLimit
	}
	if s.clock == nil {
		s.clock = clock.RealClock{}
	}
	s.held = semaphore.NewWeighted(s.limit)
	return s
}

// table is the key prefix of a workflow's pages.
func (s *store) table(ref Ref) string {
	return s.prefix + "/" + ref.Namespace + "/" + string(ref.UID) + "/"
}

// key of a page. Six digits keep the keys of 64 million nodes in order.
func (s *store) key(ref Ref, index int32) string {
	return s.table(ref) + pageName(index)
}

func pageName(index int32) string { return fmt.Sprintf("%06d", index) }

// now is written into pages, in seconds, for the sweeper.
func (s *store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }
