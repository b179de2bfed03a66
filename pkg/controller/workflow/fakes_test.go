package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/task"
)

var errDead = errors.New("this controller is dead")

// world is the cluster as it survives a controller: stored workflows and pods. It counts the calls that controllers make
// and can let one die at any of them, before or after the call took effect.
type world struct {
	t   *testing.T
	now *clocktesting.FakeClock

	mu      sync.Mutex
	version int
	stored  map[types.NamespacedName]*storedWorkflow
	podSet  map[string]*corev1.Pod
	// created lists the UIDs of the pods that were created for each node.
	created map[string][]types.UID
	// writes are the calls that changed something, by kind.
	counts map[string]int
	told   []string
	// deny, when set, may refuse the creation of a pod.
	deny func(pod *corev1.Pod) error
	// denyClaim, when set, may refuse a volume claim.
	denyClaim func(claim *corev1.PersistentVolumeClaim) error
	budget    map[string]bool
	volumes   map[string]bool

	calls     int
	dieAt     int
	dieBefore bool
	// unanswered is how many reads of templates and ConfigMaps fail because nobody answers.
	unanswered int
	// onStart is called when a controller starts.
	onStart func()
}

type storedWorkflow struct {
	header *wfv1.Workflow
	nodes  map[string]wfv1.NodeStatus
}

func newWorld(t *testing.T) *world {
	return &world{
		t:       t,
		now:     clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		stored:  map[types.NamespacedName]*storedWorkflow{},
		podSet:  map[string]*corev1.Pod{},
		created: map[string][]types.UID{},
		counts:  map[string]int{},
		budget:  map[string]bool{},
		volumes: map[string]bool{},
	}
}

func (w *world) nextVersion() string {
	w.version++
	return strconv.Itoa(w.version)
}

// submit stores a workflow.
func (w *world) submit(wf *wfv1.Workflow) types.NamespacedName {
	w.mu.Lock()
	defer w.mu.Unlock()
	wf.Namespace = "work"
	wf.UID = types.UID("uid-of-" + wf.Name)
	wf.ResourceVersion = w.nextVersion()
	key := types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name}
	w.stored[key] = &storedWorkflow{header: wf, nodes: map[string]wfv1.NodeStatus{}}
	return key
}

// edit changes a workflow as a user would.
func (w *world) edit(key types.NamespacedName, do func(*wfv1.Workflow)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wf := w.stored[key].header.DeepCopy()
	do(wf)
	wf.ResourceVersion = w.nextVersion()
	w.stored[key].header = wf
}

// process is one life of a controller in the world.
type process struct {
	*world
	dead bool
	*Controller
}

var (
	_ WorkflowClient = &process{}
	_ PodControl     = podsOf{}
	_ ClaimControl   = &process{}
	_ EventRecorder  = &process{}
)

// podsOf lets a process be the PodControl as well: both have a Get of their own.
type podsOf struct{ *process }

func (w *world) start(options Options) *process {
	if w.onStart != nil {
		w.onStart()
	}
	p := &process{world: w}
	nothing := &cache.ListWatch{}
	c, err := newControllerWithClock(Dependencies{
		Workflows: p, Pods: podsOf{p}, Claims: p, Recorder: p,
		WorkflowInformer: cache.NewSharedIndexInformer(nothing, &wfv1.Workflow{}, 0, cache.Indexers{}),
		PodInformer:      cache.NewSharedIndexInformer(nothing, &corev1.Pod{}, 0, PodIndexers()),
		MayCreate:        func() bool { return !p.dead },
	}, options, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	p.Controller = c
	p.deliver()
	return p
}

// call runs one call of the API, or lets the process die at it.
func (p *process) call(do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	p.calls++
	if p.calls == p.dieAt {
		p.dead = true
		if !p.dieBefore {
			_ = do()
		}
		return errDead
	}
	return do()
}

// outOfSight tells whether the selector of the pod informer leaves a pod out.
func outOfSight(pod *corev1.Pod) bool {
	return pod.Labels[wfv1.LabelKeyCompleted] == "true" || pod.Labels[wfv1.LabelKeyWorkflow] == ""
}

// deliver brings the informers of the process up to date and calls the handlers for what changed.
func (p *process) deliver() {
	p.mu.Lock()
	type change struct {
		handle func()
	}
	var changes []change
	workflows, pods := p.headers.Indexer, p.podCache.Indexer
	for _, key := range slices.SortedFunc(maps.Keys(p.stored), func(a, b types.NamespacedName) int { return len(a.Name) - len(b.Name) }) {
		header := p.stored[key].header
		old := p.headers.get(key)
		switch {
		case header.Labels[wfv1.LabelKeyCompleted] == "true":
			if old != nil {
				_ = workflows.Delete(old)
				changes = append(changes, change{func() { p.deleteWorkflow(old) }})
			}
		case old == nil || old.ResourceVersion != header.ResourceVersion:
			seen := header.DeepCopy()
			_ = workflows.Update(seen)
			changes = append(changes, change{func() { p.addWorkflow(seen) }})
		}
	}
	for _, obj := range pods.List() {
		old := obj.(*corev1.Pod)
		if now := p.podSet[old.Namespace+"/"+old.Name]; now == nil || now.UID != old.UID || outOfSight(now) {
			_ = pods.Delete(old)
			last := old
			if now != nil && now.UID == old.UID {
				last = now.DeepCopy()
			}
			changes = append(changes, change{func() { p.deletePod(last) }})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.podSet)) {
		now := p.podSet[name]
		if outOfSight(now) {
			continue
		}
		obj, exists, _ := pods.GetByKey(name)
		kept, _ := KeepPodState(now.DeepCopy())
		seen := kept.(*corev1.Pod)
		if !exists {
			_ = pods.Add(seen)
			changes = append(changes, change{func() { p.addPod(seen) }})
		} else if old := obj.(*corev1.Pod); old.ResourceVersion != now.ResourceVersion {
			_ = pods.Update(seen)
			changes = append(changes, change{func() { p.updatePod(old, seen) }})
		}
	}
	p.mu.Unlock()
	for _, c := range changes {
		c.handle()
	}
}

func (p *process) Header(_ context.Context, key types.NamespacedName) (*wfv1.Workflow, error) {
	var found *wfv1.Workflow
	return found, p.call(func() error {
		if stored := p.stored[key]; stored != nil {
			found = stored.header.DeepCopy()
		}
		return nil
	})
}

func (p *process) Nodes(_ context.Context, key types.NamespacedName) (*wfv1.NodeList, error) {
	list := &wfv1.NodeList{}
	err := p.call(func() error {
		stored := p.stored[key]
		if stored == nil {
			return apierrors.NewNotFound(wfv1.Resource("workflows"), key.Name)
		}
		list.ResourceVersion = stored.header.ResourceVersion
		for _, n := range stored.nodes {
			list.Items = append(list.Items, *n.DeepCopy())
		}
		slices.SortFunc(list.Items, func(a, b wfv1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
		return nil
	})
	return list, err
}

func (p *process) UpdateNodes(_ context.Context, update *wfv1.NodesUpdate) (*wfv1.NodesUpdate, error) {
	answer := &wfv1.NodesUpdate{}
	err := p.call(func() error {
		stored := p.stored[types.NamespacedName{Namespace: update.Metadata.Namespace, Name: update.Metadata.Name}]
		if stored == nil {
			return apierrors.NewNotFound(wfv1.Resource("workflows"), update.Metadata.Name)
		}
		if stored.header.UID != update.Metadata.UID || stored.header.ResourceVersion != update.Metadata.ResourceVersion {
			return apierrors.NewConflict(wfv1.Resource("workflows"), update.Metadata.Name, errors.New("changed by somebody else"))
		}
		p.counts["nodes"]++
		header := stored.header.DeepCopy()
		for _, page := range update.Pages {
			for _, n := range page.Set {
				stored.nodes[n.ID] = *n.DeepCopy()
			}
			for _, id := range page.Removed {
				delete(stored.nodes, id)
			}
		}
		if update.Status != nil {
			before := header.Status
			header.Status = *update.Status.DeepCopy()
			if header.Status.StoredWorkflowSpec == nil {
				header.Status.StoredWorkflowSpec = before.StoredWorkflowSpec
			}
			if header.Status.StoredTemplates == nil {
				header.Status.StoredTemplates = before.StoredTemplates
			}
		}
		if storage := stored.header.Status.NodeStorage; storage != nil || update.Partial {
			header.Status.NodeStorage = &wfv1.NodeStorage{Incomplete: update.Partial}
		}
		if header.Labels == nil {
			header.Labels = map[string]string{}
		}
		if header.Annotations == nil {
			header.Annotations = map[string]string{}
		}
		maps.Copy(header.Labels, update.Metadata.Labels)
		maps.Copy(header.Annotations, update.Metadata.Annotations)
		header.ResourceVersion = p.nextVersion()
		stored.header = header
		answer.Metadata.ResourceVersion = header.ResourceVersion
		if header.Status.NodeStorage != nil {
			answer.Status = &wfv1.WorkflowStatus{NodeStorage: header.Status.NodeStorage}
		}
		return nil
	})
	return answer, err
}

func (p *process) WorkflowTemplate(_ context.Context, _, name string) (*wfv1.WorkflowTemplate, error) {
	if p.unanswered > 0 {
		p.unanswered--
		return nil, apierrors.NewServiceUnavailable("the server is being replaced")
	}
	return nil, apierrors.NewNotFound(wfv1.Resource("workflowtemplates"), name)
}

func (p *process) ClusterWorkflowTemplate(_ context.Context, name string) (*wfv1.ClusterWorkflowTemplate, error) {
	return nil, apierrors.NewNotFound(wfv1.Resource("clusterworkflowtemplates"), name)
}

func (p *process) ConfigMap(_ context.Context, _, name string) (*corev1.ConfigMap, error) {
	return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
}

func (p *process) Event(_ *wfv1.Workflow, _, reason, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, reason+": "+message)
}

func (p podsOf) Create(_ context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	created := pod.DeepCopy()
	err := p.call(func() error {
		p.counts["create"]++
		name := pod.Namespace + "/" + pod.Name
		if p.deny != nil {
			if err := p.deny(pod); err != nil {
				return err
			}
		}
		if p.podSet[name] != nil {
			return apierrors.NewAlreadyExists(corev1.Resource("pods"), pod.Name)
		}
		node := pod.Annotations[wfv1.AnnotationKeyNodeID]
		created.UID = types.UID(fmt.Sprintf("%s-%d", pod.Name, len(p.created[node])))
		created.ResourceVersion = p.nextVersion()
		created.Status.Phase = corev1.PodPending
		p.created[node] = append(p.created[node], created.UID)
		p.podSet[name] = created.DeepCopy()
		return nil
	})
	return created, err
}

func (p podsOf) Get(_ context.Context, namespace, name string) (*corev1.Pod, error) {
	var found *corev1.Pod
	err := p.call(func() error {
		pod := p.podSet[namespace+"/"+name]
		if pod == nil {
			return apierrors.NewNotFound(corev1.Resource("pods"), name)
		}
		found = pod.DeepCopy()
		return nil
	})
	return found, err
}

func (p podsOf) Delete(_ context.Context, namespace, name string, uid types.UID) error {
	return p.call(func() error {
		p.counts["delete"]++
		if pod := p.podSet[namespace+"/"+name]; pod != nil && pod.UID == uid {
			if len(pod.Finalizers) > 0 {
				return p.changePod(namespace, name, uid, func(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: p.now.Now()} })
			}
			delete(p.podSet, namespace+"/"+name)
		}
		return nil
	})
}

func (p podsOf) LabelCompleted(_ context.Context, namespace, name string, uid types.UID) error {
	return p.call(func() error {
		p.counts["label"]++
		return p.changePod(namespace, name, uid, func(pod *corev1.Pod) { pod.Labels[wfv1.LabelKeyCompleted] = "true" })
	})
}

func (p podsOf) Expire(_ context.Context, namespace, name string, uid types.UID) error {
	return p.call(func() error {
		p.counts["expire"]++
		return p.changePod(namespace, name, uid, func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = new(int64(1)) })
	})
}

func (p podsOf) Release(_ context.Context, namespace, name string, uid types.UID) error {
	return p.call(func() error {
		p.counts["release"]++
		if pod := p.podSet[namespace+"/"+name]; pod != nil && pod.UID == uid && pod.DeletionTimestamp != nil {
			delete(p.podSet, namespace+"/"+name)
			return nil
		}
		return p.changePod(namespace, name, uid, func(pod *corev1.Pod) { pod.Finalizers = nil })
	})
}

func (p podsOf) Reclaim(_ context.Context, namespace, name string, uid types.UID, workflow string) error {
	return p.call(func() error {
		p.counts["reclaim"]++
		return p.changePod(namespace, name, uid, func(pod *corev1.Pod) {
			pod.Labels[wfv1.LabelKeyCompleted], pod.Labels[wfv1.LabelKeyWorkflow] = "false", workflow
		})
	})
}

func (p podsOf) Announce(_ context.Context, namespace, name string, uid types.UID, containers []string) error {
	return p.call(func() error {
		p.counts["announce"]++
		return p.changePod(namespace, name, uid, func(pod *corev1.Pod) {
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, task.EndedAnnotation, strings.Join(containers, ","))
		})
	})
}

// changePod changes a pod under the lock.
func (w *world) changePod(namespace, name string, uid types.UID, do func(*corev1.Pod)) error {
	pod := w.podSet[namespace+"/"+name]
	if pod == nil || pod.UID != uid {
		return nil
	}
	pod = pod.DeepCopy()
	do(pod)
	pod.ResourceVersion = w.nextVersion()
	w.podSet[namespace+"/"+name] = pod
	return nil
}

func (p *process) EnsureClaim(_ context.Context, claim *corev1.PersistentVolumeClaim) (created bool, err error) {
	err = p.call(func() error {
		if p.denyClaim != nil {
			if err := p.denyClaim(claim); err != nil {
				return err
			}
		}
		created = !p.volumes[claim.Name]
		p.volumes[claim.Name] = true
		return nil
	})
	return created, err
}

func (p *process) DeleteClaim(_ context.Context, _, name string, _ types.UID) error {
	return p.call(func() error { delete(p.volumes, name); return nil })
}

func (p *process) EnsureBudget(_ context.Context, budget *policyv1.PodDisruptionBudget) error {
	return p.call(func() error { p.budget[budget.Name] = true; return nil })
}

func (p *process) DeleteBudget(_ context.Context, _, name string) error {
	return p.call(func() error { delete(p.budget, name); return nil })
}
