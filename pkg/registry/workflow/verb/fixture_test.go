package verb_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	workflowrest "fairlead.dev/fairlead/pkg/registry/workflow/rest"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// fixture is every endpoint of the group on a real store, without a server.
type fixture struct {
	t       *testing.T
	ctx     context.Context
	storage map[string]rest.Storage

	// mayCreate decides who may create workflows; nil: everybody.
	mayCreate func(user, namespace string) bool
	admission *recorder

	mu       sync.Mutex
	warnings []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, admission: &recorder{}}
	store := storagetest.Start(t)
	provider := &workflowrest.StorageProvider{
		Scheme: store.Scheme, Authorizer: authorizer.AuthorizerFunc(f.authorize), Admission: f.admission,
		Clock: clocktesting.NewFakeClock(now), InlineNodesBytes: 4 << 10,
	}
	var err error
	if f.storage, err = provider.NewRESTStorage(store.Getter); err != nil {
		t.Fatal(err)
	}
	for _, storage := range f.storage {
		t.Cleanup(storage.Destroy)
	}
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "jane@example.com", Groups: []string{"dev"}})
	f.ctx = warning.WithWarningRecorder(genericapirequest.WithNamespace(ctx, "ns"), f)
	return f
}

func (f *fixture) authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetVerb() != "create" || a.GetResource() != "workflows" || a.GetSubresource() != "" || a.GetAPIGroup() != v1alpha1.GroupName {
		return authorizer.DecisionDeny, "a question that verbs do not ask", nil
	}
	if f.mayCreate == nil || f.mayCreate(a.GetUser().GetName(), a.GetNamespace()) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionDeny, "", nil
}

// recorder is an admission chain that notes what it sees, labels what is created, and refuses what it is told to.
type recorder struct {
	mu     sync.Mutex
	seen   []string
	refuse func(admission.Attributes) error
}

func (r *recorder) Handles(operation admission.Operation) bool {
	return operation == admission.Create || operation == admission.Update
}

func (r *recorder) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	object, ok := a.GetObject().(metav1.Object)
	if !ok || a.GetSubresource() != "" || a.GetKind().Kind != reflect.TypeOf(a.GetObject()).Elem().Name() || (a.GetOldObject() != nil) != (a.GetOperation() == admission.Update) {
		return fmt.Errorf("admission of %T, a %s, as %s/%s", a.GetObject(), a.GetKind(), a.GetResource().Resource, a.GetSubresource())
	}
	labels := maps.Clone(object.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	if labels["admitted"] = "yes"; a.GetOperation() == admission.Update {
		labels["admitted"] = "again"
	}
	object.SetLabels(labels)
	if wf, ok := a.GetObject().(*v1alpha1.Workflow); ok && a.GetOperation() == admission.Update {
		wf.Status.Message = "plugins have no say in this"
	}
	return nil
}

func (r *recorder) Validate(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := fmt.Sprintf("%s %s dry=%v", a.GetNamespace(), a.GetUserInfo().GetName(), a.IsDryRun())
	if a.GetOperation() == admission.Update {
		seen = fmt.Sprintf("update %s/%s by %s dry=%v", a.GetResource().Resource, a.GetName(), a.GetUserInfo().GetName(), a.IsDryRun())
	}
	r.seen = append(r.seen, seen)
	if r.refuse != nil {
		return r.refuse(a)
	}
	return nil
}

func (f *fixture) AddWarning(_, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.warnings = append(f.warnings, text)
}

func (f *fixture) takeWarnings() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.warnings
	f.warnings = nil
	return taken
}

// create stores an object as a client does.
func create[T runtime.Object](f *fixture, resource string, object T) T {
	f.t.Helper()
	created, err := f.storage[resource].(rest.Creater).Create(f.ctx, object, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.takeWarnings()
	return created.(T)
}

// post calls a subresource.
func (f *fixture) post(resource, name string, body runtime.Object, options ...string) (runtime.Object, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	return f.storage[resource].(rest.NamedCreater).Create(ctx, name, body, rest.ValidateAllObjectFunc, &metav1.CreateOptions{DryRun: options})
}

// do calls a subresource of workflows that has to work.
func (f *fixture) do(resource, name string, body runtime.Object, options ...string) *v1alpha1.Workflow {
	f.t.Helper()
	answer, err := f.post(resource, name, body, options...)
	if err != nil {
		f.t.Fatalf("%s: %v", resource, err)
	}
	return answer.(*v1alpha1.Workflow)
}

func (f *fixture) get(name string) *v1alpha1.Workflow {
	f.t.Helper()
	return f.object("workflows", name).(*v1alpha1.Workflow)
}

func (f *fixture) object(resource, name string) runtime.Object {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	object, err := f.storage[resource].(rest.Getter).Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	return object
}

func newWorkflow(name string) *v1alpha1.Workflow {
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
	wf.Spec = suspending()
	return wf
}

func suspending() v1alpha1.WorkflowSpec {
	return v1alpha1.WorkflowSpec{
		Entrypoint: "main",
		Arguments:  v1alpha1.Arguments{Parameters: []v1alpha1.Parameter{{Name: "p", Value: v1alpha1.AnyStringPtr("old")}}},
		Templates:  []v1alpha1.Template{{Name: "main", Suspend: &v1alpha1.SuspendTemplate{}}, {Name: "other", Suspend: &v1alpha1.SuspendTemplate{}}},
	}
}

// run creates a workflow of this phase: a Steps root, a waiting suspend step with an output, a succeeded pod, and failed pods.
func (f *fixture) run(name string, phase v1alpha1.WorkflowPhase, failed int) *v1alpha1.Workflow {
	f.t.Helper()
	wf := newWorkflow(name)
	wf.Status.Phase = phase
	rootPhase := v1alpha1.NodeRunning
	if phase.Completed() {
		rootPhase = v1alpha1.NodePhase(phase)
		wf.Labels = map[string]string{v1alpha1.LabelKeyCompleted: "true", v1alpha1.LabelKeyPhase: string(phase)}
		wf.Status.FinishedAt = metav1.NewTime(now.Add(-time.Minute))
	}
	wf.Status.Nodes = v1alpha1.Nodes{}
	children := []string{}
	add := func(n v1alpha1.NodeStatus) {
		n.BoundaryID, n.Ordinal, n.TemplateName = name, int64(len(wf.Status.Nodes)), "main"
		if n.ID != name {
			n.Name, n.DisplayName = name+"[0]."+n.ID, n.ID
			children = append(children, n.ID)
		} else {
			n.BoundaryID, n.Name, n.DisplayName = "", name, name
		}
		wf.Status.Nodes[n.ID] = n
	}
	add(v1alpha1.NodeStatus{ID: name, Type: v1alpha1.NodeTypeSteps, Phase: rootPhase})
	if !phase.Completed() {
		add(v1alpha1.NodeStatus{ID: "wait", Type: v1alpha1.NodeTypeSuspend, Phase: v1alpha1.NodeRunning, Outputs: &v1alpha1.Outputs{
			Parameters: []v1alpha1.Parameter{{Name: "o", GlobalName: "global", ValueFrom: &v1alpha1.ValueFrom{Supplied: &v1alpha1.SuppliedValueFrom{}, Default: v1alpha1.AnyStringPtr("d")}}},
		}})
	}
	add(v1alpha1.NodeStatus{ID: "done", Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodeSucceeded, PodUID: "kept"})
	for i := range failed {
		add(v1alpha1.NodeStatus{ID: fmt.Sprintf("failed-%04d", i), Type: v1alpha1.NodeTypePod, Phase: v1alpha1.NodeFailed, PodUID: "old"})
	}
	root := wf.Status.Nodes[name]
	root.Children = children
	wf.Status.Nodes[name] = root
	created := create(f, "workflows", wf)
	if phase.Completed() {
		return created
	}
	// A new workflow has no phase, whatever it says: that is the controller's to write.
	created.Status.Phase = phase
	stored, _, err := f.storage["workflows/status"].(rest.Updater).Update(f.ctx, name, rest.DefaultUpdatedObjectInfo(created),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	return stored.(*v1alpha1.Workflow)
}
