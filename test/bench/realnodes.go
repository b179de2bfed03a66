package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// runChain compares a workflow of true steps with bare pods that are created one after another, each when the one before
// was seen to end.
func (b *bench) runChain(ctx context.Context) error {
	n := b.options.chain
	return b.sideBySide(ctx, "chain", fmt.Sprintf("%d pods one after another", n),
		func(ctx context.Context, namespace string, seen *observer) error {
			for i := range n {
				if _, err := b.kube.CoreV1().Pods(namespace).Create(ctx, barePod(b.options.image, onRealNodes), metav1.CreateOptions{}); err != nil {
					return err
				}
				if err := seen.awaitPods(ctx, i+1); err != nil {
					return err
				}
			}
			return nil
		},
		func(ctx context.Context, namespace string, seen *observer) error {
			if _, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, chainOf(n, b.options.image, onRealNodes), metav1.CreateOptions{}); err != nil {
				return err
			}
			return seen.awaitWorkflows(ctx, 1)
		})
}

// runBurst compares workflows of one step, all created at once, with bare pods.
func (b *bench) runBurst(ctx context.Context) error {
	n := b.options.burst
	return b.sideBySide(ctx, "burst", fmt.Sprintf("%d pods at once", n),
		func(ctx context.Context, namespace string, seen *observer) error {
			if err := b.createPods(ctx, namespace, n, onRealNodes); err != nil {
				return err
			}
			return seen.awaitPods(ctx, n)
		},
		func(ctx context.Context, namespace string, seen *observer) error {
			if err := b.createWorkflows(ctx, namespace, n, onRealNodes); err != nil {
				return err
			}
			return seen.awaitWorkflows(ctx, n)
		})
}

// sideBySide measures bare pods and workflows in turn, so that what else the machine does hits both, and reports the
// medians.
func (b *bench) sideBySide(ctx context.Context, section, what string, bare, workflows func(context.Context, string, *observer) error) error {
	podTime, wfTime, err := b.inTurn(ctx, bare, workflows)
	if err != nil {
		return err
	}
	rounds := fmt.Sprintf("median of %d, in turn", b.options.rounds)
	b.report.add(section, what+", bare", podTime.Seconds(), "s", rounds)
	b.report.add(section, what+", as workflow", wfTime.Seconds(), "s", rounds)
	b.report.add(section, "workflow compared with bare pods", (wfTime.Seconds()/podTime.Seconds()-1)*100, "%", "more time")
	return nil
}

// inTurn measures bare pods and workflows in turn and returns the medians.
func (b *bench) inTurn(ctx context.Context, bare, workflows func(context.Context, string, *observer) error) (podTime, wfTime time.Duration, err error) {
	var bareTimes, wfTimes []time.Duration
	for round := range b.options.rounds {
		for _, kind := range []struct {
			name  string
			run   func(context.Context, string, *observer) error
			times *[]time.Duration
		}{{"bare pods", bare, &bareTimes}, {"workflows", workflows, &wfTimes}} {
			err := b.inNamespace(ctx, func(namespace string) error {
				seen, err := b.observe(ctx, namespace)
				if err != nil {
					return err
				}
				defer seen.stop()
				start := time.Now()
				if err := kind.run(ctx, namespace, seen); err != nil {
					return err
				}
				took := time.Since(start)
				*kind.times = append(*kind.times, took)
				fmt.Printf("round %d, %s: %.2f s\n", round+1, kind.name, took.Seconds())
				return nil
			})
			if err != nil {
				return 0, 0, err
			}
		}
	}
	return quantile(bareTimes, 0.5), quantile(wfTimes, 0.5), nil
}

func (b *bench) createPods(ctx context.Context, namespace string, n int, p place) error {
	return atOnce(n, func(int) error {
		_, err := b.kube.CoreV1().Pods(namespace).Create(ctx, barePod(b.options.image, p), metav1.CreateOptions{})
		return err
	})
}

func (b *bench) createWorkflows(ctx context.Context, namespace string, n int, p place) error {
	return atOnce(n, func(int) error {
		_, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, onePod(b.options.image, p), metav1.CreateOptions{})
		return err
	})
}
