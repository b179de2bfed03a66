package nodes

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"
)

// Load implements Store.
func (s *store) Load(ctx context.Context, ref Ref, options LoadOptions) (*Table, error) {
	since, err := ParseRevision(options.ChangedSince)
	if err != nil {
		return nil, apierrors.NewBadRequest("changedSince: " + err.Error())
	}
	weight := int64(max(0, options.Expected-options.From))
	if options.Limit > 0 {
		weight = min(weight, options.Limit)
	}
	release, err := s.hold(ctx, ref, weight, options.Wait)
	if err != nil {
		return nil, err
	}
	table, err := s.load(ctx, ref, options, since)
	if err != nil {
		release()
		return nil, err
	}
	table.release = release
	return table, nil
}

func (s *store) load(ctx context.Context, ref Ref, options LoadOptions, since uint64) (*Table, error) {
	list, err := s.list(ctx, ref, options)
	if err != nil {
		return nil, fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	changed := list.Items[:0]
	for i := range list.Items {
		// Resource versions come from etcd's revisions and parse.
		if version, err := ParseRevision(list.Items[i].ResourceVersion); err != nil || version > since {
			changed = append(changed, list.Items[i])
		}
	}
	table := &Table{Revision: list.ResourceVersion, Pages: make([]Page, len(changed)), Continue: -1}
	if list.Continue != "" && len(list.Items) > 0 {
		table.Continue = list.Items[len(list.Items)-1].index + 1
	}
	if err := decodePages(changed, table.Pages); err != nil {
		return nil, fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	return table, nil
}

// decodePages uses all processors: decoding is nearly all of what a read costs.
func decodePages(stored []page, pages []Page) error {
	decode := func(i int) error {
		nodes, err := stored[i].decodeNodes()
		pages[i] = Page{Index: stored[i].index, ResourceVersion: stored[i].ResourceVersion, Nodes: nodes}
		return err
	}
	if len(stored) == 1 {
		return decode(0)
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range stored {
		group.Go(func() error { return decode(i) })
	}
	return group.Wait()
}

// list reads stored pages at the revision wanted, or the newest when the store has forgotten that one.
func (s *store) list(ctx context.Context, ref Ref, options LoadOptions) (*pageList, error) {
	revision, err := ParseRevision(options.Revision)
	if err != nil {
		return nil, apierrors.NewBadRequest("revision of the node pages: " + err.Error())
	}
	list, err := s.listAt(ctx, ref, options, revision)
	if revision != 0 && forgotten(err) {
		return s.listAt(ctx, ref, options, 0)
	}
	return list, err
}

func (s *store) listAt(ctx context.Context, ref Ref, options LoadOptions, revision uint64) (*pageList, error) {
	request := storage.ListOptions{Recursive: true, Predicate: storage.Everything}
	request.Predicate.Limit = options.Limit
	switch {
	case options.From > 0:
		// A continue token is the way in which the storage names a first key, and it carries the revision.
		at := int64(revision)
		if at == 0 {
			at = -1
		}
		token, err := storage.EncodeContinue("/"+pageName(options.From), "/", at)
		if err != nil {
			return nil, err
		}
		request.Predicate.Continue = token
	case revision != 0:
		request.ResourceVersion = strconv.FormatUint(revision, 10)
		request.ResourceVersionMatch = metav1.ResourceVersionMatchExact
	}
	list := &pageList{}
	if err := s.raw.GetList(ctx, s.table(ref), request, list); err != nil {
		return nil, err
	}
	return list, nil
}

// Count implements Store.
func (s *store) Count(ctx context.Context, ref Ref) (int64, error) {
	list, err := s.list(ctx, ref, LoadOptions{})
	if err != nil {
		return 0, fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	var count int64
	for i := range list.Items {
		count += int64(len(list.Items[i].records))
	}
	return count, nil
}

// Versions implements Store.
func (s *store) Versions(ctx context.Context, ref Ref) (map[int32]string, error) {
	list, err := s.list(ctx, ref, LoadOptions{})
	if err != nil {
		return nil, fmt.Errorf("nodes of workflow %s/%s: %w", ref.Namespace, ref.Name, err)
	}
	versions := make(map[int32]string, len(list.Items))
	for i := range list.Items {
		versions[list.Items[i].index] = list.Items[i].ResourceVersion
	}
	return versions, nil
}

// forgotten is true for the errors of a read at a revision that was compacted away.
func forgotten(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// ParseRevision reads a revision of the store; the empty string is 0.
func ParseRevision(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	revision, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a revision; use what status.nodeStorage.revision or metadata.resourceVersion gave", text)
	}
	return revision, nil
}
