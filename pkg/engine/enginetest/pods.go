package enginetest

import (
	"maps"
	"path"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// newPod makes the pod that a request asks for; one that has something to report carries the helper.
func newPod(request engine.PodRequest, uid types.UID) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: request.PodName, UID: uid},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
	if set := request.Template.ContainerSet; set != nil {
		p.Spec.Containers = nil
		for i := range set.Containers {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: set.Containers[i].Name})
		}
	}
	out := &request.Template.Outputs
	if request.IncludeResult || len(out.Parameters) > 0 || len(out.Artifacts) > 0 {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "wait"})
	}
	return p
}

// nextPodEvent lets a pod go on: it is seen Pending, then Running, then at its end. The oldest goes first, or a random one.
func (d *Driver) nextPodEvent() ([]engine.Event, bool) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.pods)) {
		p := d.pods[name]
		serving := p.outcome.Serves && p.object.Status.Phase == corev1.PodRunning
		if !p.ended && !serving {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, false
	}
	slices.SortFunc(names, func(a, b string) int { return age(d.pods[a]) - age(d.pods[b]) })
	p := d.pods[names[0]]
	if d.Random != nil {
		p = d.pods[names[d.Random.Intn(len(names))]]
	}
	return d.advance(p), true
}

func age(p *pod) int {
	n := 0
	for _, c := range p.object.UID[len("uid-"):] {
		n = n*10 + int(c-'0')
	}
	return n
}

func (d *Driver) advance(p *pod) []engine.Event {
	if p.object.Status.Phase == corev1.PodPending {
		p.started = d.Now
		p.object.Status.Phase = corev1.PodRunning
		p.object.Spec.NodeName = "host-1"
		p.object.Status.PodIP = "10.0.0.1"
		p.object.Status.ContainerStatuses = nil
		for _, c := range p.object.Spec.Containers {
			p.object.Status.ContainerStatuses = append(p.object.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: c.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(d.Now)}},
			})
		}
		return []engine.Event{d.observed(p)}
	}
	takes := p.outcome.Takes
	if takes == 0 {
		takes = time.Second
	}
	if end := p.started.Add(takes); end.After(d.Now) {
		if !d.wake.IsZero() && d.wake.Before(end) { // the engine wants to look before that
			d.Now = later(d.Now, d.wake)
			return nil
		}
		d.Now = end
	}
	p.ended = true
	switch {
	case p.outcome.Vanishes:
		delete(d.pods, p.object.Name)
		return []engine.Event{engine.PodGone{NodeID: p.request.NodeID, UID: p.object.UID}}
	case p.outcome.ExitCode != 0 || p.outcome.Message != "":
		fail(p.object, p.outcome.ExitCode, p.outcome.Message, d.Now)
		p.object.Status.ContainerStatuses[0].State.Terminated.Message = p.outcome.LastWords
	default:
		terminate(p.object, corev1.PodSucceeded, 0, d.Now)
	}
	events := []engine.Event{d.observed(p)}
	if reports(p) {
		events = append(events, d.result(p))
	}
	return events
}

// reports tells whether a pod carries the helper.
func reports(p *pod) bool {
	return slices.ContainsFunc(p.object.Spec.Containers, func(c corev1.Container) bool { return c.Name == "wait" })
}

// result is what the helper of a pod reports.
func (d *Driver) result(p *pod) engine.Event {
	out := &v1alpha1.Outputs{Result: p.outcome.Result}
	if p.request.IncludeResult && out.Result == nil {
		text := ""
		out.Result = &text
	}
	for _, declared := range p.request.Template.Outputs.Parameters {
		text, ok := p.outcome.Parameters[declared.Name]
		if !ok {
			text = "out"
		}
		value := v1alpha1.AnyString(text)
		out.Parameters = append(out.Parameters, v1alpha1.Parameter{Name: declared.Name, Value: &value, GlobalName: declared.GlobalName})
	}
	for _, declared := range p.request.Template.Outputs.Artifacts {
		if slices.Contains(p.outcome.Lacks, declared.Name) {
			continue
		}
		if given, ok := declared.GetKey(); !ok || given == "" {
			key := p.request.ArtifactPrefix + "/" + fileName(&declared)
			declared = *declared.DeepCopy()
			if declared.SetKey(key) != nil {
				declared.ArtifactLocation = v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: key}}
			}
		}
		out.Artifacts = append(out.Artifacts, declared)
	}
	return engine.ResultReported{NodeID: p.request.NodeID, Result: v1alpha1.NodeResult{Outputs: out}, Final: true}
}

// fileName is the last part of a key that nobody has given (ART-09).
func fileName(a *v1alpha1.Artifact) string {
	if a.Archive != nil && a.Archive.None != nil {
		return path.Base(a.Path)
	}
	return a.Name + ".tgz"
}

func (d *Driver) observed(p *pod) engine.Event {
	return engine.PodObserved{NodeID: p.request.NodeID, Pod: p.object.DeepCopy()}
}

// observeAll lists all pods, as a controller does after a restart, with what was reported, and the pods that are gone.
func (d *Driver) observeAll() []engine.Event {
	var events []engine.Event
	for _, name := range slices.Sorted(maps.Keys(d.pods)) {
		p := d.pods[name]
		events = append(events, d.observed(p))
		if p.ended && reports(p) {
			events = append(events, d.result(p))
		}
	}
	for _, n := range d.Records() {
		if n.PodUID == "" || n.Type != v1alpha1.NodeTypePod {
			continue
		}
		if p, ok := d.pods[podOf(d, n)]; !ok || p.object.UID != n.PodUID {
			events = append(events, engine.PodGone{NodeID: n.ID, UID: n.PodUID})
		}
	}
	return events
}

func podOf(d *Driver, n v1alpha1.NodeStatus) string {
	for name, p := range d.pods {
		if p.request.NodeID == n.ID {
			return name
		}
	}
	return ""
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func fail(p *corev1.Pod, code int32, message string, now time.Time) {
	terminate(p, corev1.PodFailed, code, now)
	p.Status.Message = message
}

func terminate(p *corev1.Pod, phase corev1.PodPhase, code int32, now time.Time) {
	p.Status.Phase = phase
	started := p.Status.ContainerStatuses
	p.Status.ContainerStatuses = nil
	for i, c := range p.Spec.Containers {
		t := &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(now), StartedAt: metav1.NewTime(now), Reason: "Completed"}
		if i < len(started) && started[i].State.Running != nil {
			t.StartedAt = started[i].State.Running.StartedAt
		}
		if c.Name == "main" && code != 0 {
			t.ExitCode, t.Reason = code, "Error"
		}
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, State: corev1.ContainerState{Terminated: t}})
	}
}
