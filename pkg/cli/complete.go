package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

// completer offers words to the shell. One that cannot find any offers none: there is nobody to tell.
type completer = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

const noFiles = cobra.ShellCompDirectiveNoFileComp

func fixed(words ...string) completer { return cobra.FixedCompletions(words, noFiles) }

// manifests offers files that may be one.
func manifests(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

// namesOf returns the names of the objects of a resource; none when they cannot be had.
func (e *environment) namesOf(cmd *cobra.Command, resource string) []string {
	c, namespace, err := e.connect()
	if err != nil {
		return nil
	}
	if resource == client.ClusterWorkflowTemplates {
		namespace = ""
	}
	table, err := c.Table(cmd.Context(), resource, namespace, client.ListOptions{ChunkSize: chunkSize})
	if err != nil {
		return nil
	}
	rows, err := rowsOf(table)
	if err != nil {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b tableRow) int { return byAge(&a.meta, &b.meta) })
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row.meta.Name)
	}
	return names
}

// completeNames offers names of objects, the newest first, up to so many arguments; 0 is any number.
func (e *environment) completeNames(resource string, most int) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, noFiles
		}
		names := slices.DeleteFunc(e.namesOf(cmd, resource), func(name string) bool { return slices.Contains(args, name) })
		return names, noFiles | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeFrom offers kinds, and behind a kind the objects of it.
func (e *environment) completeFrom(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	kind, _, found := strings.Cut(begun, "/")
	if !found {
		return []string{"workflowtemplate/", "clusterworkflowtemplate/", "cronworkflow/"}, noFiles | cobra.ShellCompDirectiveNoSpace
	}
	names := e.namesOf(cmd, kindNames[strings.ToLower(kind)])
	for i := range names {
		names[i] = kind + "/" + names[i]
	}
	return names, noFiles
}

// nodesOf returns the nodes of a workflow, in their order; none when they cannot be had.
func (e *environment) nodesOf(cmd *cobra.Command, workflow string) []v1alpha1.NodeStatus {
	c, namespace, err := e.connect()
	if err != nil {
		return nil
	}
	names, err := resolveNames(cmd.Context(), c, namespace, []string{workflow})
	if err != nil {
		return nil
	}
	header, err := c.Header(cmd.Context(), namespace, names[0])
	if err != nil {
		return nil
	}
	nodes, err := c.NewNodes().Update(cmd.Context(), header)
	if err != nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(nodes), func(a, b v1alpha1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
}

// completeSteps offers what it is given of the nodes of the workflow that is the first argument, each once.
func (e *environment) completeSteps(words func(*v1alpha1.NodeStatus) []string) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, noFiles
		}
		var all []string
		seen := map[string]bool{}
		nodes := e.nodesOf(cmd, args[0])
		for i := range nodes {
			if nodes[i].Type == v1alpha1.NodeTypeStepGroup {
				continue // nothing that anybody named
			}
			for _, word := range words(&nodes[i]) {
				if word != "" && !seen[word] {
					seen[word] = true
					all = append(all, word)
				}
			}
		}
		return all, noFiles
	}
}

// completeLogs offers workflows, then the steps of the one that is named.
func (e *environment) completeLogs(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return e.completeNames(client.Workflows, 1)(cmd, args, begun)
	case 1:
		return e.completeSteps(displayName)(cmd, args, begun)
	}
	return nil, noFiles
}

// completeCopy offers workflows, then directories.
func (e *environment) completeCopy(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return e.completeNames(client.Workflows, 1)(cmd, args, begun)
}

func displayName(n *v1alpha1.NodeStatus) []string { return []string{n.DisplayName} }
func nodeID(n *v1alpha1.NodeStatus) []string      { return []string{n.ID} }
func templateName(n *v1alpha1.NodeStatus) []string {
	return []string{n.TemplateName}
}

func outputArtifacts(n *v1alpha1.NodeStatus) []string {
	if n.Outputs == nil {
		return nil
	}
	var names []string
	for i := range n.Outputs.Artifacts {
		names = append(names, n.Outputs.Artifacts[i].Name)
	}
	return names
}

// completeNodeSelector offers fields, and behind a field the values that nodes of the workflow have.
func (e *environment) completeNodeSelector(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	field, _, found := strings.Cut(begun, "=")
	if !found {
		return []string{"displayName=", "phase=", "templateName=", "name=", "id="}, noFiles | cobra.ShellCompDirectiveNoSpace
	}
	get := map[string]func(*v1alpha1.NodeStatus) []string{
		"displayName": displayName, "id": nodeID, "templateName": templateName,
		"name":  func(n *v1alpha1.NodeStatus) []string { return []string{n.Name} },
		"phase": func(n *v1alpha1.NodeStatus) []string { return []string{string(n.Phase)} },
	}[field]
	if get == nil {
		return nil, noFiles
	}
	return e.completeSteps(func(n *v1alpha1.NodeStatus) []string {
		words := get(n)
		for i := range words {
			words[i] = field + "=" + words[i]
		}
		return words
	})(cmd, args, begun)
}

// completeConnection offers values of the flags that say which cluster and which part of it.
func (e *environment) completeConnection(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("namespace", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		c, err := e.client()
		if err != nil {
			return nil, noFiles
		}
		names, err := c.Namespaces(cmd.Context())
		if err != nil {
			return nil, noFiles
		}
		return names, noFiles
	})
	ofKubeconfig := func(flag string, keys func(*api.Config) []string) {
		_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			config, err := e.config.ToRawKubeConfigLoader().RawConfig()
			if err != nil {
				return nil, noFiles
			}
			return keys(&config), noFiles
		})
	}
	ofKubeconfig("context", func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) })
	ofKubeconfig("cluster", func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) })
	ofKubeconfig("user", func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) })
}
