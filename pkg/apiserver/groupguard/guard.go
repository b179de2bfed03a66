// Package groupguard decides whether this installation may take the API group. An APIService claims a whole
// group-version: kube-apiserver sends everything under it here, and custom resources of the same group-version become
// unreachable although their objects stay stored. So the server looks before it serves, and refuses with the reason.
package groupguard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
)

const (
	// claimAnnotation on the APIService says which Service took the group after passing this guard. A CRD that arrives
	// later cannot be served any more whatever this server does, so it must not stop a running installation at its next
	// restart: it is logged instead.
	claimAnnotation = "fairlead.dev/group-claimed-by"
	// automanagedLabel marks APIServices which kube-apiserver writes itself for CRDs and overwrites when they change.
	automanagedLabel = "kube-aggregator.kubernetes.io/automanaged"
)

var customResourceDefinitions = schema.GroupVersionResource{
	Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
}

// Guard checks one API group.
type Guard struct {
	// Group is the API group that this installation serves.
	Group string
	// APIService is the name of the APIService through which it is served.
	APIService string
	// Namespace and Service name the Service in front of this server.
	Namespace, Service string
	// OwnResources are the plural names of the resources that this server serves, to tell a leftover of another
	// workflow engine from the resources of other projects.
	OwnResources []string
}

// RefusedError says why the group cannot be taken and what to do.
type RefusedError struct{ message string }

func (e *RefusedError) Error() string { return e.message }

// Claim returns nil when the group may be served, and marks the APIService as taken by this installation. It returns a
// RefusedError when the group belongs to somebody else, and other errors when the cluster cannot be asked. An APIService
// that does not exist yet is no reason to refuse: Register makes it.
func (g Guard) Claim(ctx context.Context, crds metadata.Interface, apiServices aggregator.Interface) error {
	apiService, err := apiServices.ApiregistrationV1().APIServices().Get(ctx, g.APIService, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		apiService = nil
	} else if err != nil {
		return fmt.Errorf("read APIService %s: %w", g.APIService, err)
	}

	foreign, own, err := g.definitions(ctx, crds)
	if err != nil {
		return err
	}
	claimed := apiService != nil && apiService.Annotations[claimAnnotation] == g.claim() && g.pointsHere(apiService)
	switch {
	case len(foreign)+len(own) > 0 && !claimed:
		return &RefusedError{g.crdMessage(foreign, own)}
	case apiService != nil && isAutomanaged(apiService):
		return &RefusedError{fmt.Sprintf("the APIService %s is managed by kube-apiserver itself (label %s=%s), which writes it for "+
			"custom resources of the group %q and would undo every change. Remove those CustomResourceDefinitions, then delete the APIService "+
			"(kubectl delete apiservice %s) and apply the manifests again; or serve another group: set FAIRLEAD_API_GROUP (for example "+
			"workflows.fairlead.dev) in the manifests.",
			g.APIService, automanagedLabel, apiService.Labels[automanagedLabel], g.Group, g.APIService)}
	case apiService != nil && !g.pointsHere(apiService):
		return &RefusedError{fmt.Sprintf("the APIService %s exists already and points at %s, not at the Service %s of this server. If that is a former "+
			"installation, delete it (kubectl delete apiservice %s); else serve another group: set FAIRLEAD_API_GROUP (for example workflows.fairlead.dev) in the manifests.",
			g.APIService, target(apiService), g.claim(), g.APIService)}
	case len(foreign)+len(own) > 0:
		klog.FromContext(ctx).Info("WARNING: CustomResourceDefinitions were created in the API group of this server after it was installed; their resources cannot be reached",
			"group", g.Group, "customResourceDefinitions", append(foreign, own...))
	}
	if apiService == nil || claimed {
		return nil
	}

	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": apiService.ResourceVersion,
		"annotations":     map[string]string{claimAnnotation: g.claim()},
	}})
	if err != nil {
		return err
	}
	_, err = apiServices.ApiregistrationV1().APIServices().Patch(ctx, g.APIService, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("mark APIService %s as taken: %w", g.APIService, err)
	}
	// A conflict means another replica is marking it, or somebody is editing it; the next start marks it then.
	return nil
}

// definitions lists the CRDs of the group: those of other projects and those whose resources have the names of ours.
func (g Guard) definitions(ctx context.Context, crds metadata.Interface) (foreign, own []string, err error) {
	list, err := crds.Resource(customResourceDefinitions).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list CustomResourceDefinitions to see who else serves the group %q: %w", g.Group, err)
	}
	for i := range list.Items {
		// The API server requires the name of a CRD to be <plural>.<group>.
		resource, group, _ := strings.Cut(list.Items[i].Name, ".")
		if group != g.Group {
			continue
		}
		if slices.Contains(g.OwnResources, resource) {
			own = append(own, list.Items[i].Name)
		} else {
			foreign = append(foreign, list.Items[i].Name)
		}
	}
	slices.Sort(foreign)
	slices.Sort(own)
	return foreign, own, nil
}

func (g Guard) crdMessage(foreign, own []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "the API group %q is in use: taking it would make existing custom resources unreachable.", g.Group)
	if len(foreign) > 0 {
		fmt.Fprintf(&b, " Other projects have CustomResourceDefinitions in it: %s.", strings.Join(foreign, ", "))
	}
	if len(own) > 0 {
		fmt.Fprintf(&b, " Another workflow engine has CustomResourceDefinitions in it: %s; if it is no longer used, save the objects you need "+
			"(kubectl get -A -o yaml), then remove them with: kubectl delete crd %s.", strings.Join(own, ", "), strings.Join(own, " "))
	}
	b.WriteString(" To install beside them serve another group: set FAIRLEAD_API_GROUP (for example workflows.fairlead.dev) in the manifests.")
	return b.String()
}

func (g Guard) claim() string { return g.Namespace + "/" + g.Service }

func (g Guard) pointsHere(apiService *apiregistrationv1.APIService) bool {
	ref := apiService.Spec.Service
	return ref != nil && ref.Namespace == g.Namespace && ref.Name == g.Service
}

// target says what an APIService points at.
func target(apiService *apiregistrationv1.APIService) string {
	if ref := apiService.Spec.Service; ref != nil {
		return fmt.Sprintf("the Service %s/%s", ref.Namespace, ref.Name)
	}
	return "kube-apiserver itself"
}

func isAutomanaged(apiService *apiregistrationv1.APIService) bool {
	switch apiService.Labels[automanagedLabel] {
	case "true", "onstart":
		return true
	}
	return false
}
