package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// pagesResource is a subresource that only our server has: whoever serves it is no CRD.
const pagesResource = "workflows/nodes"

// FindGroup returns the API group and version under which the cluster serves workflows. A group given by the user is
// checked; otherwise all groups are looked through, the usual one first. Discovery that was kept from before is read again
// when it does not have the answer.
func FindGroup(d discovery.CachedDiscoveryInterface, wanted string) (schema.GroupVersion, error) {
	fresh := d.Fresh()
	gv, err := findGroup(d, wanted)
	if err != nil && !fresh {
		d.Invalidate()
		gv, err = findGroup(d, wanted)
	}
	return gv, err
}

func findGroup(d discovery.DiscoveryInterface, wanted string) (schema.GroupVersion, error) {
	groups, err := d.ServerGroups()
	if err != nil {
		return schema.GroupVersion{}, fmt.Errorf("cannot ask the cluster which APIs it serves: %w", err)
	}
	var foreign []string
	var failed error
	for _, gv := range candidates(groups, wanted) {
		resources, err := d.ServerResourcesForGroupVersion(gv.String())
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", gv, err))
			continue
		}
		switch servesWorkflows(resources) {
		case ours:
			return gv, nil
		case foreignOnes:
			foreign = append(foreign, gv.String())
		}
	}
	return schema.GroupVersion{}, noGroup(wanted, foreign, failed)
}

// candidates returns the group versions to look at: those of the user's group, or of all, likely ones first.
func candidates(groups *metav1.APIGroupList, wanted string) []schema.GroupVersion {
	var found []schema.GroupVersion
	for _, group := range groups.Groups {
		if wanted != "" && group.Name != wanted {
			continue
		}
		for _, version := range group.Versions {
			if version.Version == v1alpha1.Version {
				found = append(found, schema.GroupVersion{Group: group.Name, Version: version.Version})
			}
		}
	}
	rank := func(gv schema.GroupVersion) int {
		switch {
		case gv.Group == v1alpha1.DefaultGroupName:
			return 0
		case strings.Contains(gv.Group, "workflow"):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(found, func(a, b schema.GroupVersion) int { return rank(a) - rank(b) })
	return found
}

type served int

const (
	nothing served = iota
	foreignOnes
	ours
)

func servesWorkflows(list *metav1.APIResourceList) served {
	result := nothing
	for _, resource := range list.APIResources {
		switch {
		case resource.Name == pagesResource:
			return ours
		case resource.Name == "workflows" && resource.Kind == "Workflow":
			result = foreignOnes
		}
	}
	return result
}

func noGroup(wanted string, foreign []string, failed error) error {
	switch {
	case failed != nil:
		return fmt.Errorf("cannot find out whether the cluster serves workflows; `kubectl get apiservices` shows which API is not available: %w", failed)
	case len(foreign) > 0:
		return fmt.Errorf("the cluster has workflows in %s, but they are not Fairlead's (no %s there); choose another cluster with --context, or install Fairlead", strings.Join(foreign, ", "), pagesResource)
	case wanted != "":
		return fmt.Errorf("the cluster does not serve workflows in the API group %q; leave out --api-group to have it found", wanted)
	}
	return errors.New("the cluster does not serve workflows; choose another one with --context, or install Fairlead")
}
