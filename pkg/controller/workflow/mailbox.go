package workflow

import (
	"cmp"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// mailbox keeps what the pod informer delivered for each workflow until its next sync: of each pod the newest version, so
// that a burst of changes costs one look.
type mailbox struct {
	mu      sync.Mutex
	letters map[types.NamespacedName]map[types.UID]letter
}

// letter is the newest word about one pod.
type letter struct {
	pod *corev1.Pod
	// vanished: the pod is deleted, or labelled completed and so out of the informer's sight.
	vanished bool
	// arrived is when this word came in.
	arrived time.Time
}

func newMailbox() *mailbox {
	return &mailbox{letters: map[types.NamespacedName]map[types.UID]letter{}}
}

// put delivers a letter; it replaces an earlier one about the same pod.
func (m *mailbox) put(key types.NamespacedName, l letter) { m.deliver(key, l, true) }

// putBack delivers a letter that is not newer than what may be in the box already.
func (m *mailbox) putBack(key types.NamespacedName, l letter) { m.deliver(key, l, false) }

func (m *mailbox) deliver(key types.NamespacedName, l letter, replace bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	box := m.letters[key]
	if box == nil {
		box = map[types.UID]letter{}
		m.letters[key] = box
	}
	if _, there := box[l.pod.UID]; replace || !there {
		box[l.pod.UID] = l
	}
}

// take empties the box of a workflow; the letters come in order of pod names, so that nothing depends on map order.
func (m *mailbox) take(key types.NamespacedName) []letter {
	m.mu.Lock()
	box := m.letters[key]
	delete(m.letters, key)
	m.mu.Unlock()

	letters := make([]letter, 0, len(box))
	for _, l := range box {
		letters = append(letters, l)
	}
	slices.SortFunc(letters, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.pod.Name, b.pod.Name), cmp.Compare(a.pod.UID, b.pod.UID))
	})
	return letters
}
