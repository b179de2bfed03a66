package workflow

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
)

// outputShown is how much of the output of a command goes into an error, in bytes.
const outputShown = 512

type clientExec struct {
	config *rest.Config
	client rest.Interface
}

// NewContainerExec runs commands in containers as kubectl exec does, which takes the right to create pods/exec.
func NewContainerExec(config *rest.Config, kube kubernetes.Interface) ContainerExec {
	return clientExec{config, kube.CoreV1().RESTClient()}
}

// Exec implements ContainerExec.
func (e clientExec) Exec(ctx context.Context, namespace, pod, container string, command []string) error {
	url := e.client.Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	newer, err := remotecommand.NewWebSocketExecutor(e.config, "GET", url.String())
	if err != nil {
		return err
	}
	older, err := remotecommand.NewSPDYExecutor(e.config, "POST", url)
	if err != nil {
		return err
	}
	either, err := remotecommand.NewFallbackExecutor(newer, older, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return err
	}
	output := &head{}
	err = either.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: output, Stderr: output})
	if words := strings.TrimSpace(output.String()); err != nil && words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	return err
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

// Write implements io.Writer; it takes everything.
func (h *head) Write(data []byte) (int, error) {
	if left := outputShown - h.Len(); left > 0 {
		h.Buffer.Write(data[:min(left, len(data))])
	}
	return len(data), nil
}
