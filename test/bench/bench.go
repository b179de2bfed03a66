package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
)

// creators is how many requests to create something are under way at once.
const creators = 32

// bench holds the clients, the fake kubelet once it is needed, and what was measured.
type bench struct {
	options  *options
	config   *rest.Config
	kube     kubernetes.Interface
	fairlead versioned.Interface
	report   *report

	kubelet *fakeKubelet
}

func newBench(o *options) (*bench, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // the program is the load; it is not to be slowed down
	b := &bench{options: o, config: config, report: newReport(o)}
	if b.fairlead, err = versioned.NewForConfig(config); err != nil {
		return nil, err
	}
	// Kubernetes' own objects in protobuf: less of the machine for this program, more for what is measured.
	protobuf := rest.CopyConfig(config)
	protobuf.ContentType = runtime.ContentTypeProtobuf
	protobuf.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	b.kube, err = kubernetes.NewForConfig(protobuf)
	return b, err
}

// close takes away what outlives a section.
func (b *bench) close() {
	if b.kubelet != nil {
		b.kubelet.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.forgetToken(ctx); err != nil {
		fmt.Printf("the account that reads metrics is left behind: %v\n", err)
	}
}

// fakeNodes returns the fake kubelet, and starts it when this is the first section that needs it.
func (b *bench) fakeNodes(ctx context.Context) (*fakeKubelet, error) {
	if b.kubelet == nil {
		k, err := startFakeKubelet(ctx, b.kube)
		if err != nil {
			return nil, err
		}
		b.kubelet = k
	}
	return b.kubelet, nil
}

// inNamespace runs a measurement in a namespace of its own and waits until all of it is gone, so that cleaning up after
// one measurement is not part of the next.
func (b *bench) inNamespace(ctx context.Context, measure func(namespace string) error) error {
	ns, err := b.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	err = until(ctx, "default service account", func() (bool, error) {
		_, err := b.kube.CoreV1().ServiceAccounts(ns.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, ignoreNotFound(err)
	})
	if err == nil {
		err = measure(ns.Name)
	}
	// Also when ctx has ended: nothing is to be left behind.
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	return errors.Join(err, b.deleteNamespace(cleanup, ns.Name))
}

func (b *bench) deleteNamespace(ctx context.Context, name string) error {
	if err := b.kube.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return ignoreNotFound(err)
	}
	return until(ctx, "namespace "+name+" to be gone", func() (bool, error) {
		_, err := b.kube.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignoreNotFound(err)
	})
}

// until polls a condition until it is true, fails, or ctx ends.
func until(ctx context.Context, what string, condition func() (bool, error)) error {
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(context.Context) (bool, error) { return condition() })
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
	return nil
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// atOnce calls create for 0..n-1, creators at a time, and returns the first error.
func atOnce(n int, create func(i int) error) error {
	indexes := make(chan int)
	failures := make(chan error, creators)
	var workers sync.WaitGroup
	for range min(creators, n) {
		workers.Go(func() {
			for i := range indexes {
				if err := create(i); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	var failure error
	for i := range n {
		select {
		case indexes <- i:
			continue
		case failure = <-failures:
		}
		break
	}
	close(indexes)
	workers.Wait()
	select {
	case err := <-failures:
		failure = errors.Join(failure, err)
	default:
	}
	return failure
}
