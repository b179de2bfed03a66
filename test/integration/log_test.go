package integration

import (
	"context"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/test/integration/harness"
)

// onePod is a cluster with one pod, whose log is what is written into the pipe.
type onePod struct {
	pod  *corev1.Pod
	log  *io.PipeReader
	opts chan *corev1.PodLogOptions
}

// newOnePod returns the cluster; the pod's owner is set when it is known.
func newOnePod() (*onePod, *io.PipeWriter) {
	reader, writer := io.Pipe()
	return &onePod{
		log: reader, opts: make(chan *corev1.PodLogOptions, 10),
		pod: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: "hello-1", UID: "pod",
				OwnerReferences: []metav1.OwnerReference{{Controller: ptr.To(true)}},
			},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
				Name: "main", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			}}},
		},
	}, writer
}

func (p *onePod) Get(context.Context, string, string) (*corev1.Pod, error) {
	ended := p.pod.DeepCopy()
	ended.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	return ended, nil
}

func (p *onePod) List(context.Context, string, metav1.ListOptions) (*corev1.PodList, error) {
	return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.Pod{*p.pod}}, nil
}

func (p *onePod) Watch(context.Context, string, metav1.ListOptions) (watch.Interface, error) {
	return watch.NewFake(), nil
}

func (p *onePod) Log(_ context.Context, _, _ string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
	p.opts <- options
	return p.log, nil
}

// The log is streamed as it comes, byte for byte, under both names of the subresource.
func TestLogStreams(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"log", "logs"} {
		t.Run(name, func(t *testing.T) {
			pod, writer := newOnePod()
			server := harness.StartServer(t, harness.WithPods(pod))
			created, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), newWorkflow("hello"), metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			pod.pod.OwnerReferences[0].UID = created.UID

			stream, err := server.REST(t).Get().AbsPath(path("workflows", "hello", name)).Param("follow", "true").Param("tailLines", "7").Stream(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			if got := <-pod.opts; !got.Follow || ptr.Deref(got.TailLines, 0) != 7 || got.Container != "main" {
				t.Errorf("the kubelet was asked for %+v", got)
			}
			for _, text := range []string{"10%\r20%\r\n", "\xff\x00 no text\n"} {
				if _, err := io.WriteString(writer, "2026-11-22T12:00:00.000000001Z "+text); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(text))
				// It arrives while the log goes on.
				if _, err := io.ReadFull(stream, got); err != nil || string(got) != text {
					t.Errorf("got %q, %v; want %q", got, err, text)
				}
			}
			writer.Close()
			if err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Delete(t.Context(), "hello", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(stream); len(rest) > 0 || err != nil {
				t.Errorf("after the end: %q, %v", rest, err)
			}
		})
	}
}

// A server that ends does not wait for a followed log.
func TestLogEndsWithTheServer(t *testing.T) {
	t.Parallel()
	pod, writer := newOnePod()
	server := harness.StartServer(t, harness.WithPods(pod))
	created, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), newWorkflow("hello"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.pod.OwnerReferences[0].UID = created.UID
	stream, err := server.REST(t).Get().AbsPath(path("workflows", "hello", "log")).Param("follow", "true").Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := io.WriteString(writer, "2026-11-22T12:00:00.000000001Z x\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stream, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	_, _ = io.Copy(io.Discard, stream)
}

func TestLogParametersAreChecked(t *testing.T) {
	t.Parallel()
	pod, _ := newOnePod()
	server := harness.StartServer(t, harness.WithPods(pod))
	createWorkflows(t, server, "hello")
	for query, want := range map[string]int32{
		"tailLines=many": 400, "follow=perhaps": 400, "sinceTime=yesterday": 400, "sinceSeconds=-5": 400, "sinceSeconds=0": 422, "grep=(": 422,
	} {
		parameter, value, _ := strings.Cut(query, "=")
		code, answer := send(t, server, "GET", path("workflows", "hello", "log")+"?"+parameter+"="+value, "", nil)
		if status := asStatus(t, answer); code != int(want) || status.Code != want || !strings.Contains(status.Message, parameter) {
			t.Errorf("%s=%s: %d, %s", parameter, value, code, answer)
		}
	}
}
