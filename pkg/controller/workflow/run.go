package workflow

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// activeRun is one workflow between syncs. It belongs to the worker that holds the key; nobody else touches it.
type activeRun struct {
	key types.NamespacedName
	// workflow is the header as the run was loaded from or last told of; shared with the informer, never changed.
	workflow *wfv1.Workflow
	// spec is the effective spec.
	spec *wfv1.WorkflowSpec
	// status is the header's status as last stored, without nodes; never changed in place.
	status *wfv1.WorkflowStatus
	// resourceVersion is the one of the header as last stored or read.
	resourceVersion string
	pages           nodePages
	run             decider
	// fresh tells that nobody has ever stored anything about this workflow: no pod of it can exist before its first
	// decision is stored, because storing that compares versions.
	fresh bool
	// started tells whether Apply was called since the run was loaded.
	started bool
	// unstored are the letters that led to the decision under way. They go back into the mailbox when it cannot be stored:
	// of a pod that is gone, the letter is all that is left.
	unstored []letter
	// reports are the results that led to the decision under way, with the same fate.
	reports []*wfv1.WorkflowTaskResult
	// wake is when to look again without an event; zero: never.
	wake time.Time

	// attempts are the pods that nodes have or are to have, by node ID, until the node is over.
	attempts map[string]*attempt
	// over are the pods of nodes that are over, by node ID, until they are out of the informer's sight.
	over    map[string]overNode
	creates createQueue

	// templatesChecked is, while there is no finalizer, how many templates of other objects were seen when it was last asked
	// whether one is needed, plus one.
	templatesChecked int

	// claims are the volumes made from the volumeClaimTemplates.
	claims []corev1.Volume
	// wantsClaims: the engine waits for them.
	wantsClaims bool
	claimTries  backoff
	budgetMade  bool
	statusDirty bool
}

// overNode is what the loop has to know about the pod of a node that is over.
type overNode struct {
	// uid is empty when none was recorded.
	uid types.UID
	// well: the node has succeeded.
	well bool
}

// attempt is what the loop has to know about the one pod of a node.
type attempt struct {
	podName string
	// ordinal is the node's.
	ordinal int64
	// uid is empty until the pod is known to exist.
	uid types.UID
	// observed is the resource version of the pod that the engine saw last.
	observed string
	// replaces is the UID of an earlier pod that is being replaced under the same name (RTY-12).
	replaces types.UID
}

// note keeps the attempts in step with what the engine decided.
func (r *activeRun) note(nodes []wfv1.NodeStatus) {
	for i := range nodes {
		n := &nodes[i]
		if n.Type != wfv1.NodeTypePod {
			continue
		}
		if n.Completed() && n.Fulfilled() {
			r.over[n.ID] = overNode{uid: n.PodUID, well: n.Phase == wfv1.NodeSucceeded}
			delete(r.attempts, n.ID)
			r.creates.remove(n.ID)
			continue
		}
		a := r.attempts[n.ID]
		if a == nil {
			a = &attempt{}
			r.attempts[n.ID] = a
		}
		a.uid = n.PodUID
		a.ordinal = n.Ordinal
		a.replaces = types.UID(n.RestartingPodUID)
	}
}

// want queues the pods that the engine asks for.
func (r *activeRun) want(requests []engine.PodRequest, recovered bool) {
	for _, request := range requests {
		a := r.attempts[request.NodeID]
		if a == nil {
			a = &attempt{}
			r.attempts[request.NodeID] = a
		}
		a.podName = request.PodName
		r.creates.add(request, recovered)
	}
}

// runTable holds the runs in memory and, for the informer's handlers, which version of each workflow is our own.
type runTable struct {
	mu       sync.Mutex
	runs     map[types.NamespacedName]*activeRun
	versions map[types.NamespacedName]writtenVersion
}

type writtenVersion struct {
	uid             types.UID
	resourceVersion string
}

func newRunTable() *runTable {
	return &runTable{runs: map[types.NamespacedName]*activeRun{}, versions: map[types.NamespacedName]writtenVersion{}}
}

func (t *runTable) get(key types.NamespacedName) *activeRun {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.runs[key]
}

// keep stores the run with its present version.
func (t *runTable) keep(r *activeRun) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs[r.key] = r
	t.versions[r.key] = writtenVersion{uid: r.workflow.UID, resourceVersion: r.resourceVersion}
	runsInMemory.Set(float64(len(t.runs)))
}

func (t *runTable) drop(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.runs, key)
	delete(t.versions, key)
	runsInMemory.Set(float64(len(t.runs)))
}

// isCurrent tells whether the run in memory is at exactly this version of the workflow.
func (t *runTable) isCurrent(key types.NamespacedName, uid types.UID, resourceVersion string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.versions[key] == writtenVersion{uid: uid, resourceVersion: resourceVersion}
}
