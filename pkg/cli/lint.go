package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
	"fairlead.dev/fairlead/pkg/lint"
)

// lintable are the kinds that are linted, with the resources that they are sent to.
var lintable = []struct {
	kind, resource string
	empty          func() runtime.Object
}{
	{"Workflow", client.Workflows, func() runtime.Object { return &v1alpha1.Workflow{} }},
	{"WorkflowTemplate", client.WorkflowTemplates, func() runtime.Object { return &v1alpha1.WorkflowTemplate{} }},
	{"ClusterWorkflowTemplate", client.ClusterWorkflowTemplates, func() runtime.Object { return &v1alpha1.ClusterWorkflowTemplate{} }},
	{"CronWorkflow", client.CronWorkflows, func() runtime.Object { return &v1alpha1.CronWorkflow{} }},
	{"WorkflowEventBinding", "workfloweventbindings", func() runtime.Object { return &v1alpha1.WorkflowEventBinding{} }},
}

type lintOptions struct {
	*environment
	format   string
	dryRun   dryRun
	strict   strictness
	offline  bool
	kinds    []string
	warnings bool
	defaults controllerConfig
}

// newLint returns the command for all kinds, or for those of a group of commands.
func newLint(e *environment, kinds ...string) *cobra.Command {
	o := &lintOptions{environment: e, kinds: kinds}
	what, group := "manifests", ""
	if len(kinds) > 0 {
		what, group = kinds[0]+"s", groupOf[lintable[indexOfKind(kinds[0])].resource]
	}
	cmd := &cobra.Command{
		Use:   "lint FILE|DIRECTORY|-...",
		Short: "Find the mistakes in " + what,
		Long: `Find the mistakes in ` + what + `, with the same rules as the server's, all at once and each with its path. No cluster is asked: an
object that is referred to has to be in one of the files. So it is with the controller's workflowDefaults, which may give what a
manifest leaves out: they are read from the ` + usualConfigMap + ` among the files, or from --controller-config.

With --dry-run=server the server is asked whether it would create them; it knows what is in the cluster, the workflowDefaults of its
controller, and the policies there.

The exit code is 1 when there is a mistake, or nothing to lint.`,
		Example: strings.ReplaceAll(`  kubectl workflow lint build.yaml
  # a directory, for a program to read
  kubectl workflow lint manifests/ -o simple
  # what is printed by another program
  kustomize build . | kubectl workflow lint -
  # with what the controller of a cluster lays under workflows
  kubectl get configmap -n fairlead-system `+usualConfigMap+` -o yaml | kubectl workflow lint build.yaml --controller-config -
  # with what is in the cluster
  kubectl workflow lint build.yaml --dry-run=server`, "workflow lint", strings.TrimSpace("workflow "+group)+" lint"),
		ValidArgsFunction: manifests,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.format, "output", "o", "pretty", "Output format. One of: (pretty, simple, json)")
	if len(kinds) == 0 {
		flags.StringSliceVar(&o.kinds, "kinds", nil, "Only objects of these kinds, such as workflows,cronworkflows; all (default) are those that can be linted")
		_ = cmd.RegisterFlagCompletionFunc("kinds", fixed("all", "workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows", "workfloweventbindings"))
	}
	flags.BoolVar(&o.warnings, "fail-on-warnings", false, "Take warnings for mistakes")
	o.defaults.addFlag(cmd)
	addDryRunFlag(cmd, &o.dryRun, "the same as none")
	o.strict.addFlag(cmd)
	flags.BoolVar(&o.offline, "offline", false, "Ask no cluster, which is so without --dry-run=server anyway")
	before(cmd, func() error {
		switch {
		case o.offline && o.dryRun == dryRunServer:
			return errors.New("--offline asks no cluster, --dry-run=server does: leave out one of them")
		case o.defaults.file != "" && o.dryRun == dryRunServer:
			return errors.New("with --dry-run=server the workflowDefaults are those that the server knows: leave out --controller-config")
		}
		return nil
	})
	_ = cmd.RegisterFlagCompletionFunc("output", fixed("pretty", "simple", "json"))
	return cmd
}

func (o *lintOptions) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("name files or directories, or - for standard input")
	}
	if !slices.Contains([]string{"pretty", "simple", "json"}, o.format) {
		return fmt.Errorf("--output: %q is not one of pretty, simple and json", o.format)
	}
	if err := o.checkKinds(); err != nil {
		return err
	}
	var broken []problem
	reader := manifest.Reader{In: o.In, Directories: true, Broken: func(source string, line int, err error) {
		broken = append(broken, problem{Source: source, Line: line, Severity: lint.Error, Message: err.Error()})
	}}
	documents, err := reader.Read(ctx, args)
	if err != nil {
		return err
	}
	if err := o.defaults.read(ctx, o.environment, args); err != nil {
		return err
	}
	for _, d := range documents {
		if !o.defaults.isControllerConfig(d) {
			continue
		}
		if err := o.defaults.add(d); err != nil {
			o.defaults.unread = true
			broken = append(broken, problemAt(d, "", lint.Warning, err.Error()))
		}
	}
	documents = slices.DeleteFunc(documents, func(d *manifest.Document) bool { return !o.wanted(d) })
	if len(documents) == 0 && len(broken) == 0 {
		return fmt.Errorf("nothing to lint in %s", sourceNames(args))
	}
	for _, d := range documents {
		for _, warning := range d.Warnings {
			broken = append(broken, problemAt(d, "", lint.Warning, warning))
		}
	}
	problems, err := o.problems(ctx, documents)
	if err != nil {
		return err
	}
	return o.report(len(documents), append(broken, problems...))
}

func (o *lintOptions) wanted(d *manifest.Document) bool {
	groups := []string{v1alpha1.GroupName}
	if o.apiGroup != "" {
		groups = append(groups, o.apiGroup)
	}
	if !d.IsWorkflowAPI(groups...) {
		return false
	}
	kind := d.Object.GetKind()
	at := indexOfKind(kind)
	return at >= 0 && (len(o.kinds) == 0 || slices.ContainsFunc(o.kinds, func(named string) bool { return indexOfName(named) == at }))
}

// checkKinds refuses kinds that cannot be linted; "all" is as if none were named.
func (o *lintOptions) checkKinds() error {
	for _, named := range o.kinds {
		if strings.EqualFold(named, "all") {
			o.kinds = nil
			return nil
		}
		if indexOfName(named) < 0 {
			known := make([]string, len(lintable))
			for i := range lintable {
				known[i] = lintable[i].resource
			}
			return fmt.Errorf("--kinds: %q is none of all, %s", named, strings.Join(known, ", "))
		}
	}
	return nil
}

// indexOfName finds a kind by any name that people use for it.
func indexOfName(named string) int {
	for i := range lintable {
		if short := strings.ToLower(named); kindNames[short] == lintable[i].resource || short == lintable[i].resource || short == strings.ToLower(lintable[i].kind) {
			return i
		}
	}
	return -1
}

func indexOfKind(kind string) int {
	for i := range lintable {
		if lintable[i].kind == kind {
			return i
		}
	}
	return -1
}
