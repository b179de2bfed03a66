package storage

import (
	"context"
	"errors"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

// commit carries changes of pages to the moment at which they are written: after every check of the header has passed,
// and right before the header is stored. A dry run never gets there.
type commit struct {
	nodes nodes.Store

	// What to write; set anew for each attempt.
	changes []v1alpha1.NodePageChange
	// The nodes were inside the object so far: changes has all of them.
	first bool
	// The changes are those of a decision of the controller, whole or with more of it to follow.
	decision, partial bool

	// versions of the pages that were written.
	versions []v1alpha1.NodePageVersion
}

// beforeStore writes the pages and notes the commit in the header.
func (c *commit) beforeStore(ctx context.Context, header *v1alpha1.Workflow) error {
	if len(c.changes) == 0 {
		return nil
	}
	var result nodes.Result
	var err error
	state := v1alpha1.NodeStorage{}
	if c.first {
		result, err = c.nodes.Replace(ctx, refOf(header), c.changes)
	} else {
		state = *header.Status.NodeStorage
		result, err = c.nodes.Apply(ctx, refOf(header), state.Revision, c.changes)
	}
	if err != nil {
		return err
	}
	state.Nodes += result.Added
	if result.Ahead {
		// An earlier writer ended before its header: only counting tells how many nodes there are.
		if state.Nodes, err = c.nodes.Count(ctx, refOf(header)); err != nil {
			return err
		}
	}
	for _, version := range result.Versions {
		state.Pages = max(state.Pages, version.Index+1)
		state.Revision = later(state.Revision, version.ResourceVersion)
	}
	if c.decision {
		state.Incomplete = c.partial
	}
	header.Status.Nodes = nil
	header.Status.NodeStorage = &state
	c.versions = result.Versions
	return nil
}

// later returns the higher of two revisions; one that does not parse, such as the empty one, is the lowest.
func later(a, b string) string {
	x, _ := strconv.ParseUint(a, 10, 64)
	y, _ := strconv.ParseUint(b, 10, 64)
	if y > x {
		return b
	}
	return a
}

type commitKey struct{}

func withCommit(ctx context.Context, c *commit) context.Context {
	return context.WithValue(ctx, commitKey{}, c)
}

// committing is the storage of headers. A write whose context has a commit stores the pages first.
type committing struct {
	storage.Interface
}

// committingGetter opens storages that commit. The decorator, which makes the watch cache, is the place for it: the store
// begins to use its storage as soon as it has one.
type committingGetter struct {
	generic.RESTOptionsGetter
	parts *parts.Store
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (g committingGetter) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := g.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	open := options.Decorator
	options.Decorator = func(config *storagebackend.ConfigForResource, prefix string, keyFunc func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object, attrs storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		opened, destroy, err := open(config, prefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
		if err != nil {
			return nil, nil, err
		}
		return committing{parts.Whole(opened, g.parts)}, destroy, nil
	}
	return options, nil
}

// Create implements storage.Interface.
func (s committing) Create(ctx context.Context, key string, object, out runtime.Object, ttl uint64) error {
	if c, ok := ctx.Value(commitKey{}).(*commit); ok {
		if err := c.beforeStore(ctx, object.(*v1alpha1.Workflow)); err != nil {
			return err
		}
	}
	return s.Interface.Create(ctx, key, object, out, ttl)
}

// GuaranteedUpdate implements storage.Interface.
func (s committing) GuaranteedUpdate(ctx context.Context, key string, out runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, update storage.UpdateFunc, cached runtime.Object) error {
	if c, ok := ctx.Value(commitKey{}).(*commit); ok {
		inner := update
		update = func(input runtime.Object, meta storage.ResponseMeta) (runtime.Object, *uint64, error) {
			output, ttl, err := inner(input, meta)
			if err == nil && len(c.changes) > 0 {
				err = s.checkNewest(ctx, key, input.(*v1alpha1.Workflow))
			}
			if err != nil {
				return output, ttl, err
			}
			return output, ttl, c.beforeStore(ctx, output.(*v1alpha1.Workflow))
		}
	}
	return s.Interface.GuaranteedUpdate(ctx, key, out, ignoreNotFound, preconditions, update, cached)
}

// checkNewest fails when the header is not the newest: the watch cache suggests what to update, and may be behind. That
// would be found out when the header is stored, but pages must not have been written for a write that is then refused.
// After the error the storage reads the newest header and tries again.
func (s committing) checkNewest(ctx context.Context, key string, header *v1alpha1.Workflow) error {
	if header.ResourceVersion == "" {
		return nil // is being created
	}
	newest := &v1alpha1.Workflow{}
	if err := s.Get(parts.WithReferencesOnly(ctx), key, storage.GetOptions{}, newest); err != nil {
		return err
	}
	if newest.ResourceVersion != header.ResourceVersion {
		return apierrors.NewConflict(v1alpha1.Resource("workflows"), header.Name, errors.New(genericregistry.OptimisticLockErrorMsg))
	}
	return nil
}
