package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
)

// cluster is where the examples run.
type cluster struct {
	kube      kubernetes.Interface
	workflows versioned.Interface
	dynamic   dynamic.Interface
	mapper    meta.RESTMapper
}

func connect(kubeconfig string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{} // the examples use what is deprecated, and that is not the question here
	c := &cluster{}
	if c.kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.workflows, err = versioned.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	finder, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(finder))
	return c, nil
}

// labelNodes sets labels on all nodes.
func (c *cluster) labelNodes(ctx context.Context, labels map[string]string) error {
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		if _, err := c.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// makeNamespace makes a namespace for one example, with the service account that its pods run as.
func (c *cluster) makeNamespace(ctx context.Context, path string) (string, error) {
	prefix := "conf-" + strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(strings.TrimSuffix(path, ".yaml"))), "-")
	ns, err := c.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: prefix[:min(len(prefix), 50)] + "-",
		Labels:       map[string]string{"fairlead.dev/conformance": "true"},
	}}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := c.kube.CoreV1().ServiceAccounts(ns.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return "", fmt.Errorf("namespace %s gets no default service account: %w", ns.Name, err)
	}
	return ns.Name, nil
}

func (c *cluster) deleteNamespace(ctx context.Context, namespace string) error {
	return c.kube.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
}

// create makes an object in the namespace given, or in none for kinds of the whole cluster. One of that name that exists is
// as good: examples that run beside each other share cluster-wide templates.
func (c *cluster) create(ctx context.Context, namespace string, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	object = object.DeepCopy()
	gvk := object.GroupVersionKind()
	if gvk.Group == v1alpha1.DefaultGroupName {
		gvk.Group = v1alpha1.GroupName
		object.SetGroupVersionKind(gvk)
	}
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	var client dynamic.ResourceInterface = c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		object.SetNamespace(namespace)
		client = c.dynamic.Resource(mapping.Resource).Namespace(namespace)
		for _, subject := range nested(object, "subjects") {
			if s, ok := subject.(map[string]any); ok {
				s["namespace"] = namespace
			}
		}
	}
	made, err := client.Create(ctx, object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationWarn})
	if apierrors.IsAlreadyExists(err) {
		return client.Get(ctx, object.GetName(), metav1.GetOptions{})
	}
	if err != nil {
		return nil, fmt.Errorf("create %s %s%s: %w", gvk.Kind, object.GetName(), object.GetGenerateName(), err)
	}
	return made, nil
}

// nested returns a list of an object, the very one.
func nested(object *unstructured.Unstructured, field string) []any {
	list, _ := object.Object[field].([]any)
	return list
}
