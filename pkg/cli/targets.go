package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/pkg/cli/client"
)

const (
	// latest stands for the newest workflow of the namespace.
	latest = "@latest"
	// chunkSize is how many objects one request lists.
	chunkSize = 500
)

// targets are the workflows that a command is for: named, or picked by selectors.
type targets struct {
	labels, fields string
}

func (t *targets) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&t.labels, "selector", "l", "", "Label selector of the workflows, instead of or besides names")
	cmd.Flags().StringVar(&t.fields, "field-selector", "", "Field selector of the workflows, such as status.phase=Failed")
}

// names returns the names, each once even if it is named and selected.
func (t *targets) names(ctx context.Context, c *client.Client, namespace string, args []string) ([]string, error) {
	if len(args) == 0 && t.labels == "" && t.fields == "" {
		return nil, errors.New("name a workflow, or pick some with --selector or --field-selector")
	}
	names, err := resolveNames(ctx, c, namespace, args)
	if err != nil {
		return nil, err
	}
	if t.labels == "" && t.fields == "" {
		return names, nil
	}
	table, err := c.Table(ctx, client.Workflows, namespace, client.ListOptions{LabelSelector: t.labels, FieldSelector: t.fields, ChunkSize: chunkSize})
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if !slices.Contains(names, row.meta.Name) {
			names = append(names, row.meta.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no workflow in namespace %s matches; `kubectl workflow list --show-labels` shows what there is to select", namespace)
	}
	return names, nil
}

// resolveNames puts the name of the newest workflow in the place of @latest, and leaves out repetitions.
func resolveNames(ctx context.Context, c *client.Client, namespace string, args []string) ([]string, error) {
	var names []string
	for _, name := range args {
		if name == latest {
			newest, err := newestWorkflow(ctx, c, namespace)
			if err != nil {
				return nil, err
			}
			name = newest
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func newestWorkflow(ctx context.Context, c *client.Client, namespace string) (string, error) {
	table, err := c.Table(ctx, client.Workflows, namespace, client.ListOptions{ChunkSize: chunkSize})
	if err != nil {
		return "", err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("namespace %s has no workflow", namespace)
	}
	newest := rows[0]
	for _, row := range rows[1:] {
		if row.meta.CreationTimestamp.After(newest.meta.CreationTimestamp.Time) {
			newest = row
		}
	}
	return newest.meta.Name, nil
}

// completeNames offers names of objects to the shell.
func (e *environment) completeNames(resource string, most int) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c, err := e.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		namespace, err := e.namespace()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if resource == client.ClusterWorkflowTemplates {
			namespace = ""
		}
		table, err := c.Table(cmd.Context(), resource, namespace, client.ListOptions{ChunkSize: chunkSize})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		rows, err := rowsOf(table)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, row := range rows {
			if !slices.Contains(args, row.meta.Name) {
				names = append(names, row.meta.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// connect is how most commands begin.
func (e *environment) connect() (*client.Client, string, error) {
	c, err := e.client()
	if err != nil {
		return nil, "", err
	}
	namespace, err := e.namespace()
	return c, namespace, err
}
