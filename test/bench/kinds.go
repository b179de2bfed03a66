package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// artifactBytes is the size of the file that goes from step to step.
const artifactBytes = 1 << 20

// stepKind is a kind of step, beside a bare pod that runs the same command.
type stepKind struct {
	name    string
	command string
	// template is the step's template, named run; link makes the i-th step use what the one before has left.
	template func(c corev1.Container) v1alpha1.Template
	link     func(step *v1alpha1.WorkflowStep, before string)
}

var stepKinds = []stepKind{
	{
		name: "plain", command: "true",
		template: func(c corev1.Container) v1alpha1.Template { return v1alpha1.Template{Container: &c} },
		link:     func(*v1alpha1.WorkflowStep, string) {},
	},
	{
		name: "script with a result", command: "echo 1",
		template: func(c corev1.Container) v1alpha1.Template {
			script := &v1alpha1.ScriptTemplate{Container: c, Source: "echo 1"}
			script.Command, script.Args = []string{"sh"}, nil
			return v1alpha1.Template{Script: script, Inputs: v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "before", Default: v1alpha1.AnyStringPtr("")}}}}
		},
		link: func(step *v1alpha1.WorkflowStep, before string) {
			step.Arguments.Parameters = []v1alpha1.Parameter{{Name: "before", Value: v1alpha1.AnyStringPtr("{{steps." + before + ".outputs.result}}")}}
		},
	},
	{
		name: "one small output", command: "echo 1 > /tmp/out",
		template: func(c corev1.Container) v1alpha1.Template {
			return v1alpha1.Template{
				Container: &c,
				Inputs:    v1alpha1.Inputs{Parameters: []v1alpha1.Parameter{{Name: "before", Default: v1alpha1.AnyStringPtr("")}}},
				Outputs:   v1alpha1.Outputs{Parameters: []v1alpha1.Parameter{{Name: "out", ValueFrom: &v1alpha1.ValueFrom{Path: "/tmp/out"}}}},
			}
		},
		link: func(step *v1alpha1.WorkflowStep, before string) {
			step.Arguments.Parameters = []v1alpha1.Parameter{{Name: "before", Value: v1alpha1.AnyStringPtr("{{steps." + before + ".outputs.parameters.out}}")}}
		},
	},
	{
		name: "1 MiB artifact in and out", command: fmt.Sprintf("[ -f /tmp/in ] && cp /tmp/in /tmp/out || head -c %d /dev/urandom > /tmp/out", artifactBytes),
		template: func(c corev1.Container) v1alpha1.Template {
			return v1alpha1.Template{
				Container: &c,
				Inputs:    v1alpha1.Inputs{Artifacts: v1alpha1.Artifacts{{Name: "in", Path: "/tmp/in", Optional: true}}},
				Outputs:   v1alpha1.Outputs{Artifacts: v1alpha1.Artifacts{{Name: "out", Path: "/tmp/out"}}},
			}
		},
		link: func(step *v1alpha1.WorkflowStep, before string) {
			step.Arguments.Artifacts = v1alpha1.Artifacts{{Name: "in", From: "{{steps." + before + ".outputs.artifacts.out}}"}}
		},
	},
}

// runKinds measures what a step of each kind takes more than a bare pod with the same command, in chains that really run.
// The artifacts need a default artifact repository; a cluster without one has no figure for them.
func (b *bench) runKinds(ctx context.Context) error {
	n := b.options.chain
	for _, kind := range stepKinds {
		c := container(b.options.image)
		c.Command = []string{"sh", "-c", kind.command}
		pods, workflows, err := b.inTurn(ctx,
			func(ctx context.Context, namespace string, seen *observer) error {
				for i := range n {
					pod := barePod(b.options.image, onRealNodes)
					pod.Spec.Containers[0] = c
					if _, err := b.kube.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
						return err
					}
					if err := seen.awaitPods(ctx, i+1); err != nil {
						return err
					}
				}
				return nil
			},
			func(ctx context.Context, namespace string, seen *observer) error {
				if _, err := b.fairlead.ArgoprojV1alpha1().Workflows(namespace).Create(ctx, kind.chainOf(n, b.options.image, c), metav1.CreateOptions{}); err != nil {
					return err
				}
				return seen.awaitWorkflows(ctx, 1)
			})
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		b.report.add("kinds", "bare pod, for "+kind.name, pods.Seconds()/float64(n), "s", "each of a chain")
		b.report.add("kinds", "added by a step: "+kind.name, (workflows-pods).Seconds()/float64(n), "s", "each of a chain")
	}
	return nil
}

// chainOf is a workflow of n steps of this kind.
func (k stepKind) chainOf(n int, image string, c corev1.Container) *v1alpha1.Workflow {
	wf := chainOf(n, image, onRealNodes)
	c.Name = ""
	leaf := k.template(c)
	leaf.Name = wf.Spec.Templates[0].Name
	wf.Spec.Templates[0] = leaf
	groups := wf.Spec.Templates[1].Steps
	for i := 1; i < len(groups); i++ {
		k.link(&groups[i].Steps[0], groups[i-1].Steps[0].Name)
	}
	return wf
}
