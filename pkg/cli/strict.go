package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/pkg/cli/client"
)

// strictness says whether a manifest may have fields that nobody knows.
type strictness bool

func (s *strictness) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar((*bool)(s), "strict", true, "Refuse fields that nobody knows, which are most often misspelt; otherwise they are dropped with a warning")
}

// write says how what was read is sent.
func (s *strictness) write(try dryRun) client.WriteOptions {
	return client.WriteOptions{DryRun: try == dryRunServer, Lenient: !bool(*s)}
}

// sourceNames lists where manifests came from.
func sourceNames(sources []string) string {
	named := make([]string, len(sources))
	for i, source := range sources {
		if named[i] = source; source == "-" {
			named[i] = "standard input"
		}
	}
	return strings.Join(named, ", ")
}

// noneIn is the error for manifests without an object that was looked for.
func noneIn(what string, sources []string) error {
	return fmt.Errorf("no %s in %s", what, sourceNames(sources))
}
