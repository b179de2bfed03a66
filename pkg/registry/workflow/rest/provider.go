package rest

import (
	"context"
	"fmt"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/admit"
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
	clusterworkflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/clusterworkflowtemplate/storage"
	cronworkflow "fairlead.dev/fairlead/pkg/registry/workflow/cronworkflow/storage"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	"fairlead.dev/fairlead/pkg/registry/workflow/podlog"
	"fairlead.dev/fairlead/pkg/registry/workflow/verb"
	workflow "fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
	workflowartifactgctask "fairlead.dev/fairlead/pkg/registry/workflow/workflowartifactgctask/storage"
	workfloweventbinding "fairlead.dev/fairlead/pkg/registry/workflow/workfloweventbinding/storage"
	taskresultgate "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult"
	workflowtaskresult "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult/storage"
	workflowtaskset "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskset/storage"
	workflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/workflowtemplate/storage"
)

// StorageProvider makes the storage of the API group.
type StorageProvider struct {
	// Scheme knows the kinds. Required.
	Scheme *runtime.Scheme
	// InlineNodesBytes is how large the JSON of a workflow's nodes may be before they leave the object; 0 means 64 KiB.
	InlineNodesBytes int64
	// HydrationLimit is how many pages of nodes may be held for reads at the same time; 0 means the default.
	HydrationLimit int64
	// Pods reads pods and their logs; nil when the server runs without a cluster.
	Pods podlog.Pods
	// Artifacts reads artifact stores; nil when the server runs without a cluster.
	Artifacts *artifacts.Source
	// Authorizer knows who may create workflows/nodes (only they and a node's own pod may write its result), who may create
	// workflows, and who may read templates.
	Authorizer authorizer.Authorizer
	// Admission is asked about the objects that subresources create and change; nil: nobody is.
	Admission admission.Interface
	// WorkflowDefaults gives what the controller of an instance lays under its workflows, and whether that is known; nil: nothing.
	WorkflowDefaults func(instanceID string) (defaults *v1alpha1.Workflow, known bool)
	// Clock is for tests; nil means the real one.
	Clock clock.Clock
	// Stop is closed when the server shuts down: logs that are being followed end then.
	Stop <-chan struct{}

	nodes      nodes.Store
	parts      *parts.Store
	headers    *genericregistry.Store
	references kind.References
	managers   *managers.Recorder
}

// NewRESTStorage opens the storage of every resource and subresource, by the name that it is served under.
func (p *StorageProvider) NewRESTStorage(getter generic.RESTOptionsGetter) (map[string]rest.Storage, error) {
	store, destroy, err := nodes.NewStore(getter, nodes.Options{HydrationLimit: p.HydrationLimit})
	if err != nil {
		return nil, err
	}
	large, destroyParts, err := parts.NewStore(getter, parts.Options{})
	if err != nil {
		return nil, err
	}
	if p.Clock == nil {
		p.Clock = clock.RealClock{}
	}
	p.managers = managers.NewRecorder(p.Scheme)
	chain := admit.NewChain(p.Admission, p.Scheme)
	workflows, err := workflow.NewStorage(p.Scheme, getter, workflow.Options{
		Nodes: store, Parts: large, InlineNodesBytes: p.InlineNodesBytes, References: &p.references, Admission: chain, Managers: p.managers, Clock: p.Clock,
	})
	if err != nil {
		return nil, err
	}
	p.nodes, p.parts, p.headers = store, large, workflows.Headers
	closeWith(workflows.Headers, destroy)
	closeWith(workflows.Headers, destroyParts)

	logs := podlog.NewREST(workflows.Headers, workflows.Workflow, p.Pods, p.archive(), p.Stop)
	storage := map[string]rest.Storage{
		"workflows":        workflows.Workflow,
		"workflows/status": workflows.Status,
		"workflows/nodes":  workflows.Nodes,
		"workflows/log":    logs,
		"workflows/logs":   logs,

		"workflows/artifacts": artifacts.NewREST(workflows.Workflow, p.Artifacts),
	}
	creation := &verb.Creation{Workflows: workflows.Workflow, Scheme: p.Scheme, Authorizer: p.Authorizer, Admission: chain, Managers: p.managers}
	p.addVerbs(storage, workflows, creation)
	return storage, p.addOtherKinds(storage, getter, workflows.Lookup(), creation)
}

// archive is where logs of pods that are gone may be; nil: nowhere.
func (p *StorageProvider) archive() podlog.Archive {
	if p.Artifacts == nil {
		return nil
	}
	return p.Artifacts
}

// addVerbs adds the subresources of workflows that act.
func (p *StorageProvider) addVerbs(storage map[string]rest.Storage, workflows *workflow.Storage, creation *verb.Creation) {
	storage["workflows/suspend"] = verb.NewSuspendREST(workflows.Changer, p.Clock)
	storage["workflows/resume"] = verb.NewResumeREST(workflows.Changer, p.Clock)
	storage["workflows/stop"] = verb.NewStopREST(workflows.Changer, p.Clock)
	storage["workflows/terminate"] = verb.NewTerminateREST(workflows.Changer, p.Clock)
	storage["workflows/retry"] = verb.NewRetryREST(workflows.Changer, p.Clock)
	storage["workflows/set"] = verb.NewSetREST(workflows.Changer, p.Clock)
	storage["workflows/resubmit"] = verb.NewResubmitREST(workflows.Changer, creation)
}

func (p *StorageProvider) addOtherKinds(storage map[string]rest.Storage, getter generic.RESTOptionsGetter, lookup *workflow.NodeLookup, creation *verb.Creation) error {
	var err error
	add := func(name string, kind rest.Storage, kindErr error) {
		if kindErr != nil && err == nil {
			err = fmt.Errorf("storage of %s: %w", name, kindErr)
		}
		storage[name] = kind
	}
	templates, e := workflowtemplate.NewStorage(p.Scheme, getter, &p.references)
	add("workflowtemplates", templates, e)
	clusterTemplates, e := clusterworkflowtemplate.NewStorage(p.Scheme, getter, &p.references)
	add("clusterworkflowtemplates", clusterTemplates, e)
	p.references = kind.References{Templates: templates, ClusterTemplates: clusterTemplates, Defaults: p.WorkflowDefaults}
	if err == nil {
		storage["workflows/plan"] = workflow.NewPlanREST(storage["workflows"].(rest.Getter), templates, clusterTemplates, p.Authorizer)
	}
	cronWorkflows, e := cronworkflow.NewStorage(p.Scheme, getter, &p.references)
	add("cronworkflows", cronWorkflows, e)
	eventBindings, e := workfloweventbinding.NewStorage(p.Scheme, getter, &p.references)
	add("workfloweventbindings", eventBindings, e)
	if err != nil {
		return err
	}
	storage["workflowtemplates/submit"] = verb.NewTemplateSubmitREST(templates, creation, &p.references)
	storage["clusterworkflowtemplates/submit"] = verb.NewClusterTemplateSubmitREST(clusterTemplates, creation, &p.references)
	storage["cronworkflows/submit"] = verb.NewCronSubmitREST(cronWorkflows, creation, &p.references)
	storage["cronworkflows/suspend"] = verb.NewCronSuspendREST(cronWorkflows, creation.Admission, p.managers, p.Clock)
	storage["cronworkflows/resume"] = verb.NewCronResumeREST(cronWorkflows, creation.Admission, p.managers, p.Clock)
	storage["cronworkflows/backfill"] = verb.NewBackfillREST(cronWorkflows, p.headers, creation, p.Clock)
	taskResults, e := workflowtaskresult.NewStorage(p.Scheme, getter, &taskresultgate.Gate{Nodes: lookup, Authorizer: p.Authorizer})
	add("workflowtaskresults", taskResults, e)
	taskSets, taskSetStatus, e := workflowtaskset.NewStorage(p.Scheme, getter)
	add("workflowtasksets", taskSets, e)
	add("workflowtasksets/status", taskSetStatus, e)
	gcTasks, gcTaskStatus, e := workflowartifactgctask.NewStorage(p.Scheme, getter)
	add("workflowartifactgctasks", gcTasks, e)
	add("workflowartifactgctasks/status", gcTaskStatus, e)
	return err
}

// Learn takes the schemas of the kinds, by which changes are told apart that verbs make. NewRESTStorage has to come first.
func (p *StorageProvider) Learn(schemas map[string]*spec.Schema) error {
	return p.managers.Learn(schemas)
}

// closeWith closes a storage that belongs to workflows together with theirs.
func closeWith(store *genericregistry.Store, destroy factory.DestroyFunc) {
	own := store.DestroyFunc
	store.DestroyFunc = func() {
		if own != nil {
			own()
		}
		destroy()
	}
}

// PostStartHooks returns what runs beside the server, by name. NewRESTStorage has to come first.
func (p *StorageProvider) PostStartHooks() map[string]genericapiserver.PostStartHookFunc {
	return map[string]genericapiserver.PostStartHookFunc{
		"sweep-node-pages": func(hook genericapiserver.PostStartHookContext) error {
			go nodes.SweepLoop(hook.Context, p.nodes, p.liveWorkflows)
			return nil
		},
		"sweep-workflow-parts": func(hook genericapiserver.PostStartHookContext) error {
			go parts.SweepLoop(hook.Context, p.parts, p.liveParts)
			return nil
		},
	}
}

// liveWorkflows returns the UIDs of all workflows. The watch cache answers: a page is an hour old before it is removed,
// and the cache is never that far behind.
func (p *StorageProvider) liveWorkflows(ctx context.Context) (sets.Set[types.UID], error) {
	list, err := p.listStored(ctx, &metainternalversion.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, err
	}
	uids := make(sets.Set[types.UID], len(list.Items))
	for i := range list.Items {
		uids.Insert(list.Items[i].UID)
	}
	return uids, nil
}

// liveParts returns the parts that workflows refer to.
func (p *StorageProvider) liveParts(ctx context.Context) (map[types.UID][]string, error) {
	list, err := p.listStored(ctx, &metainternalversion.ListOptions{})
	if err != nil {
		return nil, err
	}
	references := map[types.UID][]string{}
	for i := range list.Items {
		if digests := parts.References(list.Items[i].Annotations); len(digests) > 0 {
			references[list.Items[i].UID] = digests
		}
	}
	return references, nil
}

// listStored lists all workflows without what is stored apart from them.
func (p *StorageProvider) listStored(ctx context.Context, options *metainternalversion.ListOptions) (*v1alpha1.WorkflowList, error) {
	ctx = parts.WithReferencesOnly(genericapirequest.WithNamespace(ctx, metav1.NamespaceAll))
	listed, err := p.headers.List(ctx, options)
	if err != nil {
		return nil, err
	}
	list, ok := listed.(*v1alpha1.WorkflowList)
	if !ok {
		return nil, fmt.Errorf("the storage of workflows listed a %T", listed)
	}
	return list, nil
}
