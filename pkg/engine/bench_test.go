package engine

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// shapes are workflows of about n pods. Their cost per event has to stay the same whatever n is.
var shapes = map[string]func(n int) v1alpha1.WorkflowSpec{
	"fanout": func(n int) v1alpha1.WorkflowSpec {
		count := intstr.FromInt32(int32(n))
		return benchSpec(v1alpha1.Template{Name: "main", Steps: []v1alpha1.ParallelSteps{{Steps: []v1alpha1.WorkflowStep{{
			Name: "s", Template: "leaf", WithSequence: &v1alpha1.Sequence{Count: &count}, Arguments: argument("{{item}}"),
		}}}}})
	},
	"chain": func(n int) v1alpha1.WorkflowSpec {
		dag := &v1alpha1.DAGTemplate{}
		for i := range n {
			task := v1alpha1.DAGTask{Name: fmt.Sprintf("t%d", i), Template: "leaf", Arguments: argument("x")}
			if i > 0 {
				task.Depends = fmt.Sprintf("t%d", i-1)
			}
			dag.Tasks = append(dag.Tasks, task)
		}
		return benchSpec(v1alpha1.Template{Name: "main", DAG: dag})
	},
	"layers": func(n int) v1alpha1.WorkflowSpec {
		const width = 50
		dag := &v1alpha1.DAGTemplate{}
		for i := range n {
			task := v1alpha1.DAGTask{Name: fmt.Sprintf("t%d", i), Template: "leaf", Arguments: argument("x")}
			if layer := i / width; layer > 0 {
				at := func(k int) string { return fmt.Sprintf("t%d", (layer-1)*width+(i+k)%width) }
				task.Dependencies = []string{at(0), at(1), at(7)}
			}
			dag.Tasks = append(dag.Tasks, task)
		}
		return benchSpec(v1alpha1.Template{Name: "main", DAG: dag})
	},
	"retries": func(n int) v1alpha1.WorkflowSpec {
		count, limit := intstr.FromInt32(int32(n)), intstr.FromInt32(2)
		spec := benchSpec(v1alpha1.Template{Name: "main", Steps: []v1alpha1.ParallelSteps{{Steps: []v1alpha1.WorkflowStep{{
			Name: "s", Template: "leaf", WithSequence: &v1alpha1.Sequence{Count: &count}, Arguments: argument("{{item}}"),
		}}}}})
		spec.Templates[1].RetryStrategy = &v1alpha1.RetryStrategy{Limit: &limit}
		return spec
	},
}

func benchSpec(main v1alpha1.Template) v1alpha1.WorkflowSpec {
	leaf := v1alpha1.Template{Name: "leaf", Container: &corev1.Container{Image: "i", Args: []string{"{{inputs.parameters.p}}"}}}
	leaf.Inputs.Parameters = []v1alpha1.Parameter{{Name: "p"}}
	return v1alpha1.WorkflowSpec{Entrypoint: "main", Templates: []v1alpha1.Template{main, leaf}}
}

func argument(text string) v1alpha1.Arguments {
	value := v1alpha1.AnyString(text)
	return v1alpha1.Arguments{Parameters: []v1alpha1.Parameter{{Name: "p", Value: &value}}}
}

// mill feeds a run with the ends of its pods.
type mill struct {
	run  *Run
	now  time.Time
	todo []string
	seq  int
	done bool
}

func newMill(b testing.TB, spec v1alpha1.WorkflowSpec) *mill {
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "ns"}, Spec: spec}
	run, err := NewRun(wf, nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	m := &mill{run: run, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	m.apply()
	return m
}

// apply lets a run go on as long as it has something to do without waiting.
func (m *mill) apply(events ...Event) Decision {
	d := m.run.Apply(m.now, events...)
	m.take(d)
	for !d.Done && !d.Wake.IsZero() && !d.Wake.After(m.now) {
		d = m.run.Apply(m.now)
		m.take(d)
	}
	return d
}

func (m *mill) take(d Decision) {
	for i := range d.Create {
		m.todo = append(m.todo, d.Create[i].NodeID)
	}
	m.done = d.Done
}

// turn lets the oldest pod start and end: two events, as in life.
func (m *mill) turn() {
	id := m.todo[0]
	m.todo = m.todo[1:]
	m.seq++
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(fmt.Sprint(m.seq))}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	m.take(m.run.Apply(m.now, PodObserved{NodeID: id, Pod: pod}))
	done := *pod
	done.Status.Phase = corev1.PodSucceeded
	m.take(m.run.Apply(m.now, PodObserved{NodeID: id, Pod: &done}))
}

// BenchmarkApply shows the cost of one pod (two events) in runs of different sizes, half of whose pods have ended.
func BenchmarkApply(b *testing.B) {
	for _, shape := range []string{"fanout", "chain", "layers", "retries"} {
		for _, size := range []int{100, 1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", shape, size), func(b *testing.B) {
				if size == 100_000 && testing.Short() {
					b.Skip("takes long")
				}
				var m *mill
				b.ReportAllocs()
				for range b.N {
					if m == nil || m.done || len(m.todo) == 0 {
						b.StopTimer()
						m = newMill(b, shapes[shape](size))
						for range size / 2 {
							m.turn()
						}
						b.StartTimer()
					}
					m.turn()
				}
			})
		}
	}
}

// TestLongRuns has big runs come to their end: nothing in the engine goes deep or over all nodes.
func TestLongRuns(t *testing.T) {
	for name, shape := range shapes {
		m := newMill(t, shape(3_000))
		for len(m.todo) > 0 {
			m.turn()
		}
		if !m.done {
			t.Errorf("%s does not end", name)
		}
	}
}

// TestOmittedChain: a failure at the head of a long chain omits all the rest, so many in each decision, without recursion.
func TestOmittedChain(t *testing.T) {
	m := newMill(t, shapes["chain"](20_000))
	d := m.apply(PodObserved{NodeID: m.todo[0], Pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: "u"}, Status: corev1.PodStatus{Phase: corev1.PodFailed, Message: "no"},
	}})
	if !d.Done || len(m.run.order) != 20_001 || len(d.Nodes) > defaultNodesPerDecision+2 || d.Status.Phase != v1alpha1.WorkflowFailed {
		t.Errorf("done %v, %d nodes, %+v", d.Done, len(m.run.order), d.Status)
	}
}

// TestFanOutStartsWhatLimitsAllow: of 100,000 items only as many nodes are made as may run (FLOW-10).
func TestFanOutStartsWhatLimitsAllow(t *testing.T) {
	spec := shapes["fanout"](100_000)
	limit := int64(5)
	spec.Parallelism = &limit
	m := newMill(t, spec)
	if len(m.todo) != 5 || len(m.run.order) != 7 {
		t.Errorf("%d pods, %d nodes", len(m.todo), len(m.run.order))
	}
	m.turn()
	if len(m.todo) != 5 || len(m.run.order) != 8 {
		t.Errorf("after one has ended: %d pods, %d nodes", len(m.todo), len(m.run.order))
	}
}
