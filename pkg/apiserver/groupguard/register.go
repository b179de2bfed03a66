package groupguard

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// ownerRole is the ClusterRole of the manifests that owns the APIService: who removes the manifests removes the
	// APIService with them. One that is left behind makes every namespace deletion in the cluster hang.
	ownerRole = "fairlead-apiserver:apiservice"
	// groupPriority and versionPriority order the group among others in discovery; they are those of custom resources.
	groupPriority   = 1000
	versionPriority = 100
	servicePort     = 443
)

// ClusterRoles is the part of Kubernetes that the owner of the APIService is found in.
type ClusterRoles interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (*rbacv1.ClusterRole, error)
}

// Register creates the APIService unless it exists. It is called once per start, when Claim has passed and the server is
// ready: before, the group would be claimed by a server that refuses it. A deletion while the server runs is left alone,
// because deleting the APIService is how to uninstall.
func (g Guard) Register(ctx context.Context, apiServices aggregator.Interface, roles ClusterRoles, caBundle []byte) error {
	_, err := apiServices.ApiregistrationV1().APIServices().Get(ctx, g.APIService, metav1.GetOptions{})
	if err == nil {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("read APIService %s: %w", g.APIService, err)
	}
	apiService := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{
			Name:        g.APIService,
			Labels:      map[string]string{"app.kubernetes.io/name": "fairlead-apiserver", "app.kubernetes.io/part-of": "fairlead"},
			Annotations: map[string]string{claimAnnotation: g.claim()},
		},
		Spec: apiregistrationv1.APIServiceSpec{
			Group: g.Group, Version: v1alpha1.Version,
			GroupPriorityMinimum: groupPriority, VersionPriority: versionPriority,
			Service:  &apiregistrationv1.ServiceReference{Namespace: g.Namespace, Name: g.Service, Port: ptr.To[int32](servicePort)},
			CABundle: caBundle,
		},
	}
	if apiService.OwnerReferences, err = owner(ctx, roles); err != nil {
		return err
	}
	_, err = apiServices.ApiregistrationV1().APIServices().Create(ctx, apiService, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		// Another replica was faster.
		return nil
	}
	if err != nil {
		return fmt.Errorf("create APIService %s: %w", g.APIService, err)
	}
	klog.FromContext(ctx).Info("Registered the API group", "apiService", g.APIService)
	return nil
}

// owner refers to the ClusterRole of the manifests. Without it, or without the right to read it, the APIService has no
// owner and has to be deleted by hand.
func owner(ctx context.Context, roles ClusterRoles) ([]metav1.OwnerReference, error) {
	role, err := roles.Get(ctx, ownerRole, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		klog.FromContext(ctx).Info("The APIService gets no owner and has to be deleted by hand at the end", "clusterRole", ownerRole, "reason", err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ClusterRole %s: %w", ownerRole, err)
	}
	return []metav1.OwnerReference{{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole", Name: role.Name, UID: role.UID}}, nil
}
