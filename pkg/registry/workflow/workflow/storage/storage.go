package storage

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/admit"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow"
)

// DefaultInlineNodesBytes is how large the JSON of the nodes may be before they leave the object: about 64 nodes.
const DefaultInlineNodesBytes int64 = 64 << 10

// Options of the storage of workflows.
type Options struct {
	// Nodes keeps the nodes of large workflows. Required.
	Nodes nodes.Store
	// Parts keeps the large parts of workflows. Required.
	Parts *parts.Store
	// InlineNodesBytes is how large the JSON of the nodes may be before they leave the object; 0 means
	// DefaultInlineNodesBytes.
	InlineNodesBytes int64
	// References reads the templates that workflows refer to; nil: references are not followed when workflows are checked.
	References *kind.References
	// Admission is asked about what verbs change; nil: nobody is.
	Admission *admit.Chain
	// Managers notes who changed what by a verb; nil: it is not noted.
	Managers *managers.Recorder
	// Clock is for tests; nil means the real one.
	Clock clock.Clock
}

// Storage is the storage of workflows, one part for each endpoint.
type Storage struct {
	// Workflow is the object itself, with its nodes.
	Workflow *REST
	// Status is workflows/status.
	Status *StatusREST
	// Nodes is workflows/nodes.
	Nodes *NodesREST
	// Changer is for the verbs.
	Changer *Changer
	// Headers is the object without the nodes of large workflows.
	Headers *genericregistry.Store
}

// NewStorage opens the storage of workflows.
func NewStorage(scheme *runtime.Scheme, getter generic.RESTOptionsGetter, options Options) (*Storage, error) {
	if options.InlineNodesBytes == 0 {
		options.InlineNodesBytes = DefaultInlineNodesBytes
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	strategy := workflow.NewStrategy(scheme, options.References)
	headers := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &v1alpha1.Workflow{} },
		NewListFunc:               func() runtime.Object { return &v1alpha1.WorkflowList{} },
		PredicateFunc:             workflow.Match,
		DefaultQualifiedResource:  v1alpha1.Resource("workflows"),
		SingularQualifiedResource: v1alpha1.Resource("workflow"),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            newTable(options.Clock),
	}
	if err := headers.CompleteWithOptions(&generic.StoreOptions{RESTOptions: committingGetter{getter, options.Parts}, AttrFunc: workflow.GetAttrs}); err != nil {
		return nil, fmt.Errorf("storage of workflows: %w", err)
	}
	headers.AfterDelete = newRemover(options.Nodes).afterDelete

	base := tables{nodes: options.Nodes, inlineBytes: options.InlineNodesBytes}

	statusStrategy := workflow.NewStatusStrategy(scheme)
	status := *headers
	status.UpdateStrategy = statusStrategy
	status.ResetFieldsStrategy = statusStrategy

	written := *headers
	written.UpdateStrategy = workflow.NewNodesStrategy(scheme)

	changed := *headers
	changed.UpdateStrategy = workflow.NewVerbStrategy(scheme, strategy)

	object := &REST{Store: headers, tables: base, clock: options.Clock}
	return &Storage{
		Workflow: object,
		Status:   &StatusREST{store: &status, tables: base},
		Nodes:    &NodesREST{headers: headers, written: &written, tables: base},
		Changer:  &Changer{headers: headers, written: &changed, admission: options.Admission, managers: options.Managers, tables: base},
		Headers:  headers,
	}, nil
}

// REST is the Workflow itself. List and the watch of many workflows come from the embedded store: headers, and the nodes
// of those that have them inside.
type REST struct {
	*genericregistry.Store
	tables
	clock clock.Clock
}

var (
	_ rest.StandardStorage    = &REST{}
	_ rest.ShortNamesProvider = &REST{}
	_ rest.CategoriesProvider = &REST{}
)

// ShortNames are the short names for kubectl.
func (r *REST) ShortNames() []string { return []string{"wf"} }

// Categories are the groups of resources for kubectl. Unlike templates, workflows are among "all", as other runs are.
func (r *REST) Categories() []string { return append([]string{"all"}, kind.Categories...) }

// Get returns a workflow with all its nodes.
func (r *REST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.get(ctx, r.Store, name, options)
}

// Create stores a new workflow. Nodes that come with it go where their number belongs.
func (r *REST) Create(ctx context.Context, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	w := r.newWriter(scopeOfCreate(ctx))
	actor.Created(ctx, object.(*v1alpha1.Workflow), r.clock.Now())
	w.prepareCreate(object.(*v1alpha1.Workflow))
	if w.err != nil {
		return nil, w.err
	}
	stored, err := r.Store.Create(withCommit(ctx, w.commit), object, validate, options)
	return w.finish(ctx, stored, err)
}

// Update writes the whole object as old clients know it, nodes included.
func (r *REST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, createValidation rest.ValidateObjectFunc,
	updateValidation rest.ValidateObjectUpdateFunc, forceAllowCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	w := r.newWriter(wholeObject)
	w.clock = r.clock
	defer w.release()
	stored, created, err := r.Store.Update(withCommit(ctx, w.commit), name, w.wrap(info), createValidation, updateValidation, forceAllowCreate, options)
	stored, err = w.finish(ctx, stored, err)
	return stored, created, err
}
