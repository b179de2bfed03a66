package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/pkg/cli/client"
)

// arguments takes from least to most arguments, most of 0 being any number; otherwise it says what they are.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("name %s\nSee '%s --help'", what, cmd.CommandPath())
		case most > 0 && len(args) > most:
			return tooMany(cmd, args[most])
		}
		return nil
	}
}

// noArguments is for commands that everything is said to with flags.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return tooMany(cmd, args[0])
	}
	return nil
}

func tooMany(cmd *cobra.Command, arg string) error {
	return fmt.Errorf("%q is one argument too many for '%s'\nSee '%s --help'", arg, cmd.CommandPath(), cmd.CommandPath())
}

// gather makes a command that only has others below it, so that one which it does not have is an error rather than its help.
func gather(cmd *cobra.Command) {
	if cmd.Runnable() || !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	text := fmt.Sprintf("'%s' has no command %q", cmd.CommandPath(), name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("%s; did you mean %s?", text, strings.Join(near, ", "))
	}
	return fmt.Errorf("%s\nSee '%s --help'", text, cmd.CommandPath())
}

// before adds a check to what happens before a command runs.
func before(cmd *cobra.Command, check func() error) {
	earlier := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if earlier != nil {
			if err := earlier(cmd, args); err != nil {
				return err
			}
		}
		return check()
	}
}

// exclusive lets at most one of some flags be given.
func exclusive(cmd *cobra.Command, flags ...string) {
	cmd.MarkFlagsMutuallyExclusive(flags...) // completion then offers no second one
	before(cmd, func() error {
		var given []string
		for _, name := range flags {
			if cmd.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		if len(given) > 1 {
			return errors.New("give one of " + strings.Join(given, " and "))
		}
		return nil
	})
}

// kindNames are the names that people use for kinds, with the resources that they mean (OPS-02).
var kindNames = map[string]string{
	"workflow": client.Workflows, "workflows": client.Workflows, "wf": client.Workflows,
	"workflowtemplate": client.WorkflowTemplates, "workflowtemplates": client.WorkflowTemplates,
	"wftmpl": client.WorkflowTemplates, "wftmpls": client.WorkflowTemplates,
	"clusterworkflowtemplate": client.ClusterWorkflowTemplates, "clusterworkflowtemplates": client.ClusterWorkflowTemplates,
	"clusterwftmpl": client.ClusterWorkflowTemplates, "cwft": client.ClusterWorkflowTemplates,
	"cronworkflow": client.CronWorkflows, "cronworkflows": client.CronWorkflows, "cronwf": client.CronWorkflows, "cwf": client.CronWorkflows,
}

// bareName takes names also in the form that -o name prints and kubectl takes: workflow/NAME or workflows.GROUP/NAME.
func bareName(resource, arg string) (string, error) {
	kind, name, found := strings.Cut(arg, "/")
	if !found {
		return arg, nil
	}
	short, _, _ := strings.Cut(strings.ToLower(kind), ".")
	if kindNames[short] != resource || name == "" {
		return "", fmt.Errorf("%q is not the name of one of the %s", arg, resource)
	}
	return name, nil
}

// bareNames leaves out repetitions.
func bareNames(resource string, args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		name, err := bareName(resource, arg)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
