package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
	"fairlead.dev/fairlead/pkg/cli/tree"
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

// problem is a finding with its place, as it is printed in JSON.
type problem struct {
	Source   string        `json:"source"`
	Line     int           `json:"line"`
	Kind     string        `json:"kind"`
	Name     string        `json:"name,omitempty"`
	Path     string        `json:"path,omitempty"`
	Severity lint.Severity `json:"severity"`
	Message  string        `json:"message"`
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

// problems finds what is wrong, here or on the server.
func (o *lintOptions) problems(ctx context.Context, documents []*manifest.Document) ([]problem, error) {
	if o.dryRun == dryRunServer {
		return o.askServer(ctx, documents)
	}
	namespace := ""
	if o.config.Namespace != nil {
		namespace = *o.config.Namespace
	}
	for _, d := range documents {
		o.instance.Label(d.Object)
	}
	return lintOffline(documents, o.strict, lint.Options{Namespace: namespace, Lookup: &o.defaults}), nil
}

// lintOffline lints the documents together, so that they may refer to each other.
func lintOffline(documents []*manifest.Document, strict strictness, options lint.Options) []problem {
	var problems []problem
	objects := make([]runtime.Object, len(documents))
	for i, d := range documents {
		object := lintable[indexOfKind(d.Object.GetKind())].empty()
		unknown, err := kjson.UnmarshalStrict(d.JSON, object)
		if err != nil {
			problems = append(problems, misshapen(d, object, err)...)
			objects[i] = &metav1.Status{} // not linted
			continue
		}
		if meta, ok := object.(metav1.Object); ok {
			meta.SetLabels(d.Object.GetLabels()) // --instanceid may have changed them
		}
		severity := lint.Error
		if !strict {
			severity = lint.Warning
		}
		for _, mistake := range unknown {
			problems = append(problems, strictProblem(d, severity, mistake))
		}
		objects[i] = object
	}
	for _, finding := range lint.Objects(objects, options) {
		problems = append(problems, problemAt(documents[finding.Object], finding.Path, finding.Severity, finding.Message))
	}
	return problems
}

// misshapen are the places of a document that made its decoding fail.
func misshapen(d *manifest.Document, object runtime.Object, err error) []problem {
	var explained *shape.Error
	if !errors.As(shape.Explain(err, d.JSON, object), &explained) {
		return []problem{problemAt(d, "", lint.Error, err.Error())}
	}
	problems := make([]problem, len(explained.Mismatches))
	for i, m := range explained.Mismatches {
		problems[i] = problemAt(d, m.Path, lint.Error, m.Message)
	}
	return problems
}

// strictProblem takes the path out of the words of the decoder: `unknown field "spec.entrypiont"`.
func strictProblem(d *manifest.Document, severity lint.Severity, mistake error) problem {
	text := mistake.Error()
	if what, path, found := strings.Cut(text, ` field "`); found && strings.HasSuffix(path, `"`) {
		return problemAt(d, strings.TrimSuffix(path, `"`), severity, what+" field")
	}
	return problemAt(d, "", severity, text)
}

func problemAt(d *manifest.Document, path string, severity lint.Severity, message string) problem {
	name := cmp.Or(d.Object.GetName(), d.Object.GetGenerateName())
	return problem{Source: d.Source, Line: d.Line, Kind: d.Object.GetKind(), Name: name, Path: path, Severity: severity, Message: message}
}

// askServer has the server check every document. Warnings of the server go to standard error.
func (o *lintOptions) askServer(ctx context.Context, documents []*manifest.Document) ([]problem, error) {
	c, namespace, err := o.connect()
	if err != nil {
		return nil, err
	}
	var problems []problem
	for _, d := range documents {
		resource := lintable[indexOfKind(d.Object.GetKind())].resource
		d.Object.SetAPIVersion(c.GroupVersion.String())
		if resource != client.ClusterWorkflowTemplates {
			if err := o.setNamespace(d, namespace); err != nil {
				return nil, err
			}
		}
		_, err := c.Create(ctx, resource, d.Object.GetNamespace(), d.Object, o.strict.write(dryRunServer))
		var status apierrors.APIStatus
		switch {
		case err == nil || apierrors.IsAlreadyExists(err):
		case !errors.As(err, &status) || !isVerdict(err):
			return nil, err
		default:
			problems = append(problems, verdicts(d, status.Status())...)
		}
	}
	return problems, nil
}

// isVerdict tells whether the server judged the object, rather than failed to.
func isVerdict(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsRequestEntityTooLargeError(err)
}

func verdicts(d *manifest.Document, status metav1.Status) []problem {
	if status.Details == nil || len(status.Details.Causes) == 0 {
		return []problem{problemAt(d, "", lint.Error, status.Message)}
	}
	var problems []problem
	for _, cause := range status.Details.Causes {
		problems = append(problems, problemAt(d, cause.Field, lint.Error, cause.Message))
	}
	return problems
}

func (o *lintOptions) report(objects int, problems []problem) error {
	slices.SortStableFunc(problems, func(a, b problem) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	mistakes, warnings := 0, 0
	for _, p := range problems {
		if p.Severity == lint.Error {
			mistakes++
		} else {
			warnings++
		}
	}
	switch o.format {
	case "json":
		if problems == nil {
			problems = []problem{}
		}
		data, err := json.MarshalIndent(problems, "", "    ")
		if err != nil {
			return err
		}
		o.printf("%s\n", data)
	case "simple":
		for _, p := range problems {
			o.printf("%s:%d: %s: %s%s\n", p.Source, p.Line, p.Severity, p.object("%s/%s: "), p.text())
		}
	default:
		o.pretty(objects, problems, mistakes, warnings)
	}
	if mistakes > 0 || o.warnings && warnings > 0 {
		return &failure{"mistakes were found"}
	}
	return nil
}

func (p *problem) text() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// object is what has the problem, unless it was no object.
func (p *problem) object(format string) string {
	if p.Kind == "" {
		return ""
	}
	return fmt.Sprintf(format, p.Kind, p.Name)
}

// pretty prints the problems below the objects that have them.
func (o *lintOptions) pretty(objects int, problems []problem, mistakes, warnings int) {
	s := o.screen()
	signs := map[lint.Severity]string{lint.Error: "✖", lint.Warning: "⚠"}
	good := "✔"
	if o.ascii {
		signs, good = map[lint.Severity]string{lint.Error: "x", lint.Warning: "!"}, "+"
	}
	// Those of one object stand together, below its name.
	var titles []string
	lines := map[string][]string{}
	for i := range problems {
		p := &problems[i]
		title := fmt.Sprintf("%s:%d:%s", p.Source, p.Line, p.object(" %s %s"))
		if _, known := lines[title]; !known {
			titles = append(titles, title)
		}
		lines[title] = append(lines[title], fmt.Sprintf("  %s %s", s.Paint(tree.Style(p.Severity), signs[p.Severity]), p.text()))
	}
	for _, title := range titles {
		o.printf("%s\n%s\n", s.Paint(tree.Strong, strings.TrimSuffix(title, ":")), strings.Join(lines[title], "\n"))
	}
	summary := fmt.Sprintf("%s %s, no mistakes", s.Paint("Succeeded", good), count(objects, "object"))
	if mistakes > 0 {
		summary = fmt.Sprintf("%s %s in %s", s.Paint("error", signs[lint.Error]), count(mistakes, "mistake"), count(objects, "object"))
	}
	if warnings > 0 {
		summary += ", " + count(warnings, "warning")
	}
	o.printf("%s\n", summary)
	if o.dryRun != dryRunServer && !o.defaults.given() && slices.ContainsFunc(problems, remediable) {
		o.printf("What the controller's workflowDefaults give is not missing when its ConfigMap is there too: see --controller-config.\n")
	}
}

// remediable tells mistakes that workflowDefaults could remedy.
func remediable(p problem) bool {
	return p.Severity == lint.Error && strings.HasSuffix(p.Path, ".entrypoint") || strings.HasSuffix(p.Path, ".image") || strings.HasPrefix(p.Path, "spec.arguments.")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
