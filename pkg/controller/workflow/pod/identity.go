package pod

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// setIdentity sets who the pod is: service account and security context come from the template, else the workflow (POD-09,
// POD-10); pull secrets from the workflow only (POD-11). An empty service account is the namespace's `default`.
func setIdentity(spec *corev1.PodSpec, in Input) {
	t, wf := in.Template, in.Spec
	spec.ServiceAccountName = firstSet(t.ServiceAccountName, wf.ServiceAccountName)
	spec.AutomountServiceAccountToken = wf.AutomountServiceAccountToken
	if t.AutomountServiceAccountToken != nil {
		spec.AutomountServiceAccountToken = t.AutomountServiceAccountToken
	}
	// A token that is bound to a pod is one of the pod's account: for the executor to act as another one, the pod has to be that one's.
	// It may where main is the executor; the user's containers beside it get no token then. In other pods the executor asks the API for
	// nothing but to take its report, which takes no rights.
	if account := firstSet(executorAccount(t.Executor), executorAccount(wf.Executor)); account != "" && reportsItself(in) {
		if account != spec.ServiceAccountName {
			spec.AutomountServiceAccountToken = new(false)
		}
		spec.ServiceAccountName = account
	}
	spec.SecurityContext = wf.SecurityContext
	if t.SecurityContext != nil {
		spec.SecurityContext = t.SecurityContext
	}
	spec.ImagePullSecrets = wf.ImagePullSecrets
}

// executorAccount is the service account that the executor is to act as; empty: none is named.
func executorAccount(e *wfv1.ExecutorConfig) string {
	if e == nil {
		return ""
	}
	return e.ServiceAccountName
}

// setNetwork sets host network and DNS, which only the workflow has (POD-08), and host aliases, where the template's are
// added to the workflow's (POD-07).
func setNetwork(spec *corev1.PodSpec, in Input) {
	if in.Spec.HostNetwork != nil {
		spec.HostNetwork = *in.Spec.HostNetwork
	}
	if in.Spec.DNSPolicy != nil {
		spec.DNSPolicy = *in.Spec.DNSPolicy
	}
	spec.DNSConfig = in.Spec.DNSConfig
	spec.HostAliases = slices.Concat(in.Spec.HostAliases, in.Template.HostAliases)
}
