package workflow

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/ended"
)

// OwnerIndex indexes pods by the UID of the workflow that controls them.
const OwnerIndex = "owner"

// headerReader is the informer's view of workflows that are not over.
type headerReader struct{ cache.Indexer }

func (h headerReader) get(key types.NamespacedName) *wfv1.Workflow {
	obj, ok, err := h.GetByKey(key.String())
	if err != nil || !ok {
		return nil
	}
	if wf, is := obj.(*wfv1.Workflow); is && !ended.Is(wf) {
		return wf
	}
	return nil
}

// podReader is the informer's view of pods.
type podReader struct{ cache.Indexer }

func (p podReader) ownedBy(uid types.UID) []*corev1.Pod {
	objs, err := p.ByIndex(OwnerIndex, string(uid))
	if err != nil {
		return nil
	}
	pods := make([]*corev1.Pod, 0, len(objs))
	for _, obj := range objs {
		if pod, ok := obj.(*corev1.Pod); ok {
			pods = append(pods, pod)
		}
	}
	return pods
}

func (p podReader) has(item cleanupItem) bool {
	obj, ok, err := p.GetByKey(item.namespace + "/" + item.name)
	if err != nil || !ok {
		return false
	}
	pod, ok := obj.(*corev1.Pod)
	return ok && pod.UID == item.uid
}

// writeLog remembers for each workflow the newest version that we stored, so that a run is never loaded from an informer
// that has not seen it yet: own writes are awaited by resource version, never by time.
type writeLog struct {
	mu       sync.Mutex
	versions map[types.NamespacedName]writtenVersion
}

func newWriteLog() *writeLog {
	return &writeLog{versions: map[types.NamespacedName]writtenVersion{}}
}

func (w *writeLog) wroteAt(key types.NamespacedName, uid types.UID, resourceVersion string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.versions[key] = writtenVersion{uid: uid, resourceVersion: resourceVersion}
}

// seen tells whether a version of the workflow that was read is at least as new as the last one we stored. A workflow with
// another UID is a new one, for which nothing was stored.
func (w *writeLog) seen(key types.NamespacedName, uid types.UID, resourceVersion string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	written, ok := w.versions[key]
	return !ok || written.uid != uid || !newer(written.resourceVersion, resourceVersion)
}

// forget ends the watch over a workflow that is out of the informer.
func (w *writeLog) forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.versions, key)
}

// newer tells whether a is a later version than b. Versions that cannot be compared count as later, which costs a look
// and never loses a change.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil && a != b || order > 0
}
