package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// controllerNamespace and controllerConfig are where an installation has its configuration.
const (
	controllerNamespace = "fairlead-system"
	controllerConfig    = "workflow-controller-configmap"
)

// repositoriesConfig is the ConfigMap that workflows refer to for a repository of their namespace.
const repositoriesConfig = "artifact-repositories"

// repository returns the default artifact repository of the installation; nil when it has none.
func (c *cluster) repository(ctx context.Context) (*v1alpha1.ArtifactRepository, error) {
	config, err := c.kube.CoreV1().ConfigMaps(controllerNamespace).Get(ctx, controllerConfig, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text := config.Data["artifactRepository"]
	if text == "" {
		return nil, nil
	}
	r := &v1alpha1.ArtifactRepository{}
	if err := yaml.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("artifactRepository of %s: %w", controllerConfig, err)
	}
	return r, nil
}

// makeRepository gives a namespace a repository of its own under a key of the ConfigMap that workflows refer to: a bucket of
// the installation's store, with the store's credentials.
func (c *cluster) makeRepository(ctx context.Context, namespace, key, bucket string) error {
	r, err := c.repository(ctx)
	if err != nil {
		return err
	}
	if r == nil || r.S3 == nil || r.S3.AccessKeySecret == nil {
		return fmt.Errorf("the installation has no S3 store")
	}
	secret, err := c.kube.CoreV1().Secrets(controllerNamespace).Get(ctx, r.S3.AccessKeySecret.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	secret.ObjectMeta = metav1.ObjectMeta{Name: secret.Name}
	if _, err := c.kube.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	r.S3.Bucket, r.S3.CreateBucketIfNotPresent = bucket, &v1alpha1.CreateS3BucketOptions{}
	text, err := yaml.Marshal(r)
	if err != nil {
		return err
	}
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: repositoriesConfig, Annotations: map[string]string{v1alpha1.AnnotationKeyDefaultArtifactRepository: key}},
		Data:       map[string]string{key: string(text)},
	}
	_, err = c.kube.CoreV1().ConfigMaps(namespace).Create(ctx, config, metav1.CreateOptions{})
	return err
}
