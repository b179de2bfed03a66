// Package storagetest gives tests of registries a real store: etcd in the test's process, with the codec, compression
// and watch cache of the server, and without a server around it.
package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	clientv3 "go.etcd.io/etcd/client/v3"

	"fairlead.dev/fairlead/pkg/apis/workflow/install"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/storage/embedded"
	"fairlead.dev/fairlead/pkg/storage/zstd"
)

// Prefix of all keys.
const Prefix = "/fairlead"

// Store is a running store.
type Store struct {
	// Scheme knows the kinds, as the server's does.
	Scheme *runtime.Scheme
	// Getter opens storages, with a watch cache.
	Getter generic.RESTOptionsGetter
	// Client looks at what is stored.
	Client *clientv3.Client
}

// Start runs a store until the test ends.
func Start(tb testing.TB) *Store {
	tb.Helper()
	scheme := runtime.NewScheme()
	install.Install(scheme)
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})

	server, err := embedded.Start(tb.Context(), embedded.Options{DataDir: tb.TempDir(), UnsafeNoFsync: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	client, err := server.NewClient()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() }) // its server ends next

	codecs := serializer.NewCodecFactory(scheme)
	json := serializerjson.NewSerializerWithOptions(serializerjson.DefaultMetaFactory, scheme, scheme, serializerjson.SerializerOptions{})
	codec := codecs.CodecForVersions(json, codecs.UniversalDeserializer(), v1alpha1.SchemeGroupVersion, runtime.InternalGroupVersioner)
	config := storagebackend.NewDefaultConfig(Prefix, codec)
	config.Transport.ServerList = []string{server.Endpoint()}
	config.EventsHistoryWindow = storagebackend.DefaultEventsHistoryWindow
	// Compaction and the counting of objects belong to a long life.
	config.CompactionInterval, config.CountMetricPollPeriod = 0, 0
	return &Store{Scheme: scheme, Client: client, Getter: getter{config: config}}
}

// readyTimeout bounds how long a watch cache may take to be filled.
const readyTimeout = 30 * time.Second

// readyCacher is the watch cache of the server, filled: a server answers no request before its caches are.
func readyCacher(config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error), newObject, newList func() runtime.Object,
	attributes storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
	store, destroy, err := genericregistry.StorageWithCacher()(config, prefix, key, newObject, newList, attributes, triggers, indexers)
	if err != nil {
		return nil, nil, err
	}
	err = wait.PollUntilContextTimeout(context.Background(), time.Millisecond, readyTimeout, true, func(context.Context) (bool, error) {
		return store.ReadinessCheck() == nil, nil
	})
	if err != nil {
		destroy()
		return nil, nil, fmt.Errorf("the watch cache of %s does not get ready: %w", config.GroupResource, err)
	}
	return store, destroy, nil
}

type getter struct {
	config *storagebackend.Config
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (g getter) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	config := g.config.ForResource(resource)
	config.Transformer = zstd.NewResourceTransformers(nil).TransformerForResource(resource)
	return generic.RESTOptions{
		StorageConfig:           config,
		Decorator:               readyCacher,
		DeleteCollectionWorkers: 1,
		EnableGarbageCollection: true,
		ResourcePrefix:          resource.Group + "/" + resource.Resource,
		CountMetricPollPeriod:   time.Minute,
	}, nil
}
