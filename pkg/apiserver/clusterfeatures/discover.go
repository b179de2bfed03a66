// Package clusterfeatures finds out which admission plugins can work in this cluster. A plugin reads its policies through
// an informer, and while the informer is not synced it refuses every write; where the cluster does not serve the
// policies at all, it would refuse for ever. Such a plugin is switched off, and that is said in the log and by a line
// in /readyz?verbose.
package clusterfeatures

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"
	mutatingadmissionpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	validatingadmissionpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	mutatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	validatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/discovery"
	"k8s.io/klog/v2"
)

const admissionRegistration = "admissionregistration.k8s.io/v1"

// requirements says what each plugin reads, as resources of a group-version.
var requirements = []struct {
	plugin, groupVersion string
	resources            []string
}{
	{lifecycle.PluginName, "v1", []string{"namespaces"}},
	{mutatingadmissionpolicy.PluginName, admissionRegistration, []string{"mutatingadmissionpolicies", "mutatingadmissionpolicybindings"}},
	{mutatingwebhook.PluginName, admissionRegistration, []string{"mutatingwebhookconfigurations"}},
	{validatingadmissionpolicy.PluginName, admissionRegistration, []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"}},
	{validatingwebhook.PluginName, admissionRegistration, []string{"validatingwebhookconfigurations"}},
	{resourcequota.PluginName, "v1", []string{"resourcequotas"}},
}

// Plugin is an admission plugin and what it lacks in this cluster.
type Plugin struct {
	// Name of the admission plugin.
	Name string
	// Missing are the resources, with group and version, that the cluster does not serve. Empty: the plugin can work.
	Missing []string
}

// Discover asks the cluster. An error means that it could not be asked, which says nothing about what it serves.
func Discover(client discovery.ServerResourcesInterface) ([]Plugin, error) {
	served := map[string]map[string]bool{}
	var plugins []Plugin
	for _, required := range requirements {
		resources, asked := served[required.groupVersion]
		if !asked {
			resources = map[string]bool{}
			list, err := client.ServerResourcesForGroupVersion(required.groupVersion)
			if err != nil && !apierrors.IsNotFound(err) {
				return nil, fmt.Errorf("ask the cluster what it serves in %s: %w", required.groupVersion, err)
			}
			if err == nil {
				for i := range list.APIResources {
					resources[list.APIResources[i].Name] = true
				}
			}
			served[required.groupVersion] = resources
		}
		plugin := Plugin{Name: required.plugin}
		for _, resource := range required.resources {
			if !resources[resource] {
				plugin.Missing = append(plugin.Missing, required.groupVersion+"/"+resource)
			}
		}
		plugins = append(plugins, plugin)
	}
	return plugins, nil
}

// Await asks until the cluster answers or the context ends.
func Await(ctx context.Context, client discovery.ServerResourcesInterface) ([]Plugin, error) {
	var plugins []Plugin
	err := wait.PollUntilContextCancel(ctx, 2*time.Second, true, func(ctx context.Context) (bool, error) {
		found, err := Discover(client)
		if err != nil {
			klog.FromContext(ctx).Error(err, "Cannot find out which admission plugins the cluster supports, will be tried again")
			return false, nil
		}
		plugins = found
		return true, nil
	})
	return plugins, err
}

// Usable returns the names of order without the plugins that cannot work, and logs those.
func Usable(ctx context.Context, plugins []Plugin, order []string) []string {
	usable := slices.Clone(order)
	for _, plugin := range plugins {
		if len(plugin.Missing) == 0 {
			continue
		}
		klog.FromContext(ctx).Info("Admission plugin is off: the cluster does not serve what it reads", "plugin", plugin.Name, "missing", plugin.Missing)
		usable = slices.DeleteFunc(usable, func(name string) bool { return name == plugin.Name })
	}
	return usable
}

// ReadyzChecks returns a check for each plugin that never fails: its name, which /readyz?verbose prints, says whether the
// plugin is on.
func ReadyzChecks(plugins []Plugin, enabled []string) []healthz.HealthChecker {
	var checks []healthz.HealthChecker
	for _, plugin := range plugins {
		state := "on"
		switch {
		case len(plugin.Missing) > 0:
			state = "off-not-served-by-the-cluster"
		case !slices.Contains(enabled, plugin.Name):
			state = "off-by-flag"
		}
		checks = append(checks, healthz.NamedCheck("admission-"+strings.ToLower(plugin.Name)+"-"+state, func(*http.Request) error { return nil }))
	}
	return checks
}
