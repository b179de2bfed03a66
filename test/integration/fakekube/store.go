// Package fakekube is the Kubernetes side of controller tests: an HTTP server that keeps a few core kinds in memory with
// real UIDs, resource versions, preconditions and watches, ends pods like a kubelet, and passes requests for Fairlead's
// group on to a Fairlead API server, as the aggregation layer does. It outlives the controllers that are killed in a test.
package fakekube

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// collection is all objects of one resource.
type collection struct {
	mu      sync.Mutex
	changed *sync.Cond
	// version is the last one given out; shared meaning with the resource versions of the objects.
	version int
	objects map[string]runtime.Object
	log     []change
	created map[string][]types.UID
}

// change is one entry of the history that watches read: before is nil for a creation, after is nil for a deletion.
type change struct {
	version       int
	before, after runtime.Object
}

func newCollection() *collection {
	c := &collection{objects: map[string]runtime.Object{}, created: map[string][]types.UID{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func objectKey(namespace, name string) string { return namespace + "/" + name }

func access(obj runtime.Object) metav1.Object {
	m, err := meta.Accessor(obj)
	if err != nil {
		panic(fmt.Sprintf("object without metadata: %v", err))
	}
	return m
}

// create stores a new object, or returns false when the name is taken.
func (c *collection) create(obj runtime.Object) (runtime.Object, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	obj = obj.DeepCopyObject()
	m := access(obj)
	if m.GetName() == "" {
		m.SetName(m.GetGenerateName() + strconv.Itoa(c.version+1))
	}
	key := objectKey(m.GetNamespace(), m.GetName())
	if c.objects[key] != nil {
		return nil, false
	}
	m.SetUID(uuid.NewUUID())
	m.SetCreationTimestamp(metav1.Now())
	c.created[key] = append(c.created[key], m.GetUID())
	c.put(key, obj)
	return obj, true
}

// put records a new version; the lock is held.
func (c *collection) put(key string, obj runtime.Object) {
	c.version++
	before := c.objects[key]
	access(obj).SetResourceVersion(strconv.Itoa(c.version))
	c.objects[key] = obj
	c.log = append(c.log, change{version: c.version, before: before, after: obj})
	c.changed.Broadcast()
}

// modify replaces an object by what do returns for it; do gets a copy.
func (c *collection) modify(key string, do func(runtime.Object) (runtime.Object, error)) (runtime.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.objects[key]
	if now == nil {
		return nil, errNotFound
	}
	next, err := do(now.DeepCopyObject())
	if err != nil {
		return nil, err
	}
	c.put(key, next)
	return next, nil
}

// remove deletes an object if its UID is the given one or none is given.
func (c *collection) remove(key string, uid *types.UID) (runtime.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.objects[key]
	if now == nil {
		return nil, errNotFound
	}
	if uid != nil && *uid != access(now).GetUID() {
		return nil, errConflict
	}
	c.version++
	last := now.DeepCopyObject()
	access(last).SetResourceVersion(strconv.Itoa(c.version))
	delete(c.objects, key)
	c.log = append(c.log, change{version: c.version, before: last})
	c.changed.Broadcast()
	return last, nil
}

func (c *collection) get(key string) runtime.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects[key]
}

// list returns the objects of a namespace (all when empty) in name order and the version they are of.
func (c *collection) list(namespace string) ([]runtime.Object, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var items []runtime.Object
	for _, key := range slices.Sorted(maps.Keys(c.objects)) {
		if namespace == "" || strings.HasPrefix(key, namespace+"/") {
			items = append(items, c.objects[key])
		}
	}
	return items, c.version
}

// since waits for history after a version, until stop says so; it returns a copy.
func (c *collection) since(version int, stop func() bool) []change {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !stop() {
		first, _ := slices.BinarySearchFunc(c.log, version+1, func(e change, v int) int { return e.version - v })
		if first < len(c.log) {
			return slices.Clone(c.log[first:])
		}
		c.changed.Wait()
	}
	return nil
}
