package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

// purposeOfUploads is what files are stored for that were not said to be for anything.
const purposeOfUploads = "uploads"

func newArtifactsUpload(e *environment) *cobra.Command {
	var to client.Repository
	var purpose string
	cmd := &cobra.Command{
		Use:   "upload FILE...",
		Short: "Store files in the artifact repository",
		Long: `Store files in the artifact repository of the namespace, for workflows to take as artifacts, and print the key that each has there.
` + "`kubectl workflow submit --artifact NAME=FILE` does so for the workflow that it submits; this is for files that several share.",
		Example: `  kubectl workflow artifacts upload source.tgz
  key=$(kubectl workflow artifacts upload source.tgz)
  kubectl workflow submit --from workflowtemplate/build --artifact-key source=$key`,
		Args: arguments(1, 0, "files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := e.connect()
			if err != nil {
				return err
			}
			return e.each(args, func(file string) error {
				key, err := e.upload(cmd.Context(), c, namespace, purpose, file, to)
				if err == nil {
					e.printf("%s\n", key)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&purpose, "for", purposeOfUploads, "Name of what they are for, such as a template; rights may be given for it alone")
	cmd.Flags().StringVar(&to.ConfigMap, "config-map", "", "ConfigMap of another artifact repository, as in artifactRepositoryRef (default: artifact-repositories)")
	cmd.Flags().StringVar(&to.Key, "config-key", "", "Key of that repository in the ConfigMap (default: the one that its annotation names)")
	return cmd
}

// upload stores a file, and shows how far it is.
func (e *environment) upload(ctx context.Context, c *client.Client, namespace, purpose, path string, to client.Repository) (string, error) {
	file, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	bar := e.progress(filepath.Base(path))(info.Size())
	key, err := c.Upload(ctx, namespace, client.File{Purpose: purpose, Name: filepath.Base(path), Content: file, Size: info.Size(), Sent: bar.Set}, to)
	bar.Close()
	if err != nil {
		return "", fmt.Errorf("%s could not be uploaded: %w", path, err)
	}
	return key, nil
}

// openFile refuses directories, which have no bytes to send.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file; pack a directory first, such as with `tar -C %s -czf %s.tgz .`", path, path, filepath.Base(path))
	}
	return os.Open(path)
}

// artifactFlags are the artifacts that a submission brings.
type artifactFlags struct {
	*environment
	// files and keys are NAME=FILE and NAME=KEY.
	files, keys []string
	purpose     string
	// done has the keys of files that were uploaded, by where they are and what they are.
	done map[string]string
}

func (a *artifactFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.files, "artifact", nil, "Artifact among the arguments as NAME=FILE: the file is uploaded; may be given several times")
	cmd.Flags().StringArrayVar(&a.keys, "artifact-key", nil, "Artifact among the arguments as NAME=KEY, of what is in the artifact repository; may be given several times")
}

// validate is called before anything is sent.
func (a *artifactFlags) validate() error {
	names := map[string]bool{}
	for _, flag := range []struct {
		name  string
		pairs []string
	}{{"--artifact", a.files}, {"--artifact-key", a.keys}} {
		for _, pair := range flag.pairs {
			name, value, _ := strings.Cut(pair, "=")
			switch {
			case name == "" || value == "":
				return fmt.Errorf("%s: %q is not of the form NAME=%s", flag.name, pair, map[string]string{"--artifact": "FILE", "--artifact-key": "KEY"}[flag.name])
			case names[name]:
				return fmt.Errorf("artifact %q is given twice", name)
			}
			names[name] = true
			if flag.name != "--artifact" {
				continue
			}
			file, err := openFile(value)
			if err != nil {
				return fmt.Errorf("--artifact %s: %w", name, err)
			}
			_ = file.Close()
		}
	}
	return nil
}

// uploadAll uploads the files and returns them as NAME=KEY. A dry run uploads nothing, and makes keys up.
func (a *artifactFlags) uploadAll(ctx context.Context, c *client.Client, namespace string, to client.Repository, try dryRun) ([]string, error) {
	var all []string
	for _, pair := range a.files {
		name, path, _ := strings.Cut(pair, "=")
		at := strings.Join([]string{namespace, to.ConfigMap, to.Key, path}, "\n")
		key, known := a.done[at]
		switch {
		case known:
		case try != dryRunNone:
			key = fmt.Sprintf("uploads/%s/00000000-0000-0000-0000-000000000000/%s", namespace, filepath.Base(path))
		default:
			purpose := a.purpose
			if purpose == "" {
				purpose = purposeOfUploads
			}
			var err error
			if key, err = a.upload(ctx, c, namespace, purpose, path, to); err != nil {
				return nil, err
			}
			if a.done == nil {
				a.done = map[string]string{}
			}
			a.done[at] = key
		}
		all = append(all, name+"="+key)
	}
	return all, nil
}

// apply gives a workflow of a file its artifacts, in the repository that it uses.
func (a *artifactFlags) apply(ctx context.Context, c *client.Client, workflow *unstructured.Unstructured, try dryRun) error {
	if len(a.files)+len(a.keys) == 0 {
		return nil
	}
	// What cannot be used need not be uploaded.
	for _, pair := range a.files {
		name, _, _ := strings.Cut(pair, "=")
		if err := manifest.PlaceArtifact(workflow.DeepCopy(), name, "key", false); err != nil {
			return err
		}
	}
	for _, pair := range a.keys {
		name, key, _ := strings.Cut(pair, "=")
		if err := manifest.PlaceArtifact(workflow, name, key, true); err != nil {
			return err
		}
	}
	var to client.Repository
	if len(a.files) > 0 {
		var err error
		if to, err = repositoryFor(ctx, c, workflow, "spec"); err != nil {
			return err
		}
	}
	uploaded, err := a.uploadAll(ctx, c, workflow.GetNamespace(), to, try)
	if err != nil {
		return err
	}
	for _, pair := range uploaded {
		name, key, _ := strings.Cut(pair, "=")
		if err := manifest.PlaceArtifact(workflow, name, key, false); err != nil {
			return err
		}
	}
	return nil
}

// repositoryFor is the artifact repository that a workflow with the spec at this path uses: the one that it names, or the template
// that it refers to.
func repositoryFor(ctx context.Context, c *client.Client, object *unstructured.Unstructured, spec ...string) (client.Repository, error) {
	at := func(fields ...string) []string { return append(slices.Clone(spec), fields...) }
	var to client.Repository
	var errMap, errKey error
	to.ConfigMap, _, errMap = unstructured.NestedString(object.Object, at("artifactRepositoryRef", "configMap")...)
	to.Key, _, errKey = unstructured.NestedString(object.Object, at("artifactRepositoryRef", "key")...)
	template, refers, errName := unstructured.NestedString(object.Object, at("workflowTemplateRef", "name")...)
	ofCluster, _, errScope := unstructured.NestedBool(object.Object, at("workflowTemplateRef", "clusterScope")...)
	if err := errors.Join(errMap, errKey, errName, errScope); err != nil || to != (client.Repository{}) || !refers {
		return to, err
	}
	resource := client.WorkflowTemplates
	if ofCluster {
		resource = client.ClusterWorkflowTemplates
	}
	return repositoryOf(ctx, c, resource, object.GetNamespace(), template)
}

// repositoryOf is the artifact repository that workflows made from an object of the cluster use. Those who may submit it without
// reading it get the default one.
func repositoryOf(ctx context.Context, c *client.Client, resource, namespace, name string) (client.Repository, error) {
	object, err := c.Get(ctx, resource, namespace, name)
	switch {
	case apierrors.IsForbidden(err):
		return client.Repository{}, nil
	case err != nil:
		return client.Repository{}, err
	case resource == client.CronWorkflows:
		return repositoryFor(ctx, c, object, "spec", "workflowSpec")
	}
	return repositoryFor(ctx, c, object, "spec")
}
