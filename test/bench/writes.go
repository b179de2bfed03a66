package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const writesRuns = 100

// owners tells who makes which write for a pod. Events are told apart by their source, below.
var owners = map[string]string{
	"POST pods":         "Fairlead",
	"PATCH pods":        "Fairlead",
	"PUT pods":          "Fairlead",
	"DELETE pods":       "Fairlead, and the kubelet's last word",
	"POST pods/binding": "scheduler",
	"PATCH pods/status": "kubelet",

	// Questions rather than writes: nothing is stored.
	"POST subjectaccessreviews": "Fairlead's server asks who may do what; not stored",
	"POST tokenreviews":         "Fairlead's server asks who it is; not stored",
}

// runWrites counts what kube-apiserver wrote while one-pod workflows ran, from its own metrics: once with pods that are
// kept, once with pods that are deleted when they end.
func (b *bench) runWrites(ctx context.Context) error {
	for _, mode := range []struct {
		name string
		gc   *v1alpha1.PodGC
	}{{"pods kept", nil}, {"pods deleted", &v1alpha1.PodGC{Strategy: v1alpha1.PodGCOnPodCompletion}}} {
		err := b.onFake(ctx, func(namespace string, seen *observer) error {
			before, err := b.kubeWrites(ctx)
			if err != nil {
				return err
			}
			err = atOnce(writesRuns, func(int) error {
				wf := onePod(b.options.image, onFakeNodes)
				wf.Spec.PodGC = mode.gc
				_, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, wf, metav1.CreateOptions{})
				return err
			})
			if err != nil {
				return err
			}
			if err := seen.awaitWorkflows(ctx, writesRuns); err != nil {
				return err
			}
			if err := b.awaitTidy(ctx, namespace, mode.gc != nil); err != nil {
				return err
			}
			events, err := b.eventsBySource(ctx, namespace)
			if err != nil {
				return err
			}
			after, err := b.kubeWrites(ctx)
			if err != nil {
				return err
			}
			b.reportWrites(mode.name, before, after, events)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitTidy waits until the pods are as the workflow wants them to be in the end: marked as recorded, or gone.
func (b *bench) awaitTidy(ctx context.Context, namespace string, gone bool) error {
	return until(ctx, "the pods to be recorded or deleted", func() (bool, error) {
		left := metav1.ListOptions{}
		if !gone {
			left.LabelSelector = v1alpha1.LabelKeyCompleted + "!=true"
		}
		pods, err := b.kube.CoreV1().Pods(namespace).List(ctx, left)
		return err == nil && len(pods.Items) == 0, err
	})
}

// eventsBySource counts the events of a namespace by who reported them.
func (b *bench) eventsBySource(ctx context.Context, namespace string) (map[string]int, error) {
	events, err := b.kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	bySource := map[string]int{}
	for _, event := range events.Items {
		bySource[sourceOf(event)]++
	}
	return bySource, nil
}

func sourceOf(event corev1.Event) string {
	if event.Source.Component != "" {
		return event.Source.Component
	}
	return event.ReportingController
}

func (b *bench) reportWrites(mode string, before, after map[string]float64, events map[string]int) {
	var kinds []string
	for kind := range owners {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		if n := after[kind] - before[kind]; n != 0 {
			b.report.add("writes", mode+": "+kind, n/writesRuns, "per workflow", owners[kind])
		}
	}
	var sources []string
	for source := range events {
		sources = append(sources, source)
	}
	slices.Sort(sources)
	for _, source := range sources {
		b.report.add("writes", mode+": events", float64(events[source])/writesRuns, "per workflow", "from "+source)
	}
	sent := after["POST events"] - before["POST events"] + after["PATCH events"] - before["PATCH events"]
	b.report.add("writes", mode+": POST and PATCH events", sent/writesRuns, "per workflow", fmt.Sprintf("all sources, %d workflows", writesRuns))
}
