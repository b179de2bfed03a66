package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// commands remembers what it was asked to run.
type commands struct {
	ran []string
	err error
}

func (c *commands) Exec(_ context.Context, namespace, pod, container string, command []string) error {
	c.ran = append(c.ran, fmt.Sprintf("%s/%s %s %q", namespace, pod, container, command))
	return c.err
}

// LBL-02, LIM-20, DMN-04: the step ends with its own containers; what others have put into its pod is ended by the command of
// the annotation, by the pod's deadline where there is none, and by that in any case after the grace period.
func TestInjectedContainersAreEnded_LIM20(t *testing.T) {
	for name, test := range map[string]struct {
		annotations map[string]string
		refused     error
		ran         []string
		expires     bool // at once
	}{
		"without a command": {expires: true},
		"with a command":    {annotations: map[string]string{"workflows.argoproj.io/kill-cmd-proxy": `["pkill","-f","proxy"]`}, ran: []string{`work/demo proxy ["pkill" "-f" "proxy"]`}},
		"no list":           {annotations: map[string]string{"workflows.argoproj.io/kill-cmd-proxy": `pkill`}, expires: true},
		"of another one":    {annotations: map[string]string{"workflows.argoproj.io/kill-cmd-other": `["true"]`}, expires: true},
		"that is refused": {
			annotations: map[string]string{"workflows.argoproj.io/kill-cmd-proxy": `["quit"]`}, refused: errors.New("pods/exec is forbidden"),
			ran: []string{`work/demo proxy ["quit"]`}, expires: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{Entrypoint: "run", Templates: []wfv1.Template{*runTemplate}}}
			wf.Name = "demo"
			key := w.submit(wf)
			p := w.start(Options{})
			run := &commands{err: test.refused}
			p.cleaner.exec = run
			p.handle(context.Background(), key)
			turn := func(do func(*corev1.Pod)) {
				t.Helper()
				for _, pod := range p.podSet {
					if err := p.changePod(pod.Namespace, pod.Name, pod.UID, do); err != nil {
						t.Fatal(err)
					}
				}
				p.deliver()
				p.handle(context.Background(), key)
				for p.cleaner.queue.Len() > 0 {
					p.cleaner.processNextWorkItem(context.Background())
				}
			}
			turn(func(pod *corev1.Pod) {
				setPhase(pod, corev1.PodRunning)
				pod.Status.StartTime = new(metav1.Now())
				for k, v := range test.annotations {
					pod.Annotations[k] = v
				}
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "proxy"})
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{
					{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
					{Name: "proxy", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
				}
			})
			if got := w.stored[key].header.Status; got.Phase != wfv1.WorkflowSucceeded {
				t.Fatalf("%s: %s\n%s", got.Phase, got.Message, w.describe(key))
			}
			if !slices.Equal(run.ran, test.ran) || (p.counts["expire"] == 1) != test.expires {
				t.Errorf("ran %q, %v", run.ran, p.counts)
			}
			w.now.Step(killGrace + time.Second)
			for range 20 {
				if p.counts["expire"] == 1 {
					break
				}
				p.cleaner.processNextWorkItem(context.Background())
			}
			if p.counts["expire"] != 1 {
				t.Errorf("it runs on: %v", p.counts)
			}
		})
	}
}

// What has ended by its command is let be.
func TestPodsThatHaveEndedAreLetBe(t *testing.T) {
	w := newWorld(t)
	p := w.start(Options{})
	p.podSet["work/demo"] = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "work", Name: "demo", UID: "u"}, Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}
	for _, uid := range []string{"u", "another"} {
		item := cleanupItem{namespace: "work", name: "demo", what: cleanupEnd}
		item.uid = p.podSet["work/demo"].UID
		if uid == "another" {
			item.uid = "another"
			p.podSet["work/demo"].Status.Phase = corev1.PodRunning
		}
		if err := p.cleaner.carryOut(t.Context(), item); err != nil || p.counts["expire"]+p.counts["delete"] != 0 {
			t.Errorf("%s: %v, %v", uid, err, p.counts)
		}
	}
}

// Commands that hang leave workers for other pods: one more pod waits for its turn.
func TestKillCommandsAreBounded(t *testing.T) {
	w := newWorld(t)
	p := w.start(Options{})
	run := &commands{}
	p.cleaner.exec = run
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "work", Name: "demo", UID: "u", Annotations: map[string]string{wfv1.AnnotationKeyKillCmdPrefix + "proxy": `["stop"]`}}}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Name: "proxy", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}
	p.podSet["work/demo"] = pod
	for range killsAtOnce {
		p.cleaner.killing <- struct{}{}
	}
	p.cleaner.kill(pod)
	p.cleaner.processNextWorkItem(t.Context())
	if len(run.ran) != 0 || p.cleaner.queue.Len() != 0 {
		t.Fatalf("ran %q while others were at it", run.ran)
	}
	<-p.cleaner.killing
	w.now.Step(killsLater)
	p.cleaner.processNextWorkItem(t.Context())
	if len(run.ran) != 1 {
		t.Errorf("ran %q when there was room", run.ran)
	}
}
