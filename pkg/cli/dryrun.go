package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

// dryRun says how far a command goes: all the way, or only to show what it would send, or to have the server check it.
type dryRun string

const (
	dryRunNone   dryRun = "none"
	dryRunClient dryRun = "client"
	dryRunServer dryRun = "server"
)

// addDryRunFlag adds the flag. Not every command can do without the server.
func addDryRunFlag(cmd *cobra.Command, value *dryRun, client string) {
	*value = dryRunNone
	usage := `"none" or "server": have the server check it and say what would come of it, and store nothing`
	values := []string{"none", "server"}
	if client != "" {
		usage = fmt.Sprintf(`"none", "client" or "server". client: %s. server: have the server check it, and store nothing`, client)
		values = []string{"none", "client", "server"}
	}
	cmd.Flags().Var(&dryRunValue{value, values}, "dry-run", usage)
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "server"
	// The name that this goes by elsewhere.
	cmd.Flags().BoolFunc("server-dry-run", "The same as --dry-run=server", func(text string) error {
		on, err := strconv.ParseBool(text)
		if on {
			*value = dryRunServer
		}
		return err
	})
	_ = cmd.Flags().MarkHidden("server-dry-run")
	_ = cmd.RegisterFlagCompletionFunc("dry-run", fixed(values...))
}

type dryRunValue struct {
	value *dryRun
	known []string
}

// String implements pflag.Value.
func (v *dryRunValue) String() string { return string(*v.value) }

// Type implements pflag.Value.
func (v *dryRunValue) Type() string { return "string" }

// Set implements pflag.Value.
func (v *dryRunValue) Set(text string) error {
	for _, known := range v.known {
		if text == known {
			*v.value = dryRun(text)
			return nil
		}
	}
	return fmt.Errorf("must be one of %q", v.known)
}

// remark is what stands behind the name of an object that was only tried.
func (d dryRun) remark() string {
	switch d {
	case dryRunClient:
		return " (dry run)"
	case dryRunServer:
		return " (server dry run)"
	}
	return ""
}
