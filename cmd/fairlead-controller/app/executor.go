package app

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// defaultExecutorImage is for a controller that runs outside of a cluster.
const defaultExecutorImage = "fairlead/fairlead:dev"

// controllerContainer is the container of the manifests that this program runs in.
const controllerContainer = "controller"

// executor finds out what the helpers in pods are made of: as the options say, else of the image that this program itself
// runs from. That one is read from the own pod, so that whoever renames or pins the image of the Deployment does it once.
func (c *Config) executor(ctx context.Context) (pod.Executor, error) {
	e := pod.Executor{Image: c.Options.ExecutorImage, PullPolicy: corev1.PullPolicy(c.Options.ExecutorImagePullPolicy), StageByInit: c.Options.StageByInit}
	name, namespace := os.Getenv("POD_NAME"), os.Getenv("POD_NAMESPACE")
	switch {
	case e.Image != "":
		return e, nil
	case name == "" || namespace == "":
		e.Image = defaultExecutorImage
		return e, nil
	}
	err := wait.PollUntilContextCancel(ctx, 2*time.Second, true, func(ctx context.Context) (bool, error) {
		own, err := c.Kube.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			klog.FromContext(ctx).Error(err, "Cannot read the own pod, whose image the executor comes from; will be tried again. --executor-image makes it unnecessary", "pod", klog.KRef(namespace, name))
			return false, nil
		}
		for i := range own.Spec.Containers {
			if image := own.Spec.Containers[i]; image.Name == controllerContainer || len(own.Spec.Containers) == 1 {
				e.Image = image.Image
				if e.PullPolicy == "" {
					e.PullPolicy = image.ImagePullPolicy
				}
			}
		}
		return true, nil
	})
	if err == nil && e.Image == "" {
		err = fmt.Errorf("pod %s/%s has no container %s whose image could be used for the executor: set --executor-image", namespace, name, controllerContainer)
	}
	return e, err
}
