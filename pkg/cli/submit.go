package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

type submitOptions struct {
	*environment
	output        *output
	follow        followUp
	dryRun        dryRun
	from          string
	name          string
	generateName  string
	entrypoint    string
	account       string
	labels        string
	annotations   string
	parameters    []string
	parameterFile string
	priority      int32
	scheduledTime string
	strict        strictness
	artifacts     artifactFlags
}

func newSubmit(e *environment) *cobra.Command {
	o := &submitOptions{environment: e, output: newOutput("created")}
	cmd := &cobra.Command{
		Use:   "submit [FILE...|-] | --from KIND/NAME",
		Short: "Create workflows from files, or from a template or a schedule",
		Long: `Create workflows from files, addresses or standard input, or from what is in the cluster: a WorkflowTemplate, a
ClusterWorkflowTemplate or a CronWorkflow. Flags change the workflows before they are created. The API group of the files is replaced
by the one that the cluster serves; objects of other kinds are left out with a warning.

--artifact uploads a file to the artifact repository of the namespace, and has the workflow take it from there. With --dry-run
nothing is uploaded.`,
		Example: `  # with a parameter, and look at it until it is over
  kubectl workflow submit hello-world.yaml -p message=hi --watch
  # all that is in these files and on standard input, one after the other
  kustomize build . | kubectl workflow submit build.yaml https://example.com/test.yaml -
  # from a template, with parameters of a file; the exit code is the result
  kubectl workflow submit --from workflowtemplate/build -f parameters.yaml --wait
  # with a file of this machine as the artifact that the workflow takes
  kubectl workflow submit build.yaml --artifact source=source.tgz --log
  # would the server take it?
  kubectl workflow submit hello-world.yaml --dry-run=server -o yaml`,
		ValidArgsFunction: manifests,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, cmd.Flags().Changed("priority"))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.from, "from", "", "Template or schedule to make the workflow from: workflowtemplate/NAME, clusterworkflowtemplate/NAME or cronworkflow/NAME")
	flags.StringArrayVarP(&o.parameters, "parameter", "p", nil, "Parameter as NAME=VALUE; may be given several times")
	flags.StringVarP(&o.parameterFile, "parameter-file", "f", "", "YAML or JSON file with a map of parameters, or an address or - (standard input); --parameter wins over it")
	flags.StringVar(&o.name, "name", "", "Name of the workflow")
	flags.StringVar(&o.generateName, "generate-name", "", "Prefix of a generated name")
	flags.StringVar(&o.entrypoint, "entrypoint", "", "Template to begin with")
	flags.StringVar(&o.account, "serviceaccount", "", "Service account of the pods")
	flags.StringVarP(&o.labels, "labels", "l", "", "Labels to add, as KEY=VALUE,...")
	flags.StringVar(&o.annotations, "annotations", "", "Annotations to add, as KEY=VALUE,...")
	flags.Int32Var(&o.priority, "priority", 0, "Priority among waiting workflows; higher goes first")
	flags.StringVar(&o.scheduledTime, "scheduled-time", "", "With --from cronworkflow/NAME: the time to take for the scheduled one, such as 2006-01-02T15:04:05Z")
	addDryRunFlag(cmd, &o.dryRun, "print what would be sent")
	o.strict.addFlag(cmd)
	o.artifacts.environment = e
	o.artifacts.addFlags(cmd)
	o.follow.addFlags(cmd)
	o.follow.addNodeFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("from", e.completeFrom)
	o.output.addFlags(cmd)
	exclusive(cmd, "name", "generate-name")
	return cmd
}

func (o *submitOptions) run(ctx context.Context, args []string, priority bool) error {
	if o.parameterFile == "-" && slices.Contains(args, "-") {
		return errors.New("standard input is either the workflow or the file of parameters")
	}
	settings, err := o.settings(ctx, priority)
	if err != nil {
		return err
	}
	if err := o.artifacts.validate(); err != nil {
		return err
	}
	switch {
	case o.from != "" && len(args) > 0:
		return errors.New("give files, or --from, and not both")
	case o.from != "":
		return o.submitFrom(ctx, settings)
	case len(args) == 0 && o.parameterFile != "":
		return errors.New("name a file with a workflow, or - for standard input; -f is the file of parameters")
	case len(args) == 0:
		return errors.New("name a file with a workflow, or - for standard input, or say --from KIND/NAME")
	case o.scheduledTime != "":
		return errors.New("--scheduled-time is for --from cronworkflow/NAME")
	}
	return o.submitFiles(ctx, args, settings)
}

// settings are what the flags say.
func (o *submitOptions) settings(ctx context.Context, priority bool) (*manifest.Settings, error) {
	s := &manifest.Settings{Name: o.name, GenerateName: o.generateName, Entrypoint: o.entrypoint, ServiceAccount: o.account}
	if priority {
		s.Priority = &o.priority
	}
	var err error
	if s.Labels, err = pairs("labels", o.labels); err != nil {
		return nil, err
	}
	if s.Annotations, err = pairs("annotations", o.annotations); err != nil {
		return nil, err
	}
	s.Parameters, err = o.environment.parameters(ctx, o.parameters, o.parameterFile)
	return s, err
}

// parameters joins those of flags and those of a file.
func (e *environment) parameters(ctx context.Context, flags []string, file string) ([]string, error) {
	var data []byte
	if file != "" {
		var err error
		reader := manifest.Reader{In: e.In}
		if file, data, err = reader.Text(ctx, file); err != nil {
			return nil, fmt.Errorf("--parameter-file: %w", err)
		}
	}
	return manifest.Parameters(flags, file, data)
}

func pairs(flag, text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	set, err := labels.ConvertSelectorToLabelsMap(text)
	switch {
	case err == nil:
		return set, nil
	case flag == "labels":
		return nil, fmt.Errorf("--labels: %q is not of the form KEY=VALUE,KEY=VALUE: %w", text, err)
	}
	// Values of annotations are no values of labels.
	set = labels.Set{}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return nil, fmt.Errorf("--%s: %q is not of the form KEY=VALUE,KEY=VALUE", flag, text)
		}
		set[strings.TrimSpace(key)] = value
	}
	return set, nil
}

// submitFiles creates the workflows of files.
func (o *submitOptions) submitFiles(ctx context.Context, sources []string, settings *manifest.Settings) error {
	reader := manifest.Reader{In: o.In}
	documents, err := reader.Read(ctx, sources)
	if err != nil {
		return err
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	var workflows []*unstructured.Unstructured
	for _, document := range documents {
		if !document.IsWorkflowAPI(c.GroupVersion.Group) || document.Object.GetKind() != "Workflow" {
			o.warn("%s: %s is no Workflow and left out; `kubectl create -f` takes objects of all kinds", document, document.Object.GetKind())
			continue
		}
		document.Object.SetAPIVersion(c.GroupVersion.String())
		if err := settings.Apply(document.Object); err != nil {
			return fmt.Errorf("%s: %w", document, err)
		}
		if err := o.setNamespace(document, namespace); err != nil {
			return err
		}
		workflows = append(workflows, document.Object)
	}
	if len(workflows) == 0 {
		return noneIn("workflow", sources)
	}
	if len(workflows) > 1 && settings.Name != "" {
		return fmt.Errorf("%d workflows cannot all have the name %s; use --generate-name", len(workflows), settings.Name)
	}
	if err := o.follow.validate(len(workflows), o.dryRun, o.output); err != nil {
		return err
	}
	for _, workflow := range workflows {
		if err := o.artifacts.apply(ctx, c, workflow, o.dryRun); err != nil {
			return err
		}
	}
	var created []types.NamespacedName
	for _, workflow := range workflows {
		if o.dryRun != dryRunClient {
			if workflow, err = o.create(ctx, c, workflow); err != nil {
				return err
			}
		}
		if err := o.output.print(o.environment, workflow, o.dryRun.remark()); err != nil {
			return err
		}
		created = append(created, types.NamespacedName{Namespace: workflow.GetNamespace(), Name: workflow.GetName()})
	}
	return o.follow.run(ctx, o.environment, c, created)
}

// create creates one workflow. When the answer is lost, it says how to find out what became of it.
func (o *submitOptions) create(ctx context.Context, c *client.Client, workflow *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	created, err := c.Create(ctx, client.Workflows, workflow.GetNamespace(), workflow, o.strict.write(o.dryRun))
	if err != nil && errors.Is(err, context.DeadlineExceeded) && workflow.GetName() != "" {
		return nil, fmt.Errorf("no answer came in time; the workflow may have been created: look with `kubectl workflow get %s`: %w", workflow.GetName(), err)
	}
	return created, err
}

// setNamespace puts objects of a file into the namespace asked for. A file that names another one is refused, as kubectl does.
func (e *environment) setNamespace(document *manifest.Document, namespace string) error {
	switch own := document.Object.GetNamespace(); {
	case own == "":
		document.Object.SetNamespace(namespace)
	case own != namespace && e.config.Namespace != nil && *e.config.Namespace != "":
		return fmt.Errorf("%s is for namespace %s, and --namespace says %s: leave out one of them", document, own, namespace)
	}
	return nil
}

// submitFrom creates a workflow from a template or a schedule.
func (o *submitOptions) submitFrom(ctx context.Context, settings *manifest.Settings) error {
	resource, name, err := parseFrom(o.from)
	if err != nil {
		return err
	}
	if err := o.follow.validate(1, o.dryRun, o.output); err != nil {
		return err
	}
	body := &v1alpha1.SubmitOptions{
		Name: settings.Name, GenerateName: settings.GenerateName, Entrypoint: settings.Entrypoint, ServiceAccount: settings.ServiceAccount,
		Parameters: settings.Parameters, Labels: settings.Labels, Annotations: settings.Annotations, Priority: settings.Priority,
	}
	if o.scheduledTime != "" {
		at, err := time.Parse(time.RFC3339, o.scheduledTime)
		if err != nil {
			return fmt.Errorf("--scheduled-time: %q is not a time such as 2006-01-02T15:04:05Z", o.scheduledTime)
		}
		if resource != client.CronWorkflows {
			return errors.New("--scheduled-time is for --from cronworkflow/NAME")
		}
		moment := metav1.NewTime(at)
		body.ScheduledTime = &moment
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	body.APIVersion, body.Kind = c.GroupVersion.String(), "SubmitOptions"
	if resource == client.ClusterWorkflowTemplates {
		body.Namespace = namespace
	}
	if o.dryRun == dryRunClient {
		return errors.New("what is made from an object in the cluster is made by the server: use --dry-run=server")
	}
	o.artifacts.purpose = name
	var to client.Repository
	if len(o.artifacts.files) > 0 {
		if to, err = repositoryOf(ctx, c, resource, namespace, name); err != nil {
			return err
		}
	}
	uploaded, err := o.artifacts.uploadAll(ctx, c, namespace, to, o.dryRun)
	if err != nil {
		return err
	}
	body.Artifacts = slices.Concat(o.artifacts.keys, uploaded)
	workflow, err := c.Do(ctx, resource, namespace, name, "submit", body, o.dryRun == dryRunServer)
	if err != nil {
		return err
	}
	if err := o.output.print(o.environment, workflow, o.dryRun.remark()); err != nil {
		return err
	}
	return o.follow.run(ctx, o.environment, c, inNamespace(workflow.GetNamespace(), workflow.GetName()))
}

func parseFrom(from string) (resource, name string, err error) {
	kind, name, found := strings.Cut(from, "/")
	kind, _, _ = strings.Cut(strings.ToLower(kind), ".") // of what -o name prints
	resource = kindNames[kind]
	if !found || name == "" || resource == "" || resource == client.Workflows {
		return "", "", fmt.Errorf("--from: %q is not of the form workflowtemplate/NAME, clusterworkflowtemplate/NAME or cronworkflow/NAME", from)
	}
	return resource, name, nil
}
