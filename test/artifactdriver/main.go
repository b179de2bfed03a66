// Command artifactdriver is a sample of an artifact driver, and what the tests use: it keeps objects in S3. Its configuration is
// what an `s3` location says, as YAML; `key` is put in front of all keys. The Secrets that it names are read from the namespace
// of the workflow, with the rights of the service account that the driver runs as.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/objectstore"
	"fairlead.dev/fairlead/pkg/artifact/plugin/serve"
	"fairlead.dev/fairlead/pkg/artifact/s3"
)

// ownNamespace is where a pod finds out which namespace it is in.
const ownNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: artifactdriver SOCKET")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve.Run(ctx, os.Args[1], open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// open connects to the store that a configuration means.
func open(ctx context.Context, configuration, namespace string) (objectstore.Bucket, error) {
	location := &wfv1.S3Artifact{}
	if err := yaml.UnmarshalStrict([]byte(configuration), location); err != nil {
		return nil, fmt.Errorf("the configuration is no location in S3: %w", err)
	}
	own, err := os.ReadFile(ownNamespace)
	if err != nil {
		return nil, fmt.Errorf("this driver needs the token of a service account: %w", err)
	}
	if namespace == "" {
		namespace = strings.TrimSpace(string(own))
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	driver, err := s3.New(ctx, &wfv1.ArtifactLocation{S3: location}, resources{client, namespace})
	if err != nil {
		return nil, err
	}
	store, ok := driver.(*objectstore.Store)
	if !ok {
		return nil, errors.New("S3 is no object store")
	}
	return &below{Bucket: store.Bucket, prepare: store.Prepare, prefix: prefixOf(location.Key)}, nil
}

func prefixOf(key string) string {
	if key == "" {
		return ""
	}
	return strings.TrimSuffix(key, "/") + "/"
}

// resources are the Secrets and ConfigMaps of one namespace.
type resources struct {
	client    kubernetes.Interface
	namespace string
}

// Secret implements artifact.Resources.
func (r resources) Secret(ctx context.Context, name, key string) ([]byte, error) {
	s, err := r.client.CoreV1().Secrets(r.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return s.Data[key], nil
}

// ConfigMap implements artifact.Resources.
func (r resources) ConfigMap(ctx context.Context, name, key string) ([]byte, error) {
	c, err := r.client.CoreV1().ConfigMaps(r.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return []byte(c.Data[key]), nil
}

// below is the part of a bucket whose keys begin with a prefix.
type below struct {
	objectstore.Bucket
	prepare func(context.Context) error
	prefix  string
}

// Get implements objectstore.Bucket.
func (b *below) Get(ctx context.Context, key string, r artifact.Range) (io.ReadCloser, artifact.Attributes, error) {
	return b.Bucket.Get(ctx, b.prefix+key, r)
}

// PutStream implements objectstore.Bucket; of the ways to store, package serve uses this one.
func (b *below) PutStream(ctx context.Context, key string, r io.Reader) error {
	if b.prepare != nil {
		if err := b.prepare(ctx); err != nil {
			return err
		}
	}
	return b.Bucket.PutStream(ctx, b.prefix+key, r)
}

// Remove implements objectstore.Bucket.
func (b *below) Remove(ctx context.Context, keys []string) error {
	full := make([]string, 0, len(keys))
	for _, key := range keys {
		full = append(full, b.prefix+key)
	}
	return b.Bucket.Remove(ctx, full)
}

// Walk implements objectstore.Bucket.
func (b *below) Walk(ctx context.Context, prefix string, visit func(artifact.Object) error) error {
	return b.Bucket.Walk(ctx, b.prefix+prefix, func(o artifact.Object) error {
		o.Key = strings.TrimPrefix(o.Key, b.prefix)
		return visit(o)
	})
}
