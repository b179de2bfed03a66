package manifests

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// use says where a part of Fairlead uses rights: the file has to hold the code, or, for what Kubernetes' own libraries do for us, what
// switches that on.
type use struct{ resource, verbs, file, code string }

// uses are, by role, what each right is for. Resources have their group before them, unless it is the core group; a narrowed right has
// the name after it.
var uses = map[string][]use{
	"fairlead-apiserver": {
		{"namespaces", "get list watch", "cmd/fairlead-apiserver/app/options.go", "NewRecommendedOptions("}, // admission: NamespaceLifecycle
		{"admissionregistration.k8s.io/mutatingwebhookconfigurations", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"mutatingwebhookconfigurations"`},
		{"admissionregistration.k8s.io/validatingwebhookconfigurations", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"validatingwebhookconfigurations"`},
		{"admissionregistration.k8s.io/validatingadmissionpolicies", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"validatingadmissionpolicies"`},
		{"admissionregistration.k8s.io/validatingadmissionpolicybindings", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"validatingadmissionpolicybindings"`},
		{"admissionregistration.k8s.io/mutatingadmissionpolicies", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"mutatingadmissionpolicies"`},
		{"admissionregistration.k8s.io/mutatingadmissionpolicybindings", "list watch", "pkg/apiserver/clusterfeatures/discover.go", `"mutatingadmissionpolicybindings"`},
		{"resourcequotas", "list watch", "cmd/fairlead-apiserver/app/options.go", "resourcequota.Register("},
		{"resourcequotas/status", "update", "cmd/fairlead-apiserver/app/options.go", "resourcequota.Register("},
		{"pods", "get", "pkg/registry/workflow/podlog/pods.go", ".Get(ctx, name,"},
		{"pods", "list", "pkg/registry/workflow/podlog/pods.go", ".List(ctx, options)"},
		{"pods", "watch", "pkg/registry/workflow/podlog/pods.go", ".Watch(ctx, options)"},
		{"pods/log", "get", "pkg/registry/workflow/podlog/pods.go", ".GetLogs(name, options)"},
		{"apiextensions.k8s.io/customresourcedefinitions", "list", "pkg/apiserver/groupguard/guard.go", "crds.Resource(customResourceDefinitions).List("},
		{"secrets", "create", "pkg/apiserver/servingcert/keeper.go", "secrets.Create("},
		{"secrets fairlead-apiserver-cert", "get", "pkg/apiserver/servingcert/keeper.go", "secrets.Get("},
		{"secrets fairlead-apiserver-cert", "update", "pkg/apiserver/servingcert/keeper.go", "secrets.Update("},
		{"secrets fairlead-apiserver-cert", "list watch", "pkg/apiserver/servingcert/keeper.go", "Secrets().Informer()"},
		{"configmaps", "get", "cmd/fairlead-apiserver/app/uploads.go", "ConfigMaps(u.namespace).Get("},
		{"configmaps", "create", "pkg/storage/identity/configmap.go", "m.client.Create("},
		{"configmaps fairlead-store-identity", "update", "pkg/storage/identity/configmap.go", "m.client.Update("},
		{"configmaps workflow-controller-configmap", "list watch", "pkg/controller/config/watcher.go", "ConfigMaps().Informer()"},
	},
	"fairlead-apiserver:apiservice": {
		{"apiregistration.k8s.io/apiservices", "create", "pkg/apiserver/groupguard/register.go", "APIServices().Create("},
		{"apiregistration.k8s.io/apiservices v1alpha1.argoproj.io", "get", "pkg/apiserver/groupguard/guard.go", "APIServices().Get("},
		{"apiregistration.k8s.io/apiservices v1alpha1.argoproj.io", "list watch", "pkg/apiserver/servingcert/publisher.go", "APIServices().Informer()"},
		{"apiregistration.k8s.io/apiservices v1alpha1.argoproj.io", "patch", "pkg/apiserver/groupguard/guard.go", "APIServices().Patch("},
		{"rbac.authorization.k8s.io/clusterroles fairlead-apiserver:apiservice", "get", "pkg/apiserver/groupguard/register.go", ".Get("},
	},
	"fairlead-apiserver:artifact-access": {
		{"secrets", "get", "pkg/registry/workflow/artifacts/source.go", "Secrets(r.namespace).Get("},
		{"configmaps", "get", "pkg/registry/workflow/artifacts/source.go", "ConfigMaps(r.namespace).Get("},
	},
	"fairlead-apiserver:priority-and-fairness": {
		{"flowcontrol.apiserver.k8s.io/flowschemas", "list watch", "cmd/fairlead-apiserver/app/options.go", "EnablePriorityAndFairness"},
		{"flowcontrol.apiserver.k8s.io/prioritylevelconfigurations", "list watch", "cmd/fairlead-apiserver/app/options.go", "EnablePriorityAndFairness"},
		{"flowcontrol.apiserver.k8s.io/flowschemas/status", "patch", "cmd/fairlead-apiserver/app/options.go", "EnablePriorityAndFairness"},
	},
	"fairlead-controller": {
		{"pods", "get", "pkg/controller/workflow/pods.go", "Pods(namespace).Get("},
		{"pods", "list watch", "cmd/fairlead-controller/app/config.go", "Pods().Informer()"},
		{"pods", "create", "pkg/controller/workflow/pods.go", "Pods(pod.Namespace).Create("},
		{"pods", "patch", "pkg/controller/workflow/pods.go", "Pods(namespace).Patch("},
		{"pods", "delete", "pkg/controller/workflow/pods.go", "Pods(namespace).Delete("},
		{"persistentvolumeclaims", "get", "pkg/controller/workflow/claims.go", "claims.Get("},
		{"persistentvolumeclaims", "create", "pkg/controller/workflow/claims.go", "claims.Create("},
		{"persistentvolumeclaims", "patch", "pkg/controller/workflow/claims.go", "claims.Patch("},
		{"persistentvolumeclaims", "delete", "pkg/controller/workflow/claims.go", "claims.Delete("},
		{"policy/poddisruptionbudgets", "create", "pkg/controller/workflow/claims.go", "PodDisruptionBudgets(budget.Namespace).Create("},
		{"policy/poddisruptionbudgets", "delete", "pkg/controller/workflow/claims.go", "PodDisruptionBudgets(namespace).Delete("},
		{"configmaps", "get", "pkg/controller/workflow/client.go", "ConfigMaps(namespace).Get("},
		{"configmaps artifact-repositories", "list watch", "pkg/controller/repository/resolver.go", "ConfigMaps().Informer()"},
		{"namespaces", "list watch", "cmd/fairlead-controller/app/configuration.go", "Namespaces().Informer()"},
		{"events", "create patch", "cmd/fairlead-controller/app/run.go", "StartRecordingToSink("},
		{"nodes", "list", "pkg/controller/imagevolume/detector.go", "Nodes().List("},
		{"serviceaccounts", "get", "pkg/controller/workflow/command/credentials.go", "ServiceAccounts(namespace).Get("},
		// in its own namespace
		{"coordination.k8s.io/leases", "get create update", "cmd/fairlead-controller/app/leader.go", "resourcelock.LeaseLock{"},
		{"configmaps workflow-controller-configmap", "list watch", "pkg/controller/config/watcher.go", "ConfigMaps().Informer()"},
	},
	"fairlead-controller:workflows": {
		{"argoproj.io/workflows", "list watch", "cmd/fairlead-controller/app/config.go", "workflows.Watch(ctx, o)"},
		{"argoproj.io/workflows", "patch", "pkg/controller/workflow/finalizer.go", ".Patch(ctx, key.Name,"},
		{"argoproj.io/workflows", "delete", "pkg/controller/ttl/controller.go", "Workflows(wf.Namespace).Delete("},
		{"argoproj.io/workflows/nodes", "get", "pkg/controller/workflow/client.go", `SubResource("nodes")`},
		{"argoproj.io/workflows/nodes", "create", "pkg/controller/workflow/client.go", ".UpdateNodes(ctx, update.Metadata.Name, update,"},
		{"argoproj.io/workflowtaskresults", "list watch", "cmd/fairlead-controller/app/config.go", "results.Watch(ctx, o)"},
		{"argoproj.io/workflowtaskresults", "delete", "pkg/controller/workflow/reports.go", "WorkflowTaskResults(namespace).Delete("},
		{"argoproj.io/workflowartifactgctasks", "list watch", "cmd/fairlead-controller/app/artifactgc.go", "tasks.Watch(ctx, o)"},
		{"argoproj.io/workflowartifactgctasks", "create", "pkg/controller/artifactgc/workflows.go", "WorkflowArtifactGCTasks(header.Namespace).Create("},
		{"argoproj.io/workflowartifactgctasks", "update", "pkg/controller/artifactgc/takein.go", "WorkflowArtifactGCTasks(task.Namespace).Update("},
		{"argoproj.io/workflowartifactgctasks", "delete", "pkg/controller/artifactgc/tasks.go", "WorkflowArtifactGCTasks(task.Namespace).Delete("},
		{"argoproj.io/workflowartifactgctasks/status", "update", "pkg/controller/artifactgc/takein.go", "WorkflowArtifactGCTasks(task.Namespace).UpdateStatus("},
		{"argoproj.io/workflows/finalizers", "update", "pkg/controller/workflow/pod/metadata.go", "metav1.NewControllerRef("},
		{"argoproj.io/workflowtemplates", "get", "pkg/controller/workflow/client.go", "WorkflowTemplates(namespace).Get("},
		{"argoproj.io/clusterworkflowtemplates", "get", "pkg/controller/workflow/client.go", "ClusterWorkflowTemplates().Get("},
	},
	"fairlead-controller:apiservice": {
		{"apiregistration.k8s.io/apiservices v1alpha1.argoproj.io", "list watch", "pkg/controller/direct/authority.go", "APIServices().Informer()"},
	},
	"fairlead-controller:pull-secrets": {
		{"secrets", "get", "pkg/controller/workflow/command/credentials.go", "Secrets(namespace).Get("},
	},
	"fairlead-controller:kill-commands": {
		{"pods/exec", "create get", "pkg/controller/workflow/exec.go", `SubResource("exec")`},
	},
	"fairlead-controller:share-repository-secret": {
		{"secrets fairlead-artifacts", "get", "pkg/controller/credentials/sharer.go", "client.Get("},
		{"secrets fairlead-artifacts", "update", "pkg/controller/credentials/sharer.go", "client.Update("},
		{"secrets", "create", "pkg/controller/credentials/sharer.go", "client.Create("},
	},
	"fairlead-results": {
		{"argoproj.io/workflowtaskresults", "create", "pkg/executor/report/client.go", "http.MethodPost"},
		{"argoproj.io/workflowtaskresults", "patch", "pkg/executor/report/client.go", "http.MethodPatch"},
	},
	"fairlead-store": {
		{"secrets", "create", "cmd/fairlead-store/secret.go", "http.MethodPost"},
		{"secrets fairlead-artifacts", "get", "cmd/fairlead-store/secret.go", "http.MethodGet"},
	},
}

// Each right that is given to a part of Fairlead is one that its code uses, and no use goes without its right. What people may do is
// theirs.
func TestEveryRightIsUsed(t *testing.T) {
	given := map[string]bool{}
	for right := range rights(t) {
		given[right] = true
	}
	expected := map[string]bool{}
	for role, list := range uses {
		for _, u := range list {
			text, err := os.ReadFile(filepath.Join("../..", u.file))
			if err != nil {
				t.Errorf("%s: %s: %v", role, u.resource, err)
			} else if !strings.Contains(string(text), u.code) {
				t.Errorf("%s: %s %s is not used any more: %s has no %q", role, u.verbs, u.resource, u.file, u.code)
			}
			for _, verb := range strings.Fields(u.verbs) {
				expected[role+": "+verb+" "+u.resource] = true
			}
		}
	}
	for right := range given {
		if !expected[right] {
			t.Errorf("%s: nothing is known to use it", right)
		}
	}
	for right := range expected {
		if !given[right] {
			t.Errorf("%s: is used, and not given", right)
		}
	}
}

// Nobody is given everything.
func TestNoWildcards(t *testing.T) {
	for right := range rights(t) {
		if strings.Contains(right, "*") {
			t.Error(right)
		}
	}
}

// Quick-start reads Secrets of users for the one thing that it cannot do without: artifacts. To ask private registries is for those
// who need it.
func TestQuickStartLeavesPullSecretsAlone(t *testing.T) {
	for _, role := range of[*rbacv1.ClusterRole](render(t, filepath.Join(root, "overlays/quick-start")).objects) {
		for _, rule := range role.Rules {
			reads := slices.Contains(rule.Resources, "secrets") && slices.Contains(rule.Verbs, "get") && len(rule.ResourceNames) == 0
			if reads && role.Name != "fairlead-apiserver:artifact-access" {
				t.Errorf("%s reads every Secret", role.Name)
			}
		}
	}
}

// rights are all that roles give to the parts of Fairlead, in all that can be installed: `role: verb [group/]resource [name]`.
func rights(t *testing.T) map[string]bool {
	t.Helper()
	components, err := filepath.Glob(filepath.Join(root, "components", "*", "rbac.yaml"))
	if err != nil || len(components) == 0 {
		t.Fatalf("components: %v %v", components, err)
	}
	dir := t.TempDir()
	there, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Rel(dir, there)
	if err != nil {
		t.Fatal(err)
	}
	all := "resources: [" + here + "/overlays/quick-start]\ncomponents:\n"
	for _, file := range components {
		name := filepath.Base(filepath.Dir(file))
		if name != "artifact-access" && name != "share-repository-secret" { // quick-start has them
			all += "  - " + here + "/components/" + name + "\n"
		}
	}
	write(t, filepath.Join(dir, "kustomization.yaml"), all)
	found := map[string]bool{}
	add := func(role string, rules []rbacv1.PolicyRule) {
		if strings.HasPrefix(role, "fairlead-aggregate-to-") {
			return
		}
		for _, rule := range rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						for _, right := range named(group, resource, rule.ResourceNames) {
							found[fmt.Sprintf("%s: %s %s", role, verb, right)] = true
						}
					}
				}
			}
		}
	}
	r := render(t, dir)
	for _, role := range of[*rbacv1.ClusterRole](r.objects) {
		add(role.Name, role.Rules)
	}
	for _, role := range of[*rbacv1.Role](r.objects) {
		add(role.Name, role.Rules)
	}
	return found
}

func named(group, resource string, names []string) []string {
	if group != "" {
		resource = group + "/" + resource
	}
	if len(names) == 0 {
		return []string{resource}
	}
	var list []string
	for _, name := range names {
		list = append(list, resource+" "+name)
	}
	return list
}
