package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
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
