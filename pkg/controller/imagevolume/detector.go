// Package imagevolume finds out whether pods of this cluster can have image volumes (Kubernetes' volumes[].image): whether
// the API server keeps the field, and whether the kubelet and the container runtime of every node know what to do with it.
package imagevolume

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// recheck is how often the nodes are looked at again: clusters are upgraded, and get nodes of other kinds.
const recheck = 5 * time.Minute

// nodesPerList is how many nodes are read at once.
const nodesPerList = 500

// Options are what a Detector works with.
type Options struct {
	// Client reads nodes and asks for a pod that is not created.
	Client kubernetes.Interface
	// Namespace is where that pod would be.
	Namespace string
	// Image is the one that is to be mounted.
	Image string
	// Clock times the looks; nil: the real one.
	Clock clock.WithTicker
}

// Detector knows whether pods can have image volumes.
type Detector struct {
	Options
	supported atomic.Bool
}

// New returns a detector that knows nothing yet.
func New(o Options) *Detector {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Detector{Options: o}
}

// Supported tells whether every node can have pods with image volumes, as far as is known. While nothing is known: no.
func (d *Detector) Supported() bool { return d.supported.Load() }

// Run looks at once and then now and then, until ctx ends.
func (d *Detector) Run(ctx context.Context) {
	ticker := d.Clock.NewTicker(recheck)
	defer ticker.Stop()
	known := ""
	for {
		why, err := d.check(ctx)
		if err != nil {
			why = err.Error()
		}
		d.supported.Store(why == "")
		if why == "" {
			why = "all nodes know them"
		}
		if why != known && ctx.Err() == nil {
			known = why
			klog.FromContext(ctx).Info("Looked whether pods can have image volumes", "use", d.Supported(), "because", why)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
	}
}

// check returns why pods cannot have image volumes; empty: they can. An error means that this cannot be found out.
func (d *Detector) check(ctx context.Context) (string, error) {
	if why, err := d.checkNodes(ctx); why != "" || err != nil {
		return why, err
	}
	return d.checkServer(ctx)
}

// checkServer has the API server look at a pod with an image volume. One that does not know them drops the field.
func (d *Detector) checkServer(ctx context.Context) (string, error) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "image-volume-", Namespace: d.Namespace},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: new(false),
			SecurityContext:              &corev1.PodSecurityContext{RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: "main", Image: d.Image, VolumeMounts: []corev1.VolumeMount{{Name: "image", MountPath: "/image", ReadOnly: true}},
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
			Volumes: []corev1.Volume{{Name: "image", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: d.Image}}}},
		},
	}
	seen, err := d.Client.CoreV1().Pods(d.Namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return "", fmt.Errorf("the API server refuses a trial pod with an image volume in namespace %s: %w", d.Namespace, err)
	}
	for _, v := range seen.Spec.Volumes {
		if v.Name == "image" && v.Image != nil && v.Image.Reference == d.Image {
			return "", nil
		}
	}
	return "the API server drops image volumes from pods", nil
}

// checkNodes looks for a node that does not know image volumes.
func (d *Detector) checkNodes(ctx context.Context) (string, error) {
	nodes := 0
	for token := ""; ; {
		list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: nodesPerList, Continue: token})
		if err != nil {
			return "", fmt.Errorf("nodes cannot be listed: %w", err)
		}
		for i := range list.Items {
			info := &list.Items[i].Status.NodeInfo
			if info.OperatingSystem == "windows" {
				continue // no pod of ours runs there
			}
			if why := lacks(info); why != "" {
				return fmt.Sprintf("node %s %s", list.Items[i].Name, why), nil
			}
			nodes++
		}
		if token = list.Continue; token == "" {
			break
		}
	}
	if nodes == 0 {
		return "there is no node", nil
	}
	return "", nil
}
