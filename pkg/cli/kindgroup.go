package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/printers"

	"fairlead.dev/fairlead/pkg/cli/client"
)

// kindGroup is a group of commands about objects of one kind.
type kindGroup struct {
	*environment
	// kind and resource are what the API calls them, use and noun what people do.
	kind, resource, use, noun string
	// describe prints an object for people.
	describe func(*unstructured.Unstructured)
}

func (g *kindGroup) namespaced() bool { return g.resource != client.ClusterWorkflowTemplates }

// connect returns the namespace of the objects, which is none for those of the cluster.
func (g *kindGroup) connect() (*client.Client, string, error) {
	c, namespace, err := g.environment.connect()
	if !g.namespaced() {
		namespace = ""
	}
	return c, namespace, err
}

func (g *kindGroup) command(aliases ...string) *cobra.Command {
	cmd := &cobra.Command{Use: g.use, Aliases: aliases, Short: "Look at and change " + g.noun + "s"}
	cmd.AddCommand(g.list(), g.get(), g.create(), g.update(), g.delete(), newLint(g.environment, g.kind))
	return cmd
}

func (g *kindGroup) list() *cobra.Command {
	o := newOutput("", wide)
	var all, noHeaders bool
	var t targets
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List " + g.noun + "s", Args: noArguments,
		Example:           "  kubectl workflow " + g.use + " list\n  # names for a script\n  kubectl workflow " + g.use + " list -l team=web -o name",
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			if all {
				namespace = ""
			}
			request := client.ListOptions{LabelSelector: t.labels, FieldSelector: t.fields, ChunkSize: chunkSize}
			if !o.isOwn() {
				list, err := c.List(cmd.Context(), g.resource, namespace, request)
				if err != nil {
					return err
				}
				return o.print(g.environment, list, "")
			}
			table, err := c.Table(cmd.Context(), g.resource, namespace, request)
			if err != nil {
				return err
			}
			rows, err := rowsOf(table)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				g.errorf("There is no %s.", g.noun)
				return nil
			}
			return g.printTable(table, rows, printers.PrintOptions{Wide: o.format() == wide, NoHeaders: noHeaders, WithNamespace: all})
		},
	}
	if g.namespaced() {
		cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "Of all namespaces")
	}
	cmd.Flags().BoolVar(&noHeaders, "no-headers", false, "Print no line of titles")
	cmd.Flags().StringVarP(&t.labels, "selector", "l", "", "Only those with these labels")
	o.addFlags(cmd)
	return cmd
}

func (g *kindGroup) get() *cobra.Command {
	o := newOutput("")
	cmd := &cobra.Command{
		Use: "get NAME...", Short: "Show " + g.noun + "s", Args: arguments(1, 0, g.noun+"s; `kubectl workflow "+g.use+" list` shows which there are"),
		Example:           "  kubectl workflow " + g.use + " get build\n  kubectl workflow " + g.use + " get build -o yaml",
		ValidArgsFunction: g.completeNames(g.resource, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			names, err := bareNames(g.resource, args)
			if err != nil {
				return err
			}
			first := true
			return g.each(names, func(name string) error {
				object, err := c.Get(cmd.Context(), g.resource, namespace, name)
				if err != nil {
					return err
				}
				if !o.isOwn() {
					return o.print(g.environment, object, "")
				}
				if !first {
					g.printf("\n")
				}
				first = false
				g.describe(object)
				return nil
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (g *kindGroup) delete() *cobra.Command {
	var all bool
	var labels string
	var try dryRun
	cmd := &cobra.Command{
		Use: "delete [NAME...]", Short: "Delete " + g.noun + "s",
		Example:           "  kubectl workflow " + g.use + " delete build\n  # what would go?\n  kubectl workflow " + g.use + " delete -l team=web --dry-run=server",
		ValidArgsFunction: g.completeNames(g.resource, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch picked := all || labels != ""; {
			case len(args) > 0 && picked:
				return errors.New("give names, or --selector or --all, and not both: for both, call the command twice")
			case len(args) == 0 && !picked:
				return errors.New("give names, or --selector or --all")
			}
			ctx := cmd.Context()
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			if args, err = bareNames(g.resource, args); err != nil {
				return err
			}
			if all || labels != "" {
				if args, err = g.pick(ctx, c, namespace, labels); err != nil {
					return err
				}
				if len(args) == 0 {
					g.errorf("No %s matches.", g.noun)
					return nil
				}
			}
			return g.each(args, func(name string) error {
				if err := c.Delete(ctx, g.resource, namespace, name, "", try == dryRunServer); err != nil {
					return err
				}
				g.printf("%s %q deleted%s\n", strings.ToLower(g.kind), name, try.remark())
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "All of them")
	cmd.Flags().StringVarP(&labels, "selector", "l", "", "Those with these labels")
	addDryRunFlag(cmd, &try, "")
	return cmd
}

// pick returns the names of the objects with these labels.
func (g *kindGroup) pick(ctx context.Context, c *client.Client, namespace, labels string) ([]string, error) {
	table, err := c.Table(ctx, g.resource, namespace, client.ListOptions{LabelSelector: labels, ChunkSize: chunkSize})
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rows))
	for _, r := range rows {
		names = append(names, r.meta.Name)
	}
	return names, nil
}
