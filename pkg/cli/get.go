package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
	"fairlead.dev/fairlead/pkg/cli/tree"
)

type getOptions struct {
	*environment
	output   *output
	live     bool
	full     bool
	statuses []string
	selector string
}

func newGet(e *environment) *cobra.Command {
	o := &getOptions{environment: e, output: newOutput("", wide)}
	cmd := &cobra.Command{
		Use:   "get WORKFLOW...",
		Short: "Show a workflow as a tree of its steps",
		Long: `Show a workflow as a tree of its steps, with how long each took and what it said.

Of a large workflow only what matters is drawn: what failed and what is going on; the rest is counted. --full draws all of it.
With --watch the tree is drawn again in its place whenever something happens, until the workflow is over; where the output is no
terminal, a line is printed for each change instead.

The signs: ◷ pending, ● running, ‖ waits for somebody, ✔ succeeded, ✖ failed, ⚠ error, ○ skipped or omitted. Steps joined by ┬ run
side by side.`,
		Example: `  kubectl workflow get hello-world-x7k2p
  # follow the newest workflow until it is over
  kubectl workflow get @latest -w
  # which steps failed, and in which pods
  kubectl workflow get big --status failed -o wide
  # one branch of it
  kubectl workflow get big --node-field-selector displayName=build`,
		ValidArgsFunction: e.completeNames(client.Workflows, 0),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.live, "watch", "w", false, "Go on until the workflow is over")
	flags.BoolVar(&o.full, "full", false, "Draw every step, however many there are")
	flags.StringSliceVar(&o.statuses, "status", nil, "Only steps in one of these phases: pending, running, succeeded, skipped, failed, error, omitted")
	flags.StringVar(&o.selector, "node-field-selector", "", "Only steps that this picks, such as displayName=build,phase=Failed")
	o.output.addFlags(cmd)
	return cmd
}

// keep combines the filters of steps.
func (o *getOptions) keep() (func(*v1alpha1.NodeStatus) bool, error) {
	byPhase, err := selection.Phases(o.statuses)
	if err != nil {
		return nil, err
	}
	byField, err := selection.Nodes(o.selector)
	if err != nil || byField == nil {
		return byPhase, err
	}
	if byPhase == nil {
		return byField, nil
	}
	return func(n *v1alpha1.NodeStatus) bool { return byPhase(n) && byField(n) }, nil
}

func (o *getOptions) run(ctx context.Context, args []string) error {
	keep, err := o.keep()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return errors.New("name a workflow; `kubectl workflow list` shows which there are, and @latest is the newest")
	case o.live && len(args) > 1:
		return errors.New("one workflow at a time can be watched")
	case o.live && !o.output.isOwn():
		return errors.New("--watch shows the tree: leave out --output, or use `kubectl get --watch`")
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	names, err := resolveNames(ctx, c, namespace, args)
	if err != nil {
		return err
	}
	picture := picture{environment: o.environment, full: o.full, wide: o.output.format() == wide, keep: keep}
	if o.live {
		_, err := watchWorkflow(ctx, c, picture, namespace, names[0])
		return err
	}
	first := true
	return o.each(names, func(name string) error {
		if !o.output.isOwn() {
			object, err := c.Get(ctx, client.Workflows, namespace, name)
			if err != nil {
				return err
			}
			return o.output.print(o.environment, object, "")
		}
		header, err := c.Header(ctx, namespace, name)
		if err != nil {
			return err
		}
		nodes, err := c.NewNodes().Update(ctx, header)
		if err != nil {
			return err
		}
		if !first {
			o.printf("\n")
		}
		first = false
		for _, line := range picture.lines(header, nodes, 0) {
			o.printf("%s\n", line)
		}
		return nil
	})
}

// picture is how a workflow is shown: what is said about it as a whole, and the tree.
type picture struct {
	*environment
	full, wide bool
	keep       func(*v1alpha1.NodeStatus) bool
}

// lines draws a workflow. Unless 0, so many lines are the most that there may be.
func (p *picture) lines(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus, most int) []string {
	options := p.drawing()
	options.Full, options.Wide, options.Keep = p.full, p.wide, p.keep
	lines := tree.Heading(header, nodes, options)
	if most > 0 {
		// Where the whole is too high for the screen, the tree comes before lists of parameters.
		lines = lines[:min(len(lines), max(1, most/2))]
		if options.Lines = most - len(lines) - 1; options.Lines < 1 {
			return lines
		}
	}
	drawn := tree.Draw(header, nodes, options)
	if len(drawn) > 0 {
		lines = append(append(lines, ""), drawn...)
	}
	if len(drawn) == 0 && p.keep != nil && len(nodes) > 0 {
		lines = append(lines, "", fmt.Sprintf("None of the %d steps and groups is as asked for.", len(nodes)))
	}
	return lines
}
