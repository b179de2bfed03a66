package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

// BenchmarkNodesUpdate is one transition, a pod that changes its phase, in runs of several sizes: what POST
// workflows/{name}/nodes costs behind the HTTP layer. It reports processor time and bytes stored, which should not depend
// on the size of the run.
func BenchmarkNodesUpdate(b *testing.B) {
	for _, count := range []int{1, 10, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			f := newFixture(b, Options{}, nodes.Options{})
			answer := f.run("wf", count)
			index := int32(count / 2 / v1alpha1.NodesPerPage)
			version := pageVersion(answer, index)
			phases := []v1alpha1.NodePhase{v1alpha1.NodeSucceeded, v1alpha1.NodeRunning}
			i := 0
			b.ReportAllocs()
			processor := processorTime()
			for b.Loop() {
				update := updateOf(answer, v1alpha1.NodePageChange{
					Index: index, ResourceVersion: version, Set: []v1alpha1.NodeStatus{record("wf", count/2, phases[i%2])},
				})
				update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, Progress: v1alpha1.Progress(fmt.Sprintf("%d/%d", i, count))}
				answer, i = f.mustPost(update), i+1
				version = pageVersion(answer, index)
			}
			b.ReportMetric(float64((processorTime()-processor).Microseconds())/float64(i), "cpu-us/op")
			b.ReportMetric(float64(f.writtenBytes(answer.Metadata.UID, index)), "stored-B/op")
		})
	}
}

// BenchmarkLargeSpec is one transition in workflows with specs of several sizes, with a watch of all workflows beside it that
// encodes what it delivers, as the server does for the controller. It reports processor time and bytes stored, which should
// not depend on the size of the spec.
func BenchmarkLargeSpec(b *testing.B) {
	for _, size := range []int{100, 100_000, 1_000_000, 1_900_000} {
		for _, apart := range []bool{false, true} {
			b.Run(fmt.Sprintf("bytes=%d/apart=%v", size, apart), func(b *testing.B) {
				options := parts.Options{}
				if !apart {
					options.Limit = 1 << 30
				}
				f := newFixtureWithParts(b, Options{}, nodes.Options{}, options)
				answer := f.mustPost(started(f.create(largeWorkflow("wf", size))))
				delivered := f.encodeWatch()
				i := 0
				b.ReportAllocs()
				processor := processorTime()
				for b.Loop() {
					update := updateOf(answer)
					update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning, Progress: v1alpha1.Progress(fmt.Sprintf("%d/10", i%10))}
					answer, i = f.mustPost(update), i+1
					<-delivered
				}
				b.ReportMetric(float64((processorTime()-processor).Microseconds())/float64(i), "cpu-us/op")
				b.ReportMetric(float64(f.writtenBytes(answer.Metadata.UID, 0)), "stored-B/op")
			})
		}
	}
}

// started is the first write of the controller.
func started(workflow *v1alpha1.Workflow) *v1alpha1.NodesUpdate {
	update := updateOf(workflow)
	update.Status = &v1alpha1.WorkflowStatus{Phase: v1alpha1.WorkflowRunning}
	return update
}

// largeWorkflow has a DAG of so many bytes of JSON.
func largeWorkflow(name string, size int) *v1alpha1.Workflow {
	workflow := newWorkflow(name)
	dag := &v1alpha1.DAGTemplate{}
	for i := 0; i*180 < size; i++ {
		task := v1alpha1.DAGTask{Name: fmt.Sprintf("task-%05d", i), Template: "main"}
		if i > 0 {
			task.Dependencies = []string{fmt.Sprintf("task-%05d", i-1)}
		}
		value := v1alpha1.AnyString(fmt.Sprintf("what task %d is given to do, %x", i, i*i*7919))
		task.Arguments.Parameters = []v1alpha1.Parameter{{Name: "message", Value: &value}}
		dag.Tasks = append(dag.Tasks, task)
	}
	workflow.Spec.Entrypoint = "all"
	workflow.Spec.Templates = append(workflow.Spec.Templates, v1alpha1.Template{Name: "all", DAG: dag})
	return workflow
}

// encodeWatch watches all workflows from now on and encodes each event; it tells of each that is done.
func (f *fixture) encodeWatch() <-chan struct{} {
	f.tb.Helper()
	list, err := f.Workflow.List(f.ctx, &metainternalversion.ListOptions{})
	if err != nil {
		f.tb.Fatal(err)
	}
	watcher, err := f.Workflow.Watch(f.ctx, &metainternalversion.ListOptions{ResourceVersion: list.(*v1alpha1.WorkflowList).ResourceVersion})
	if err != nil {
		f.tb.Fatal(err)
	}
	f.tb.Cleanup(watcher.Stop)
	serializer := serializerjson.NewSerializerWithOptions(serializerjson.DefaultMetaFactory, f.backend.Scheme, f.backend.Scheme, serializerjson.SerializerOptions{})
	done := make(chan struct{}, 1<<20)
	go func() {
		for event := range watcher.ResultChan() {
			if err := serializer.Encode(event.Object, io.Discard); err != nil {
				f.tb.Error(err)
			}
			done <- struct{}{}
		}
	}()
	return done
}

// writtenBytes is what one transition stores: the values of the header and of the page.
func (f *fixture) writtenBytes(uid types.UID, index int32) int {
	f.tb.Helper()
	total := 0
	for _, key := range []string{"/workflows/ns/wf", fmt.Sprintf("/%s/ns/%s/%06d", nodes.Resource, uid, index)} {
		got, err := f.backend.Client.Get(f.ctx, storagetest.Prefix+"/"+v1alpha1.GroupName+key)
		if err != nil {
			f.tb.Fatal(err)
		}
		for _, kv := range got.Kvs {
			total += len(kv.Key) + len(kv.Value)
		}
	}
	return total
}

// processorTime is what this process, with etcd in it, has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkGet is GET of a whole run, with the encoding of the answer apart.
func BenchmarkGet(b *testing.B) {
	for _, count := range []int{10, 1_000, 10_000} {
		f := newFixture(b, Options{}, nodes.Options{})
		f.run("wf", count)
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.get("wf")
			}
		})
		b.Run(fmt.Sprintf("nodes=%d/encode", count), func(b *testing.B) {
			workflow := f.get("wf")
			for b.Loop() {
				data, err := json.Marshal(workflow)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(data)))
			}
		})
	}
}

// BenchmarkPut is what an old client pays that resumes one step of a large run: the whole object comes and goes.
func BenchmarkPut(b *testing.B) {
	for _, count := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			f := newFixture(b, Options{}, nodes.Options{})
			f.run("wf", count)
			body := asOldClient(f.get("wf"))
			suspended := body.Status.Nodes["wf-0000001"]
			i := 0
			for b.Loop() {
				suspended.Message = fmt.Sprint(i)
				body.Status.Nodes[suspended.ID] = suspended
				updated, err := f.put(f.Workflow, body)
				if err != nil {
					b.Fatal(err)
				}
				body.ResourceVersion, i = updated.ResourceVersion, i+1
			}
		})
	}
}

// BenchmarkCreate is the creation of a small workflow.
func BenchmarkCreate(b *testing.B) {
	f := newFixture(b, Options{}, nodes.Options{})
	b.ReportAllocs()
	for b.Loop() {
		workflow := newWorkflow("")
		workflow.GenerateName = "wf-"
		if _, err := f.Workflow.Create(context.WithoutCancel(f.ctx), workflow, rest.ValidateAllObjectFunc, &metav1.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
