package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/printers"

	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
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
	cmd.AddCommand(g.list(), g.get(), g.create(), g.delete(), newLint(g.environment, g.kind))
	return cmd
}

func (g *kindGroup) list() *cobra.Command {
	o := newOutput("", wide)
	var all, noHeaders bool
	var t targets
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List " + g.noun + "s", Args: cobra.NoArgs,
		Example:           "  kubectl workflow " + g.use + " list",
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
		Use: "get NAME...", Short: "Show " + g.noun + "s", Args: cobra.MinimumNArgs(1),
		Example:           "  kubectl workflow " + g.use + " get build -o yaml",
		ValidArgsFunction: g.completeNames(g.resource, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			first := true
			return g.each(args, func(name string) error {
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

func (g *kindGroup) create() *cobra.Command {
	o := newOutput("created")
	var try dryRun
	cmd := &cobra.Command{
		Use: "create FILE...", Short: "Create " + g.noun + "s from files",
		Long: "Create " + g.noun + "s from files, addresses or standard input (-). Objects of other kinds in them are left out with a warning.\n" +
			"To change an object that is there, use `kubectl apply -f`.",
		Example: "  kubectl workflow " + g.use + " create build.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.createFrom(cmd.Context(), args, o, try)
		},
	}
	addDryRunFlag(cmd, &try, "print what would be sent")
	o.addFlags(cmd)
	return cmd
}

func (g *kindGroup) createFrom(ctx context.Context, sources []string, o *output, try dryRun) error {
	reader := manifest.Reader{In: g.In}
	documents, err := reader.Read(ctx, sources)
	if err != nil {
		return err
	}
	c, namespace, err := g.connect()
	if err != nil {
		return err
	}
	created := 0
	for _, d := range documents {
		if !d.IsWorkflowAPI(c.GroupVersion.Group) || d.Object.GetKind() != g.kind {
			g.warn("%s: %s is no %s and left out", d, d.Object.GetKind(), g.kind)
			continue
		}
		d.Object.SetAPIVersion(c.GroupVersion.String())
		if g.namespaced() {
			if err := g.setNamespace(d, namespace); err != nil {
				return err
			}
		}
		object := d.Object
		if try != dryRunClient {
			if object, err = c.Create(ctx, g.resource, d.Object.GetNamespace(), d.Object, try == dryRunServer); err != nil {
				return fmt.Errorf("%s: %w", d, err)
			}
		}
		created++
		if err := o.print(g.environment, object, try.remark()); err != nil {
			return err
		}
	}
	if created == 0 {
		return fmt.Errorf("no %s in %s", g.kind, strings.Join(sources, ", "))
	}
	return nil
}

func (g *kindGroup) delete() *cobra.Command {
	var all bool
	var labels string
	var try dryRun
	cmd := &cobra.Command{
		Use: "delete [NAME...]", Short: "Delete " + g.noun + "s",
		Example:           "  kubectl workflow " + g.use + " delete build",
		ValidArgsFunction: g.completeNames(g.resource, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			if all || labels != "" {
				table, err := c.Table(ctx, g.resource, namespace, client.ListOptions{LabelSelector: labels, ChunkSize: chunkSize})
				if err != nil {
					return err
				}
				rows, err := rowsOf(table)
				if err != nil {
					return err
				}
				for _, r := range rows {
					if !slices.Contains(args, r.meta.Name) {
						args = append(args, r.meta.Name)
					}
				}
			}
			if len(args) == 0 && !all && labels == "" {
				return errors.New("give names, a selector, or --all")
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
