package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// onFake runs a measurement in a namespace of its own whose pods the fake kubelet plays.
func (b *bench) onFake(ctx context.Context, measure func(namespace string, seen *observer) error) error {
	kubelet, err := b.fakeNodes(ctx)
	if err != nil {
		return err
	}
	return b.inNamespace(ctx, func(namespace string) error {
		seen, err := b.observe(ctx, namespace)
		if err != nil {
			return err
		}
		defer seen.stop()
		if err := measure(namespace, seen); err != nil {
			return err
		}
		return kubelet.problem()
	})
}

// runThroughput creates many one-pod workflows at once and reports how many end in a second, and what each costs.
// The same number of bare pods shows what the machine, the scheduler and the fake kubelet allow.
func (b *bench) runThroughput(ctx context.Context) error {
	n := b.options.throughput
	err := b.onFake(ctx, func(namespace string, seen *observer) error {
		before, err := b.processes(ctx)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := b.createPods(ctx, namespace, n, onFakeNodes); err != nil {
			return err
		}
		if err := seen.awaitPods(ctx, n); err != nil {
			return err
		}
		took := time.Since(start)
		after, err := b.processes(ctx)
		if err != nil {
			return err
		}
		b.report.add("throughput", "bare pods", float64(n)/took.Seconds(), "pods/s", fmt.Sprintf("%d at once", n))
		b.report.add("throughput", "CPU of kube-apiserver, bare pods", (after[kubeProcess]-before[kubeProcess])*1000/float64(n), "ms/pod", "without its etcd")
		return nil
	})
	if err != nil {
		return err
	}
	return b.onFake(ctx, func(namespace string, seen *observer) error {
		before, err := b.processes(ctx)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := b.createWorkflows(ctx, namespace, n, onFakeNodes); err != nil {
			return err
		}
		created := time.Since(start)
		if err := seen.awaitWorkflows(ctx, n); err != nil {
			return err
		}
		took := latest(seen.wfsEnded).Sub(start)
		// The pods are marked after their workflow's end: that work belongs to the cost as well.
		if err := seen.awaitMarked(ctx, n); err != nil {
			return err
		}
		after, err := b.processes(ctx)
		if err != nil {
			return err
		}
		b.report.add("throughput", "one-pod workflows", float64(n)/took.Seconds(), "workflows/s", fmt.Sprintf("%d at once; creating them took %.1f s", n, created.Seconds()))
		b.reportCPU("throughput", before, after, n)
		return nil
	})
}

// reportCPU adds what each process spent for each of n workflows.
func (b *bench) reportCPU(section string, before, after processTimes, n int) {
	perWorkflow := func(name string) float64 { return (after[name] - before[name]) * 1000 / float64(n) }
	controller, server := perWorkflow(controllerProcess), perWorkflow(serverProcess)
	b.report.add(section, "CPU of controller and server", controller+server, "ms/workflow", fmt.Sprintf("controller %.1f, server %.1f", controller, server))
	b.report.add(section, "CPU of kube-apiserver", perWorkflow(kubeProcess), "ms/workflow", "its part of the same work, without its etcd")
	b.report.add(section, "CPU of this program", perWorkflow(ownProcess), "ms/workflow", "load and fake kubelet, on the same machine")
}

// runGap keeps runs in flight and reports the time from a pod's end being visible to its successor being there, both as
// the same watch sees them: with pods that live as long as real ones, and with pods that take no time at all, where
// every run asks for its next pod at once and the machine is the limit.
func (b *bench) runGap(ctx context.Context) error {
	if err := b.measureGap(ctx, b.options.gapLife, fmt.Sprintf("pods live %s on average", b.options.gapLife)); err != nil {
		return err
	}
	return b.measureGap(ctx, 0, "pods end at once")
}

func (b *bench) measureGap(ctx context.Context, life time.Duration, title string) error {
	runs, steps := b.options.gapRuns, b.options.gapSteps
	kubelet, err := b.fakeNodes(ctx)
	if err != nil {
		return err
	}
	kubelet.life.Store(int64(life))
	defer kubelet.life.Store(0)
	return b.onFake(ctx, func(namespace string, seen *observer) error {
		start := time.Now()
		err := atOnce(runs, func(int) error {
			_, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, chainOf(steps, b.options.image, onFakeNodes), metav1.CreateOptions{})
			return err
		})
		if err != nil {
			return err
		}
		if err := seen.awaitWorkflows(ctx, runs); err != nil {
			return err
		}
		rate := float64(runs*steps) / latest(seen.wfsEnded).Sub(start).Seconds()
		detail := fmt.Sprintf("%d gaps, %d runs of %d steps in flight, %.0f steps/s", len(seen.gaps), runs, steps, rate)
		for _, q := range []struct {
			name string
			at   float64
		}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}} {
			b.report.add("gap", title+": end of a pod to its successor, "+q.name, quantile(seen.gaps, q.at).Seconds()*1000, "ms", detail)
		}
		return nil
	})
}

// runFanout runs one workflow with many pods at once.
func (b *bench) runFanout(ctx context.Context) error {
	n := b.options.fanout
	return b.onFake(ctx, func(namespace string, seen *observer) error {
		before, err := b.processes(ctx)
		if err != nil {
			return err
		}
		start := time.Now()
		if _, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, fanOutOf(n, b.options.image, onFakeNodes), metav1.CreateOptions{}); err != nil {
			return err
		}
		if err := seen.awaitWorkflows(ctx, 1); err != nil {
			return err
		}
		end := latest(seen.wfsEnded)
		after, err := b.processes(ctx)
		if err != nil {
			return err
		}
		created := latest(seen.podsBegun).Sub(start)
		b.report.add("fanout", "all pods created", created.Seconds(), "s", fmt.Sprintf("%d pods, %.0f/s", n, float64(n)/created.Seconds()))
		b.report.add("fanout", "workflow ended", end.Sub(start).Seconds(), "s", "")
		spent := (after[controllerProcess] - before[controllerProcess] + after[serverProcess] - before[serverProcess]) * 1000
		b.report.add("fanout", "CPU of controller and server", spent/float64(n), "ms/pod", "")
		return nil
	})
}
