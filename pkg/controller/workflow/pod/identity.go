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
	if reportsItself(in) {
		// The executor is all there is in such a pod. In others it needs no account of its own: it reports with the pod's token.
		spec.ServiceAccountName = firstSet(executorAccount(t.Executor), executorAccount(wf.Executor), spec.ServiceAccountName)
	}
	spec.AutomountServiceAccountToken = wf.AutomountServiceAccountToken
	if t.AutomountServiceAccountToken != nil {
		spec.AutomountServiceAccountToken = t.AutomountServiceAccountToken
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
