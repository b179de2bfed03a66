package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
	"fairlead.dev/fairlead/pkg/cli/tree"
)

// short is the format that says in one line what there is to say of the workflow, and of steps only how long they took.
const short = "short"

const signs = `The signs: ◷ pending, ● running, ‖ waits for somebody, ✔ succeeded, ✖ failed, ⚠ error, ○ skipped or omitted. Steps joined by ┬ run
side by side.`

type getOptions struct {
	*environment
	output   *output
	live     bool
	full     bool
	statuses []string
	selector string
}

func newGet(e *environment) *cobra.Command {
	o := &getOptions{environment: e, output: newOutput("", wide, short)}
	cmd := &cobra.Command{
		Use:   "get WORKFLOW...",
		Short: "Show a workflow as a tree of its steps",
		Long: `Show a workflow as a tree of its steps, with how long each took and what it said.

Of a large workflow only what matters is drawn: what failed and what is going on; the rest is counted. --full draws all of it.
With --watch the tree is drawn again in its place whenever something happens, until the workflow is over; where the output is no
terminal, a line is printed for each change instead.

` + signs,
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
	cmd.Flags().BoolVarP(&o.live, "watch", "w", false, "Go on until the workflow is over")
	o.addFlags(cmd)
	return cmd
}

func newWatch(e *environment) *cobra.Command {
	o := &getOptions{environment: e, output: newOutput("", wide, short), live: true}
	cmd := &cobra.Command{
		Use:   "watch WORKFLOW",
		Short: "Show a workflow until it is over",
		Long: `Show a workflow as a tree of its steps until it is over: the same as get --watch. On a terminal the tree is drawn again in its
place whenever something happens; elsewhere a line is printed for each change. How the workflow ended is not in the exit code:
that is what wait is for.

` + signs,
		Example: `  kubectl workflow watch @latest
  # only what goes wrong
  kubectl workflow watch big --status failed,error`,
		ValidArgsFunction: e.completeNames(client.Workflows, 1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.addFlags(cmd)
	return cmd
}

func (o *getOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.full, "full", false, "Draw every step, however many there are")
	addNodeFlags(cmd, &o.statuses, &o.selector, "Only ")
	_ = cmd.RegisterFlagCompletionFunc("node-field-selector", o.completeNodeSelector)
	o.output.addFlags(cmd)
}

// addNodeFlags adds flags that say which steps are drawn.
func addNodeFlags(cmd *cobra.Command, statuses *[]string, selector *string, what string) {
	cmd.Flags().StringSliceVar(statuses, "status", nil, what+"steps in one of these phases: pending, running, succeeded, skipped, failed, error, omitted")
	cmd.Flags().StringVar(selector, "node-field-selector", "", what+"steps that this picks, such as displayName=build,phase=Failed")
	_ = cmd.RegisterFlagCompletionFunc("status", fixed("pending", "running", "succeeded", "skipped", "failed", "error", "omitted"))
}

func (o *getOptions) run(ctx context.Context, args []string) error {
	keep, err := selection.Both(o.statuses, o.selector)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return errors.New("name a workflow; `kubectl workflow list` shows which there are, and @latest is the newest")
	case o.live && len(args) > 1:
		return errors.New("one workflow at a time can be watched")
	case o.live && !o.output.isOwn():
		return errors.New("a tree is watched: leave out --output, or use `kubectl get --watch`")
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	names, err := resolveNames(ctx, c, namespace, args)
	if err != nil {
		return err
	}
	format := o.output.format()
	picture := picture{environment: o.environment, full: o.full, wide: format == wide, short: format == short, keep: keep}
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
		o.printf("%s\n", strings.Join(picture.lines(header, nodes, 0), "\n"))
		return nil
	})
}

// picture is how a workflow is shown: what is said about it as a whole, and the tree.
type picture struct {
	*environment
	full, wide, short bool
	keep              func(*v1alpha1.NodeStatus) bool
}

// lines draws a workflow. Unless 0, so many lines are the most that there may be.
func (p *picture) lines(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus, most int) []string {
	options := p.drawing()
	options.Full, options.Wide, options.Short, options.Keep = p.full, p.wide, p.short, p.keep
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
