package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// ContainerExec runs commands in containers.
type ContainerExec interface {
	// Exec runs a command in a container of a pod and returns when it has ended; an error when it could not be run, or ended
	// with another exit code than 0.
	Exec(ctx context.Context, namespace, pod, container string, command []string) error
}

const (
	// killTimeout is how long a command may take that ends a container.
	killTimeout = 30 * time.Second
	// killGrace is how long a container may take to end after that, when its pod does not say.
	killGrace = 30 * time.Second
	// killsAtOnce is in how many pods commands may run at a time: they are the users', may hang, and the workers that run them
	// have other pods to clean up.
	killsAtOnce = 4
	// killsLater is when one comes back that found no room.
	killsLater = time.Second
)

// killCommands are the commands that end what still runs in a pod, by container, as its annotations give them (LBL-02). Nil:
// something runs for which there is none, so that the pod as a whole has to be ended.
func killCommands(pod *corev1.Pod) map[string][]string {
	commands := map[string][]string{}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		if c.State.Terminated != nil {
			continue
		}
		var command []string
		if err := json.Unmarshal([]byte(pod.Annotations[wfv1.AnnotationKeyKillCmdPrefix+c.Name]), &command); err != nil || len(command) == 0 {
			return nil
		}
		commands[c.Name] = command
	}
	return commands
}

// kill has what still runs in a pod ended by its own commands. Containers that do not end in time, or cannot be reached, are
// ended with the pod. It is done once, however often the pod is found to run on.
func (p *podCleaner) kill(pod *corev1.Pod) {
	p.mu.Lock()
	known := p.killed[pod.UID]
	p.killed[pod.UID] = true
	p.mu.Unlock()
	if known {
		return
	}
	p.queue.Add(cleanupItem{namespace: pod.Namespace, name: pod.Name, uid: pod.UID, what: cleanupKill})
}

// runKillCommands does so, and looks at the pod again after its grace period. When many are at it, it comes back later.
func (p *podCleaner) runKillCommands(ctx context.Context, item cleanupItem) error {
	select {
	case p.killing <- struct{}{}:
		defer func() { <-p.killing }()
	default:
		p.queue.AddAfter(item, killsLater)
		return nil
	}
	pod, err := p.running(ctx, item)
	if pod == nil || err != nil {
		return err
	}
	end := cleanupItem{namespace: item.namespace, name: item.name, uid: item.uid, what: cleanupEnd}
	for container, command := range killCommands(pod) {
		bounded, cancel := context.WithTimeout(ctx, killTimeout)
		err := p.exec.Exec(bounded, pod.Namespace, pod.Name, container, command)
		cancel()
		if err != nil {
			klog.FromContext(ctx).Info("The command of a pod's annotation that should end a container failed; the pod is ended by its deadline",
				"pod", klog.KObj(pod), "container", container, "command", command, "reason", err.Error())
			p.queue.Add(end)
			return nil
		}
	}
	grace := killGrace
	if s := pod.Spec.TerminationGracePeriodSeconds; s != nil {
		grace = time.Duration(*s) * time.Second
	}
	p.queue.AddAfter(end, grace)
	return nil
}

// endPod ends a pod that still runs.
func (p *podCleaner) endPod(ctx context.Context, item cleanupItem) error {
	pod, err := p.running(ctx, item)
	if pod == nil || err != nil {
		return err
	}
	return expire(ctx, p.pods, pod)
}

// running is the pod if it still runs.
func (p *podCleaner) running(ctx context.Context, item cleanupItem) (*corev1.Pod, error) {
	pod, err := p.pods.Get(ctx, item.namespace, item.name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pod %s/%s to end what runs in it: %w", item.namespace, item.name, err)
	}
	if pod.UID != item.uid || terminal(pod) || pod.DeletionTimestamp != nil {
		return nil, nil
	}
	return pod, nil
}
