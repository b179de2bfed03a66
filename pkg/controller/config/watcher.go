package config

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// Reasons of the Events on the ConfigMap.
const (
	ReasonLoaded  = "ConfigLoaded"
	ReasonInvalid = "ConfigInvalid"
	ReasonIgnored = "ConfigIgnored"
)

// Watcher holds the newest good configuration. What is wrong with a newer one is told by the log, an Event on the ConfigMap
// and the metric fairlead_config_valid; the last good one stays in force until it is put right.
type Watcher struct {
	kube      kubernetes.Interface
	namespace string
	name      string

	current atomic.Pointer[Config]

	mu       sync.Mutex
	recorder record.EventRecorder
	seen     string            // resource version of the ConfigMap that was looked at last
	untold   *corev1.ConfigMap // in force, and no Event could tell of it
	changed  []func(old, new *Config)
}

// NewWatcher returns a watcher of one ConfigMap; until Load, the configuration is that of an empty one.
func NewWatcher(kube kubernetes.Interface, namespace, name string) *Watcher {
	registerMetrics()
	w := &Watcher{kube: kube, namespace: namespace, name: name}
	w.current.Store(&Config{})
	return w
}

// Current returns the configuration in force. It must not be changed.
func (w *Watcher) Current() *Config { return w.current.Load() }

// OnChange has f called after each change.
func (w *Watcher) OnChange(f func(old, new *Config)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = append(w.changed, f)
}

// RecordTo makes Events go to a recorder, also those about what was loaded before.
func (w *Watcher) RecordTo(recorder record.EventRecorder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recorder = recorder
	if w.untold != nil {
		w.announce(w.untold, &Config{}, w.Current())
	}
}

// Load reads the ConfigMap for the first time, trying until the cluster answers. That there is none is fine; one that
// cannot be understood is an error, for nobody can know what was meant to be forbidden by it.
func (w *Watcher) Load(ctx context.Context) error {
	var loaded *corev1.ConfigMap
	err := wait.PollUntilContextCancel(ctx, 2*time.Second, true, func(ctx context.Context) (bool, error) {
		found, err := w.kube.CoreV1().ConfigMaps(w.namespace).Get(ctx, w.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return true, nil
		case err != nil:
			klog.FromContext(ctx).Error(err, "Cannot read the configuration, will be tried again", "configMap", klog.KRef(w.namespace, w.name))
			return false, nil
		}
		loaded = found
		return true, nil
	})
	if err != nil {
		return err
	}
	if loaded == nil {
		klog.FromContext(ctx).Info("There is no configuration; everything is as by default", "configMap", klog.KRef(w.namespace, w.name))
		return nil
	}
	return w.take(ctx, loaded)
}

// Run follows the ConfigMap until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	factory := informers.NewSharedInformerFactoryWithOptions(w.kube, 0, informers.WithNamespace(w.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, w.name).String()
		}))
	informer := factory.Core().V1().ConfigMaps().Informer()
	note := func(obj any) {
		if configMap, ok := obj.(*corev1.ConfigMap); ok && configMap.Name == w.name {
			_ = w.take(ctx, configMap) // told by log, Event and metric
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    note,
		UpdateFunc: func(_, obj any) { note(obj) },
		DeleteFunc: func(any) {
			klog.FromContext(ctx).Info("The configuration was deleted; it stays in force until there is a new one or the controller restarts",
				"configMap", klog.KRef(w.namespace, w.name))
		},
	}); err != nil {
		klog.FromContext(ctx).Error(err, "Cannot watch the configuration")
		return
	}
	informer.RunWithContext(ctx)
}

// take looks at a version of the ConfigMap and, when it is good, puts it into force.
func (w *Watcher) take(ctx context.Context, configMap *corev1.ConfigMap) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	version := string(configMap.UID) + "/" + configMap.ResourceVersion
	if configMap.ResourceVersion != "" && w.seen == version {
		return nil
	}
	w.seen = version
	logger := klog.FromContext(ctx)
	parsed, err := Parse(configMap.Data)
	if err != nil {
		err = fmt.Errorf("ConfigMap %s/%s: %w", configMap.Namespace, configMap.Name, err)
		configValid.Set(0)
		configLoads.WithLabelValues("refused").Inc()
		logger.Error(err, "The configuration cannot be understood; the last good one stays in force")
		w.event(configMap, corev1.EventTypeWarning, ReasonInvalid, err.Error()+"; the last good configuration stays in force")
		return err
	}
	old := w.current.Swap(parsed)
	configValid.Set(1)
	configLoads.WithLabelValues("taken").Inc()
	logger.Info("Configuration taken", "configMap", klog.KObj(configMap), "resourceVersion", configMap.ResourceVersion)
	ignoredKeys.Reset()
	for _, i := range parsed.Ignored() {
		ignoredKeys.WithLabelValues(i.Key).Set(1)
	}
	for _, i := range parsed.Ignored() {
		logger.Info(i.String())
	}
	w.announce(configMap, old, parsed)
	for _, f := range w.changed {
		f(old, parsed)
	}
	return nil
}

// announce emits the Events about a configuration that has come into force; the caller holds mu.
func (w *Watcher) announce(configMap *corev1.ConfigMap, old, parsed *Config) {
	if w.recorder == nil {
		w.untold = configMap
		return
	}
	w.untold = nil
	w.event(configMap, corev1.EventTypeNormal, ReasonLoaded, "the controller works by resource version "+configMap.ResourceVersion)
	known := map[string]bool{}
	for _, i := range old.Ignored() {
		known[i.Key] = true
	}
	for _, i := range parsed.Ignored() {
		if !known[i.Key] {
			w.event(configMap, corev1.EventTypeWarning, ReasonIgnored, i.String())
		}
	}
}

// event tells about the ConfigMap; the caller holds mu.
func (w *Watcher) event(configMap *corev1.ConfigMap, eventType, reason, message string) {
	if w.recorder == nil {
		return
	}
	w.recorder.Event(&corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: configMap.Namespace, Name: configMap.Name,
		UID: configMap.UID, ResourceVersion: configMap.ResourceVersion,
	}, eventType, reason, message)
}
