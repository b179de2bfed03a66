//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// The kube-apiserver trusts ours by a CA that ours made and put into the APIService; verification is not skipped.
func TestAPIServiceIsAvailableAndVerified(t *testing.T) {
	eventually(t, "the APIService to be available", func(ctx context.Context) (bool, string, error) {
		s, err := apiservices.ApiregistrationV1().APIServices().Get(ctx, "v1alpha1."+v1alpha1.GroupName, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		if s.Spec.InsecureSkipTLSVerify {
			t.Fatal("insecureSkipTLSVerify is set")
		}
		for _, c := range s.Status.Conditions {
			if c.Type == apiregistrationv1.Available {
				return c.Status == apiregistrationv1.ConditionTrue && len(s.Spec.CABundle) > 0, c.Reason + ": " + c.Message, nil
			}
		}
		return false, "no condition yet", nil
	})
}

func TestDeploymentsAreReady(t *testing.T) {
	for _, name := range []string{"fairlead-apiserver", "fairlead-controller"} {
		eventually(t, name, func(ctx context.Context) (bool, string, error) {
			var d *appsv1.Deployment
			d, err := kube.AppsV1().Deployments(systemNamespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return false, "", err
			}
			return d.Status.ReadyReplicas == *d.Spec.Replicas, d.Status.String(), nil
		})
	}
}

// RES-01..08: kinds, short names and scopes are what manifests and fingers are used to.
func TestKindsAreDiscovered(t *testing.T) {
	t.Parallel()
	table := kubectl(t, "api-resources", "--api-group="+v1alpha1.GroupName, "--no-headers")
	for _, want := range []struct{ plural, short, namespaced, kind string }{
		{"workflows", "wf", "true", "Workflow"},
		{"workflowtemplates", "wftmpl", "true", "WorkflowTemplate"},
		{"clusterworkflowtemplates", "clusterwftmpl,cwft", "false", "ClusterWorkflowTemplate"},
		{"cronworkflows", "cwf,cronwf", "true", "CronWorkflow"},
		{"workfloweventbindings", "wfeb", "true", "WorkflowEventBinding"},
		{"workflowtasksets", "wfts", "true", "WorkflowTaskSet"},
		{"workflowtaskresults", "", "true", "WorkflowTaskResult"},
		{"workflowartifactgctasks", "wfat", "true", "WorkflowArtifactGCTask"},
	} {
		found := false
		for _, line := range strings.Split(table, "\n") {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[0] != want.plural {
				continue
			}
			found = true
			rest := fields[len(fields)-3:]
			if rest[0] != v1alpha1.SchemeGroupVersion.String() || rest[1] != want.namespaced || rest[2] != want.kind {
				t.Errorf("%s: %q", want.plural, line)
			}
			if want.short != "" && fields[1] != want.short {
				t.Errorf("%s: short names %q, want %q", want.plural, fields[1], want.short)
			}
		}
		if !found {
			t.Errorf("%s is not served:\n%s", want.plural, table)
		}
	}
}

// RES-16: what the fields mean is one command away, for every level of a manifest.
func TestExplainTeaches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path   string
		fields []string
	}{
		{"workflow.spec", []string{"entrypoint", "templates", "arguments"}},
		{"workflow.spec.templates", []string{"container", "steps", "dag", "script"}},
		{"workflow.spec.templates.retryStrategy", []string{"limit", "backoff", "retryPolicy"}},
		{"workflow.spec.templates.dag.tasks", []string{"depends", "dependencies"}},
		{"workflow.status.nodes", []string{"phase", "displayName", "boundaryID"}},
		{"cronworkflow.spec", []string{"schedules", "concurrencyPolicy", "workflowSpec"}},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			text := kubectl(t, "explain", "--api-version="+v1alpha1.SchemeGroupVersion.String(), test.path)
			_, description, found := strings.Cut(text, "DESCRIPTION:")
			if !found || strings.Contains(text, "<empty>") {
				t.Errorf("no description:\n%s", text)
			}
			lines := strings.Split(description, "\n")
			for _, field := range test.fields {
				if !explained(lines, field) {
					t.Errorf("field %s has no line of explanation:\n%s", field, text)
				}
			}
		})
	}
}

// explained tells whether kubectl's list of fields has this one with text under it.
func explained(lines []string, field string) bool {
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), field+"\t") && i+1 < len(lines) {
			return strings.TrimSpace(lines[i+1]) != "" && !strings.Contains(lines[i+1], "<no description>")
		}
	}
	return false
}
