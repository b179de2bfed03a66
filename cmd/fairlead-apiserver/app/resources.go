package app

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	clusterworkflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/clusterworkflowtemplate/storage"
	cronworkflow "fairlead.dev/fairlead/pkg/registry/workflow/cronworkflow/storage"
	"fairlead.dev/fairlead/pkg/registry/workflow/kind"
	"fairlead.dev/fairlead/pkg/registry/workflow/podlog"
	workflowartifactgctask "fairlead.dev/fairlead/pkg/registry/workflow/workflowartifactgctask/storage"
	workfloweventbinding "fairlead.dev/fairlead/pkg/registry/workflow/workfloweventbinding/storage"
	workflowtaskresult "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskresult/storage"
	workflowtaskset "fairlead.dev/fairlead/pkg/registry/workflow/workflowtaskset/storage"
	workflowtemplate "fairlead.dev/fairlead/pkg/registry/workflow/workflowtemplate/storage"
)

type resources struct {
	pods podlog.Pods
	stop <-chan struct{}
}

type anyStrategy struct{ kind.Strategy }

func (resources) PostStartHooks() map[string]genericapiserver.PostStartHookFunc { return nil }

func (r resources) NewStorage(getter generic.RESTOptionsGetter) (map[string]rest.Storage, error) {
	storage := map[string]rest.Storage{}
	var firstErr error
	add := func(name string, s rest.Storage, err error) {
		if err != nil && firstErr == nil {
			firstErr = err
		}
		storage[name] = s
	}
	a, err := workflowtemplate.NewStorage(apiserver.Scheme, getter)
	add("workflowtemplates", a, err)
	b, err := clusterworkflowtemplate.NewStorage(apiserver.Scheme, getter)
	add("clusterworkflowtemplates", b, err)
	c, err := cronworkflow.NewStorage(apiserver.Scheme, getter)
	add("cronworkflows", c, err)
	d, err := workfloweventbinding.NewStorage(apiserver.Scheme, getter)
	add("workfloweventbindings", d, err)
	e, es, err := workflowtaskset.NewStorage(apiserver.Scheme, getter)
	add("workflowtasksets", e, err)
	add("workflowtasksets/status", es, err)
	f, err := workflowtaskresult.NewStorage(apiserver.Scheme, getter)
	add("workflowtaskresults", f, err)
	g, gs, err := workflowartifactgctask.NewStorage(apiserver.Scheme, getter)
	add("workflowartifactgctasks", g, err)
	add("workflowartifactgctasks/status", gs, err)
	_ = runtime.Object(&v1alpha1.Workflow{})
	return storage, firstErr
}
