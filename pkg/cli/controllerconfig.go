package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/manifest"
	"fairlead.dev/fairlead/pkg/lint"
)

// usualConfigMap is what the ConfigMap with the configuration of a controller is called.
const usualConfigMap = "workflow-controller-configmap"

// controllerConfig is what controllers lay under the workflows that they run (CFG-03), as far as their ConfigMaps are among the
// files. Without any, nothing is laid under them.
type controllerConfig struct {
	lint.Nothing
	file string
	// defaults by instance ID; nil: that controller lays nothing under.
	defaults map[string]*v1alpha1.Workflow
	// unread: there is a ConfigMap that cannot be understood.
	unread bool
}

func (c *controllerConfig) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.file, "controller-config", "",
		"File, address or - with the ConfigMap of the controller, whose workflowDefaults count (default: the "+usualConfigMap+" among the files, if it is there)")
	_ = cmd.RegisterFlagCompletionFunc("controller-config", manifests)
}

// Defaults implements lint.Lookup. When the configuration of some controllers is known, that of others is not.
func (c *controllerConfig) Defaults(instanceID string) (defaults *v1alpha1.Workflow, known bool) {
	if len(c.defaults) == 0 {
		return nil, !c.unread
	}
	defaults, known = c.defaults[instanceID]
	return defaults, known
}

// given tells whether anything is known of any controller.
func (c *controllerConfig) given() bool { return c.unread || len(c.defaults) > 0 }

// read reads the file of the flag; sources are the other files of the command.
func (c *controllerConfig) read(ctx context.Context, e *environment, sources []string) error {
	switch {
	case c.file == "":
		return nil
	case c.file == "-" && slices.Contains(sources, "-"):
		return errors.New("standard input is either the manifests or the ConfigMap of --controller-config")
	}
	reader := manifest.Reader{In: e.In}
	documents, err := reader.Read(ctx, []string{c.file})
	if err != nil {
		return fmt.Errorf("--controller-config: %w", err)
	}
	found := false
	for _, d := range documents {
		if d.Object.GetKind() != "ConfigMap" {
			continue
		}
		found = true
		if err := c.add(d); err != nil {
			return fmt.Errorf("--controller-config: %s: %w", d, err)
		}
	}
	if !found {
		return fmt.Errorf("--controller-config: no ConfigMap in %s: `kubectl get configmap -n NAMESPACE %s -o yaml` prints that of a cluster", c.file, usualConfigMap)
	}
	return nil
}

// isControllerConfig tells the ConfigMap of a controller among other files. What the flag names wins over it.
func (c *controllerConfig) isControllerConfig(d *manifest.Document) bool {
	return c.file == "" && d.Object.GetKind() == "ConfigMap" && d.Object.GetAPIVersion() == "v1" && d.Object.GetName() == usualConfigMap
}

// add takes up the defaults in a ConfigMap: each setting has a key, or one key has all of them. Only two settings are looked at;
// the controller says what it makes of the others.
func (c *controllerConfig) add(d *manifest.Document) error {
	configMap := &corev1.ConfigMap{}
	if err := typed(d.Object, configMap); err != nil {
		return err
	}
	settings := struct {
		InstanceID       string             `json:"instanceID"`
		WorkflowDefaults *v1alpha1.Workflow `json:"workflowDefaults"`
	}{}
	var err error
	if whole, ok := configMap.Data["config"]; ok {
		err = yaml.Unmarshal([]byte(whole), &settings)
	} else {
		err = errors.Join(
			yaml.Unmarshal([]byte(configMap.Data["instanceID"]), &settings.InstanceID),
			yaml.Unmarshal([]byte(configMap.Data["workflowDefaults"]), &settings.WorkflowDefaults))
	}
	if err != nil {
		return fmt.Errorf("its workflowDefaults cannot be read: %w", err)
	}
	if _, twice := c.defaults[settings.InstanceID]; twice {
		return errors.New("there is another ConfigMap for a controller of the same instance ID")
	}
	if c.defaults == nil {
		c.defaults = map[string]*v1alpha1.Workflow{}
	}
	c.defaults[settings.InstanceID] = settings.WorkflowDefaults
	return nil
}
