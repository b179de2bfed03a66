package parts

import (
	"context"
	"errors"
	"maps"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// parallel is how many parts are read at the same time for one list.
const parallel = 8

// whole is a storage of workflows that takes large parts out of what is written and puts them into what is read.
type whole struct {
	storage.Interface
	parts *Store
}

// Whole returns the storage of workflows as those above it know it: each workflow in one piece. inner, with the watch cache,
// has workflows without their large parts. Lists and watches share parts among all who read them, as they share the rest with
// the watch cache; a workflow that is read or written by itself is its reader's own.
func Whole(inner storage.Interface, store *Store) storage.Interface {
	return whole{Interface: inner, parts: store}
}

type referencesKey struct{}

// WithReferencesOnly marks a read that has no use for the large parts: what it gets of them is References.
func WithReferencesOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, referencesKey{}, true)
}

func referencesOnly(ctx context.Context) bool {
	only, _ := ctx.Value(referencesKey{}).(bool)
	return only
}

type sameKey struct{}

// WithSameParts marks an update that never changes anything in place: what it does not replace it shares, so that nobody has
// to compare large parts to see that they are the same.
func WithSameParts(ctx context.Context) context.Context {
	return context.WithValue(ctx, sameKey{}, true)
}

func sameParts(ctx context.Context) bool {
	same, _ := ctx.Value(sameKey{}).(bool)
	return same
}

// References are the digests of the parts that are not inside a workflow as it is stored.
func References(annotations map[string]string) []string {
	var digests []string
	for _, p := range parts {
		if digest := annotations[p.annotation]; digest != "" {
			digests = append(digests, digest)
		}
	}
	return digests
}

// loaded are the parts of one stored workflow, in the order of parts; nil for those that are inside it or cannot be found.
type loaded [2]*content

// load reads the parts of a stored workflow. A record that is not there leaves its part empty: an error would keep everybody
// from listing workflows, and from deleting this one.
func (s whole) load(ctx context.Context, of owner, name string, annotations map[string]string) (loaded, error) {
	var result loaded
	for i, p := range parts {
		digest := annotations[p.annotation]
		if digest == "" {
			continue
		}
		var err error
		result[i], err = s.parts.load(ctx, of, digest)
		if errors.Is(err, errMissing) {
			klog.ErrorS(err, "A workflow has lost a part", "workflow", klog.KRef(of.namespace, name))
			continue
		}
		if err != nil {
			return result, err
		}
	}
	return result, nil
}

// joined returns a stored workflow in one piece. The given one stays as it is.
func joined(stored *v1alpha1.Workflow, with loaded) *v1alpha1.Workflow {
	result := *stored
	for i, p := range parts {
		if with[i] != nil {
			p.put(&result, *with[i])
		}
	}
	result.Annotations = withoutReferences(stored.Annotations)
	return &result
}

// withoutReferences returns the annotations that clients see.
func withoutReferences(annotations map[string]string) map[string]string {
	if !refers(annotations) {
		return annotations
	}
	if len(annotations) == 1 {
		return nil
	}
	result := maps.Clone(annotations)
	for _, p := range parts {
		delete(result, p.annotation)
	}
	if len(result) == 0 {
		return nil
	}
	return result
}

// refers is true when one of the annotations is a reference.
func refers(annotations map[string]string) bool {
	for _, p := range parts {
		if _, ok := annotations[p.annotation]; ok {
			return true
		}
	}
	return false
}

// join makes a workflow that was read whole, in place. With own, its reader may change it.
func (s whole) join(ctx context.Context, object runtime.Object, own bool) error {
	stored, ok := object.(*v1alpha1.Workflow)
	if !ok || !refers(stored.Annotations) || referencesOnly(ctx) {
		return nil
	}
	with, err := s.load(ctx, ownerOf(stored), stored.Name, stored.Annotations)
	if err != nil {
		return err
	}
	result := joined(stored, with)
	if own && !sameParts(ctx) {
		result = result.DeepCopy()
	}
	*stored = *result
	return nil
}

// Get implements storage.Interface.
func (s whole) Get(ctx context.Context, key string, options storage.GetOptions, out runtime.Object) error {
	if err := s.Interface.Get(ctx, key, options, out); err != nil {
		return err
	}
	return s.join(ctx, out, true)
}

// GetList implements storage.Interface.
func (s whole) GetList(ctx context.Context, key string, options storage.ListOptions, out runtime.Object) error {
	if err := s.Interface.GetList(ctx, key, options, out); err != nil {
		return err
	}
	list, ok := out.(*v1alpha1.WorkflowList)
	if !ok {
		return nil
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range list.Items {
		if refers(list.Items[i].Annotations) {
			group.Go(func() error { return s.join(groupCtx, &list.Items[i], false) })
		}
	}
	return group.Wait()
}

// Create implements storage.Interface.
func (s whole) Create(ctx context.Context, key string, object, out runtime.Object, ttl uint64) error {
	stored, err := s.split(ctx, object.(*v1alpha1.Workflow), nil, nil)
	if err != nil {
		return err
	}
	if err := s.Interface.Create(ctx, key, stored, out, ttl); err != nil {
		return err
	}
	return s.join(ctx, out, true)
}

// GuaranteedUpdate implements storage.Interface.
func (s whole) GuaranteedUpdate(ctx context.Context, key string, out runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, update storage.UpdateFunc, _ runtime.Object) error {
	inParts := func(input runtime.Object, meta storage.ResponseMeta) (runtime.Object, *uint64, error) {
		stored := input.(*v1alpha1.Workflow)
		before := stored
		if refers(stored.Annotations) {
			with, err := s.load(ctx, ownerOf(stored), stored.Name, stored.Annotations)
			if err != nil {
				return nil, nil, err
			}
			if before = joined(stored, with); !sameParts(ctx) {
				before = before.DeepCopy()
			}
		}
		output, ttl, err := update(before, meta)
		if err != nil {
			return output, ttl, err
		}
		after, err := s.split(ctx, output.(*v1alpha1.Workflow), before, stored.Annotations)
		return after, ttl, err
	}
	// What is suggested as the present version is in one piece; the watch cache has a better suggestion.
	if err := s.Interface.GuaranteedUpdate(ctx, key, out, ignoreNotFound, preconditions, inParts, nil); err != nil {
		return err
	}
	return s.join(ctx, out, true)
}

// Delete implements storage.Interface.
func (s whole) Delete(ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, _ runtime.Object, options storage.DeleteOptions) error {
	validateWhole := func(ctx context.Context, object runtime.Object) error {
		stored, ok := object.(*v1alpha1.Workflow)
		if !ok || !refers(stored.Annotations) {
			return validate(ctx, object)
		}
		with, err := s.load(ctx, ownerOf(stored), stored.Name, stored.Annotations)
		if err != nil {
			return err
		}
		return validate(ctx, joined(stored, with).DeepCopy())
	}
	if err := s.Interface.Delete(ctx, key, out, preconditions, validateWhole, nil, options); err != nil {
		return err
	}
	if deleted, ok := out.(*v1alpha1.Workflow); ok {
		s.parts.removeLater(ownerOf(deleted), References(deleted.Annotations))
	}
	return s.join(ctx, out, true)
}
