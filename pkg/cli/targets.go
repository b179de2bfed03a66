package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"fairlead.dev/fairlead/pkg/cli/client"
)

const (
	// latest stands for the newest workflow of the namespace.
	latest = "@latest"
	// chunkSize is how many objects one request lists.
	chunkSize = 500
)

// errBoth refuses names beside filters: whether a filter narrows the names or adds to them is anybody's guess, and a wrong one
// ends workflows that nobody meant.
var errBoth = errors.New("give names, or flags that pick workflows (such as --selector), and not both: for both, call the command twice")

// targets are the workflows that a command is for: named, or picked by selectors.
type targets struct {
	labels, fields string
}

func (t *targets) addFlags(cmd *cobra.Command) {
	instead := ""
	if strings.Contains(cmd.Use, "WORKFLOW") {
		instead = ", instead of names"
	}
	cmd.Flags().StringVarP(&t.labels, "selector", "l", "", "Label selector of the workflows"+instead)
	cmd.Flags().StringVar(&t.fields, "field-selector", "", "Field selector of the workflows, such as status.phase=Failed"+instead)
}

// validate says which flag is wrong; the server would not know.
func (t *targets) validate() error {
	if _, err := labels.Parse(t.labels); err != nil {
		return fmt.Errorf("--selector: %q is not of the form KEY=VALUE, KEY!=VALUE or KEY in (VALUE,...): %w", t.labels, err)
	}
	if _, err := fields.ParseSelector(t.fields); err != nil {
		return fmt.Errorf("--field-selector: %w", err)
	}
	return nil
}

// names returns the names, each once even if it is given twice.
func (t *targets) names(ctx context.Context, c *client.Client, namespace string, args []string) ([]string, error) {
	switch picked := *t != (targets{}); {
	case len(args) == 0 && !picked:
		return nil, errors.New("name a workflow, or pick some with --selector or --field-selector")
	case len(args) > 0 && picked:
		return nil, errBoth
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	if len(args) > 0 {
		return resolveNames(ctx, c, namespace, args)
	}
	table, err := c.Table(ctx, client.Workflows, namespace, client.ListOptions{LabelSelector: t.labels, FieldSelector: t.fields, ChunkSize: chunkSize})
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row.meta.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no workflow in namespace %s matches; `kubectl workflow list --show-labels` shows what there is to select", namespace)
	}
	return names, nil
}

// resolveNames puts the name of the newest workflow in the place of @latest, and leaves out repetitions.
func resolveNames(ctx context.Context, c *client.Client, namespace string, args []string) ([]string, error) {
	given, err := bareNames(client.Workflows, args)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range given {
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

// connect is how most commands begin.
func (e *environment) connect() (*client.Client, string, error) {
	c, err := e.client()
	if err != nil {
		return nil, "", err
	}
	namespace, err := e.namespace()
	return c, namespace, err
}
