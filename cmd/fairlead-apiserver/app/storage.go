package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/storage/embedded"
	"fairlead.dev/fairlead/pkg/storage/identity"
	"fairlead.dev/fairlead/pkg/storage/memo"
	"fairlead.dev/fairlead/pkg/storage/zstd"
)

const (
	// storagePrefix is in front of all keys. It is not /registry: an etcd that is shared with kube-apiserver may have the
	// custom resources of another workflow engine there.
	storagePrefix = "/fairlead"
	// defaultInlineNodesBytes is about 64 nodes.
	defaultInlineNodesBytes = 64 << 10
	// storageRetryInterval is how long to wait for an etcd or a cluster that does not answer at start-up.
	storageRetryInterval = 2 * time.Second
)

// StorageOptions say where objects are kept. External etcd servers are settings of the generic server.
type StorageOptions struct {
	// DataDir holds the embedded etcd. Not used when --etcd-servers is given.
	DataDir string
	// QuotaBytes limits the embedded etcd.
	QuotaBytes int64
	// InlineNodesBytes is how large the nodes of a workflow may get, as JSON, before they are stored apart from it.
	InlineNodesBytes int64
	// AcceptDataLoss starts on a store that is not the one served before.
	AcceptDataLoss bool
	// NoFsync makes the embedded etcd fast and unsafe, for tests.
	NoFsync bool
}

// NewStorageOptions returns the defaults.
func NewStorageOptions() StorageOptions {
	return StorageOptions{
		DataDir:          "/var/lib/fairlead",
		QuotaBytes:       embedded.DefaultQuotaBytes,
		InlineNodesBytes: defaultInlineNodesBytes,
	}
}

// AddFlags adds the flags.
func (o *StorageOptions) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"Directory of the embedded etcd. Not used when --etcd-servers is given.")
	flags.Int64Var(&o.QuotaBytes, "data-quota-bytes", o.QuotaBytes,
		"How large the database of the embedded etcd may grow, in bytes; writes are refused when it is reached.")
	flags.Int64Var(&o.InlineNodesBytes, "inline-nodes-bytes", o.InlineNodesBytes,
		"How large the nodes of a workflow may get, in bytes of JSON, before they are stored in pages apart from it.")
	flags.BoolVar(&o.AcceptDataLoss, "accept-data-loss", o.AcceptDataLoss,
		"Serve a store that is empty or older than the one served before. Kubernetes then deletes the pods of all workflows that are missing in it.")
}

// Validate returns what is wrong.
func (o *StorageOptions) Validate(etcd *genericoptions.EtcdOptions) []error {
	var problems []error
	if o.InlineNodesBytes < 0 || o.InlineNodesBytes > 1<<20 {
		problems = append(problems, fmt.Errorf("--inline-nodes-bytes is %d, must be between 0 and 1048576", o.InlineNodesBytes))
	}
	if len(etcd.StorageConfig.Transport.ServerList) > 0 {
		return append(problems, etcd.Validate()...)
	}
	if o.DataDir == "" {
		problems = append(problems, errors.New("--data-dir is required when --etcd-servers is not given"))
	}
	if o.QuotaBytes < 64<<20 {
		problems = append(problems, fmt.Errorf("--data-quota-bytes is %d, must be at least 67108864 (64 MiB)", o.QuotaBytes))
	}
	return problems
}

// store is the opened storage.
type store struct {
	// embedded is nil with an external etcd.
	embedded *embedded.Server
	client   *clientv3.Client
	identity *identity.Guard
}

// openStore starts the embedded etcd, or connects to the external one, and checks that it is the store served before. The
// marker is nil without a cluster. On success the etcd options point at the store.
func openStore(ctx context.Context, o *StorageOptions, etcd *genericoptions.EtcdOptions, marker identity.Marker) (_ *store, err error) {
	s := &store{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if len(etcd.StorageConfig.Transport.ServerList) == 0 {
		if s.embedded, err = embedded.Start(ctx, embedded.Options{DataDir: o.DataDir, QuotaBytes: o.QuotaBytes, UnsafeNoFsync: o.NoFsync}); err != nil {
			return nil, err
		}
		etcd.StorageConfig.Transport.ServerList = []string{s.embedded.Endpoint()}
		s.client, err = s.embedded.NewClient()
	} else {
		s.client, err = externalClient(etcd)
	}
	if err != nil {
		return nil, err
	}

	s.identity = identity.New(identity.Options{
		Client: s.client, Prefix: etcd.StorageConfig.Prefix, Marker: marker, AcceptDataLoss: o.AcceptDataLoss,
	})
	err = wait.PollUntilContextCancel(ctx, storageRetryInterval, true, func(ctx context.Context) (bool, error) {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err := s.identity.Verify(attempt)
		if err == nil || errors.Is(err, identity.ErrDataLoss) {
			return err == nil, err
		}
		klog.FromContext(ctx).Error(err, "Cannot compare the store with the one served before, will be tried again")
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// externalClient connects to --etcd-servers.
func externalClient(etcd *genericoptions.EtcdOptions) (*clientv3.Client, error) {
	config := clientv3.Config{
		Endpoints:   etcd.StorageConfig.Transport.ServerList,
		DialTimeout: 20 * time.Second,
		Logger:      zap.NewNop(),
	}
	files := transport.TLSInfo{
		CertFile:      etcd.StorageConfig.Transport.CertFile,
		KeyFile:       etcd.StorageConfig.Transport.KeyFile,
		TrustedCAFile: etcd.StorageConfig.Transport.TrustedCAFile,
	}
	if files.CertFile != "" || files.KeyFile != "" || files.TrustedCAFile != "" {
		tlsConfig, err := files.ClientConfig()
		if err != nil {
			return nil, fmt.Errorf("read the TLS files for etcd: %w", err)
		}
		config.TLS = tlsConfig
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", err)
	}
	return client, nil
}

// failed delivers the error of an embedded etcd that stopped by itself.
func (s *store) failed() <-chan error {
	if s.embedded == nil {
		return nil
	}
	return s.embedded.Err()
}

// close frees everything. The API server has to have stopped.
func (s *store) close() {
	if s.client != nil {
		_ = s.client.Close()
	}
	if s.embedded != nil {
		s.embedded.Close()
	}
}

// compress makes the configured server compress what it stores, under the encryption that its options ask for, if any, and
// remember for a moment what it decoded.
func compress(config *genericapiserver.Config, etcd *genericoptions.EtcdOptions) {
	storageConfig := etcd.StorageConfig
	storageConfig.Codec = memo.NewCodec(storageConfig.Codec)
	storageConfig.StorageObjectCountTracker = config.StorageObjectCountTracker
	config.ResourceTransformers = zstd.NewResourceTransformers(config.ResourceTransformers)
	config.RESTOptionsGetter = etcd.CreateRESTOptionsGetter(
		&genericoptions.SimpleStorageFactory{StorageConfig: storageConfig}, config.ResourceTransformers)
}
