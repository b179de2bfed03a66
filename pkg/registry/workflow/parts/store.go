package parts

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

const (
	// DefaultLimit is how many bytes of JSON a part may have before it leaves the workflow. Ordinary workflows stay in one
	// piece.
	DefaultLimit = 16 << 10
	// folder of the records, beside that of the node pages.
	folder = "workflowparts"
)

// errMissing is the answer for a record that is not there.
var errMissing = errors.New("is not in the store")

// owner is the workflow that a record belongs to.
type owner struct {
	namespace string
	uid       types.UID
}

func ownerOf(w *v1alpha1.Workflow) owner { return owner{w.Namespace, w.UID} }

// Options of a store.
type Options struct {
	// Limit is how many bytes of JSON a part may have before it leaves the workflow; 0 means DefaultLimit.
	Limit int
	// CacheBytes is how much JSON of parts is held decoded; 0 means DefaultCacheBytes.
	CacheBytes int
	// Clock is for tests; nil means the real one.
	Clock clock.WithDelayedExecution
}

// Store keeps the large parts of workflows. All methods may be called concurrently.
type Store struct {
	raw    storage.Interface
	prefix string
	limit  int
	clock  clock.WithDelayedExecution
	cache  *cache
	// open ends when the store is closed.
	open context.Context
	// unused are records that nothing referred to at the last sweep, with the version that they had.
	unused map[string]string
}

// NewStore returns the parts of this installation and a function that closes their connection. They are encrypted as node
// pages are.
func NewStore(getter generic.RESTOptionsGetter, options Options) (*Store, factory.DestroyFunc, error) {
	restOptions, err := getter.GetRESTOptions(v1alpha1.Resource(nodes.Resource), &record{})
	if err != nil {
		return nil, nil, fmt.Errorf("storage of the parts of workflows: %w", err)
	}
	config := *restOptions.StorageConfig
	config.Codec = recordCodec{}
	prefix := path.Join("/", path.Dir(strings.Trim(restOptions.ResourcePrefix, "/")), folder)
	raw, destroy, err := generic.NewRawStorage(&config,
		func() runtime.Object { return &record{} },
		func() runtime.Object { return &recordList{} },
		prefix)
	if err != nil {
		return nil, nil, fmt.Errorf("storage of the parts of workflows: %w", err)
	}
	s := &Store{raw: raw, prefix: prefix, limit: options.Limit, clock: options.Clock}
	if s.limit == 0 {
		s.limit = DefaultLimit
	}
	if s.clock == nil {
		s.clock = clock.RealClock{}
	}
	if options.CacheBytes == 0 {
		options.CacheBytes = DefaultCacheBytes
	}
	s.cache = newCache(options.CacheBytes)
	var closed context.CancelFunc
	s.open, closed = context.WithCancel(context.Background())
	return s, func() { closed(); destroy() }, nil
}

func (s *Store) key(of owner, digest string) string {
	return s.prefix + "/" + of.namespace + "/" + string(of.uid) + "/" + digest
}

// load returns what a digest stands for in a workflow. It is shared, not for changing.
func (s *Store) load(ctx context.Context, of owner, digest string) (*content, error) {
	if known := s.cache.get(digest); known != nil {
		return known, nil
	}
	stored := &record{}
	err := s.raw.Get(ctx, s.key(of, digest), storage.GetOptions{}, stored)
	if storage.IsNotFound(err) {
		return nil, fmt.Errorf("part %s of the workflow with UID %s %w", digest, of.uid, errMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("part %s of the workflow with UID %s cannot be read: %w", digest, of.uid, err)
	}
	decoded, err := decode(stored.json)
	if err != nil {
		return nil, fmt.Errorf("workflow with UID %s: %w", of.uid, err)
	}
	return s.cache.put(digest, decoded, len(stored.json)), nil
}

// save stores a part. One that is there already is written again, with the time: the sweeper, which may have found it unused,
// then leaves it alone.
func (s *Store) save(ctx context.Context, of owner, digest string, data []byte) error {
	written := &record{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: of.namespace, Name: string(of.uid) + "/" + digest,
			CreationTimestamp: metav1.NewTime(s.clock.Now().UTC().Truncate(time.Second)),
		},
		json: data,
	}
	err := s.raw.GuaranteedUpdate(ctx, s.key(of, digest), &record{}, true, nil,
		func(current runtime.Object, _ storage.ResponseMeta) (runtime.Object, *uint64, error) {
			next := *written
			next.ResourceVersion = current.(*record).ResourceVersion
			return &next, nil, nil
		}, nil)
	if err != nil {
		return fmt.Errorf("a large part of the workflow cannot be stored: %w", err)
	}
	if s.cache.get(digest) == nil {
		decoded, err := decode(data)
		if err != nil {
			return err
		}
		s.cache.put(digest, decoded, len(data))
	}
	return nil
}
