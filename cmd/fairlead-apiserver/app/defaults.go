package app

import (
	"context"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/pkg/controller/config"
)

// defaultsTimeout is how long a starting server waits for the controller's configuration. Without it, admission refuses
// workflows that rely on it, which is no reason not to serve at all.
const defaultsTimeout = 10 * time.Second

// defaults are what the controller lays under workflows, for admission (CFG-03): the server follows the same ConfigMap.
type defaults struct{ watcher *config.Watcher }

// watchDefaults reads the ConfigMap and has the server follow it.
func watchDefaults(ctx context.Context, kube kubernetes.Interface, namespace, configMap string, server *apiserver.Config) defaults {
	d := defaults{config.NewWatcher(kube, namespace, configMap)}
	attempt, cancel := context.WithTimeout(ctx, defaultsTimeout)
	defer cancel()
	if err := d.watcher.Load(attempt); err != nil {
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
	if current.InstanceID != instanceID {
		return nil, false
	}
	return current.WorkflowDefaults, true
}
