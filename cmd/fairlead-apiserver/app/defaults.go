package app

import (
	"context"
	"sync/atomic"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/pkg/controller/config"
)

// defaultsTimeout is how long a starting server waits for the controller's configuration. Without it, admission refuses nothing
// that it could remedy.
const defaultsTimeout = 10 * time.Second

// defaults are what the controller lays under workflows, for admission (CFG-03): the server follows the same ConfigMap.
type defaults struct {
	watcher *config.Watcher
	// read: there is a configuration that was understood, or none.
	read *atomic.Bool
}

// watchDefaults reads the ConfigMap and has the server follow it.
func watchDefaults(ctx context.Context, kube kubernetes.Interface, namespace, configMap string, server *apiserver.Config) defaults {
	d := defaults{config.NewWatcher(kube, namespace, configMap), &atomic.Bool{}}
	d.watcher.OnChange(func(*config.Config, *config.Config) { d.read.Store(true) })
	attempt, cancel := context.WithTimeout(ctx, defaultsTimeout)
	defer cancel()
	err := d.watcher.Load(attempt)
	d.read.Store(err == nil)
	if err != nil {
		klog.FromContext(ctx).Error(err, "Admission does not know the controller's workflowDefaults yet", "configMap", klog.KRef(namespace, configMap))
	}
	server.Extra.PostStartHooks["watch-workflow-defaults"] = func(hook genericapiserver.PostStartHookContext) error {
		go d.watcher.Run(hook)
		return nil
	}
	return d
}

// of gives the defaults of an instance; only those of the instance that the ConfigMap is for are known.
func (d defaults) of(instanceID string) (*v1alpha1.Workflow, bool) {
	current := d.watcher.Current()
	if !d.read.Load() || current.InstanceID != instanceID {
		return nil, false
	}
	return current.WorkflowDefaults, true
}
