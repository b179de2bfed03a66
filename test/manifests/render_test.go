// Package manifests holds tests of the kustomizations under /manifests. They need no cluster and no network.
package manifests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const root = "../../manifests"

// installable are the kustomizations that a user applies.
var installable = []string{"overlays/quick-start", "overlays/external-etcd", "overlays/ha"}

// rendered is one kustomization's output: its text and its objects, decoded strictly.
type rendered struct {
	text    string
	objects []runtime.Object
}

func render(t *testing.T, dir string) rendered {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatalf("%s does not render: %v", dir, err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiregistrationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	var out rendered
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		out.text += "---\n" + string(text)
		gvk := resource.GetGvk()
		object, err := scheme.New(schema.GroupVersionKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind})
		if err != nil {
			t.Fatalf("%s: %v", resource.CurId(), err)
		}
		if err := yaml.UnmarshalStrict(text, object); err != nil {
			t.Fatalf("%s: %v", resource.CurId(), err)
		}
		out.objects = append(out.objects, object)
	}
	return out
}

// of returns the objects of one type.
func of[T runtime.Object](objects []runtime.Object) []T {
	var found []T
	for _, object := range objects {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

func deployment(t *testing.T, objects []runtime.Object, name string) *appsv1.Deployment {
	t.Helper()
	for _, d := range of[*appsv1.Deployment](objects) {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no Deployment %s", name)
	return nil
}

func TestEveryOverlayRenders(t *testing.T) {
	for _, name := range installable {
		t.Run(name, func(t *testing.T) {
			r := render(t, filepath.Join(root, name))
			for _, d := range of[*appsv1.Deployment](r.objects) {
				checkPodIsConfined(t, d)
			}
			for _, pdb := range of[*policyv1.PodDisruptionBudget](r.objects) {
				if d := deployment(t, r.objects, pdb.Name); *d.Spec.Replicas < 2 {
					t.Errorf("PodDisruptionBudget %s over %d replica would block every drain", pdb.Name, *d.Spec.Replicas)
				}
			}
		})
	}
}

func checkPodIsConfined(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	if pod.PriorityClassName == "" {
		t.Errorf("%s: no priorityClassName (pitfall 8)", d.Name)
	}
	if pod.SecurityContext == nil || pod.SecurityContext.SeccompProfile == nil {
		t.Errorf("%s: no seccomp profile", d.Name)
	}
	for _, c := range pod.Containers {
		sc := c.SecurityContext
		if sc == nil || sc.Capabilities == nil || len(sc.Capabilities.Add) != 0 || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation ||
			sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem {
			t.Errorf("%s/%s: must drop all capabilities, forbid privilege escalation and have a read-only root", d.Name, c.Name)
		}
		if c.ReadinessProbe == nil || c.LivenessProbe == nil {
			t.Errorf("%s/%s: needs readiness and liveness probes", d.Name, c.Name)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
			t.Errorf("%s/%s: needs requests for cpu and memory (pitfall 8)", d.Name, c.Name)
		}
	}
}

func TestOnlyQuickStartRunsAsRoot(t *testing.T) {
	for _, name := range installable {
		r := render(t, filepath.Join(root, name))
		for _, d := range of[*appsv1.Deployment](r.objects) {
			user := *d.Spec.Template.Spec.SecurityContext.RunAsUser
			mayBeRoot := name == "overlays/quick-start" && (d.Name == "fairlead-apiserver" || d.Name == "fairlead-store")
			if user == 0 && !mayBeRoot {
				t.Errorf("%s: %s runs as root", name, d.Name)
			}
		}
	}
}

// Artifacts work right after the quick-start: the repository of the configuration is the Service of the store, its
// credentials are the Secret that the store makes and the controller hands on.
func TestQuickStartHasAnArtifactRepository(t *testing.T) {
	r := render(t, filepath.Join(root, "overlays/quick-start"))
	var configured struct {
		S3 wfv1.S3Artifact `json:"s3"`
	}
	for _, c := range of[*corev1.ConfigMap](r.objects) {
		if c.Name == "workflow-controller-configmap" {
			if err := yaml.UnmarshalStrict([]byte(c.Data["artifactRepository"]), &struct {
				S3 *wfv1.S3ArtifactRepository `json:"s3"`
			}{}); err != nil {
				t.Error(err)
			}
			if err := yaml.Unmarshal([]byte(c.Data["artifactRepository"]), &configured); err != nil {
				t.Error(err)
			}
		}
	}
	address := ""
	for _, s := range of[*corev1.Service](r.objects) {
		if s.Name == "fairlead-store" {
			address = fmt.Sprintf("%s.%s.svc:%d", s.Name, s.Namespace, s.Spec.Ports[0].Port)
		}
	}
	if configured.S3.Endpoint != address || address == "" {
		t.Errorf("the repository is at %q, the store at %q", configured.S3.Endpoint, address)
	}
	made := deployment(t, r.objects, "fairlead-store").Spec.Template.Spec.Containers[0].Args
	shared := deployment(t, r.objects, "fairlead-controller").Spec.Template.Spec.Containers[0].Args
	secret := configured.S3.AccessKeySecret.Name
	if len(intersection(made, []string{"--credentials-secret=" + secret, "--bucket=" + configured.S3.Bucket})) != 2 {
		t.Errorf("the store is started with %q", made)
	}
	if len(intersection(shared, []string{"--share-repository-secret=" + secret})) != 1 {
		t.Errorf("the controller is started with %q", shared)
	}
}

// One process owns an embedded etcd's directory; two pods at once, as a rolling update has them, would lock each other out.
func TestEmbeddedStorageHasOneWriter(t *testing.T) {
	d := deployment(t, render(t, filepath.Join(root, "overlays/quick-start")).objects, "fairlead-apiserver")
	if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || d.Spec.Strategy.RollingUpdate != nil {
		t.Errorf("strategy = %+v, want Recreate", d.Spec.Strategy)
	}
	if *d.Spec.Replicas != 1 {
		t.Errorf("replicas = %d, want 1", *d.Spec.Replicas)
	}
}

// Pitfall 24: applying an APIService would take the group away from resource definitions that are served in it. The
// server registers itself once it has seen that there are none.
func TestServerRegistersItself(t *testing.T) {
	for _, name := range installable {
		r := render(t, filepath.Join(root, name))
		if n := len(of[*apiregistrationv1.APIService](r.objects)); n != 0 {
			t.Errorf("%s: %d APIServices, want none", name, n)
		}
		if !grants(r.objects, "fairlead-apiserver:apiservice", "apiregistration.k8s.io", "apiservices", "create") {
			t.Errorf("%s: the server may not create its APIService", name)
		}
	}
}

// Pitfall 3: an admission plugin whose informer may not list its kind refuses every write.
func TestServerMayReadWhatItsAdmissionReads(t *testing.T) {
	r := render(t, filepath.Join(root, "overlays/quick-start"))
	for _, want := range []struct{ group, resource string }{
		{"", "namespaces"}, {"", "resourcequotas"},
		{"admissionregistration.k8s.io", "mutatingwebhookconfigurations"},
		{"admissionregistration.k8s.io", "validatingwebhookconfigurations"},
		{"admissionregistration.k8s.io", "validatingadmissionpolicies"},
		{"admissionregistration.k8s.io", "validatingadmissionpolicybindings"},
		{"admissionregistration.k8s.io", "mutatingadmissionpolicies"},
		{"admissionregistration.k8s.io", "mutatingadmissionpolicybindings"},
	} {
		for _, verb := range []string{"list", "watch"} {
			if !grants(r.objects, "fairlead-apiserver", want.group, want.resource, verb) {
				t.Errorf("fairlead-apiserver may not %s %s.%s", verb, want.resource, want.group)
			}
		}
	}
}

// Pitfall 11: who the front proxy is, and who asks.
func TestServerMayDelegateAuthentication(t *testing.T) {
	r := render(t, filepath.Join(root, "overlays/quick-start"))
	var reader, delegator bool
	for _, b := range of[*rbacv1.RoleBinding](r.objects) {
		reader = reader || b.Namespace == "kube-system" && b.RoleRef.Name == "extension-apiserver-authentication-reader"
	}
	for _, b := range of[*rbacv1.ClusterRoleBinding](r.objects) {
		delegator = delegator || b.RoleRef.Name == "system:auth-delegator"
	}
	if !reader || !delegator {
		t.Errorf("extension-apiserver-authentication-reader bound: %t, system:auth-delegator bound: %t", reader, delegator)
	}
}

// The controller finds the server by the name that the server's certificate is made for, and may read whom to trust.
func TestControllerReachesTheServerDirectly(t *testing.T) {
	for _, name := range installable {
		r := render(t, filepath.Join(root, name))
		want := ""
		for _, s := range of[*corev1.Service](r.objects) {
			if s.Name == "fairlead-apiserver" && s.Spec.Ports[0].Port == 443 {
				want = "--workflow-server=https://" + s.Name + "." + s.Namespace + ".svc"
			}
		}
		args := deployment(t, r.objects, "fairlead-controller").Spec.Template.Spec.Containers[0].Args
		if want == "" || len(intersection(args, []string{want})) == 0 {
			t.Errorf("%s: the controller is started with %q, want %q among them", name, args, want)
		}
		for _, verb := range []string{"list", "watch"} {
			if !grants(r.objects, "fairlead-controller:apiservice", "apiregistration.k8s.io", "apiservices", verb) {
				t.Errorf("%s: the controller may not %s its APIService", name, verb)
			}
		}
	}
}

// Nobody but the controller may write nodes, and no aggregated role gives status away.
func TestOnlyTheControllerWritesNodes(t *testing.T) {
	r := render(t, filepath.Join(root, "overlays/quick-start"))
	for _, role := range of[*rbacv1.ClusterRole](r.objects) {
		for _, rule := range role.Rules {
			writes := len(intersection(rule.Verbs, []string{"create", "update", "patch", "*"})) > 0
			ours := len(intersection(rule.Resources, []string{"workflows/nodes", "workflows/status", "*", "workflows/*"})) > 0
			if writes && ours && role.Name != "fairlead-controller:workflows" {
				t.Errorf("ClusterRole %s writes %v", role.Name, rule.Resources)
			}
		}
	}
}

func TestGroupIsSetInOnePlace(t *testing.T) {
	const other = "workflows.example.dev"
	base := render(t, filepath.Join(root, "overlays/quick-start"))
	if n := strings.Count(base.text, other); n != 0 {
		t.Fatalf("the test's group occurs %d times already", n)
	}
	there, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	here, err := filepath.Rel(dir, there)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "group", "kustomization.yaml"), `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - patch: |-
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: fairlead-settings, namespace: fairlead-system}
      data: {apiGroup: `+other+`}
`)
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: ["+here+"/overlays/quick-start]\ncomponents: [group, "+here+"/components/api-group]\n")
	moved := render(t, dir)
	if strings.Contains(moved.text, "argoproj.io") {
		t.Errorf("argoproj.io is left after setting another group:\n%s", linesWith(moved.text, "argoproj.io"))
	}
	if got, want := strings.Count(moved.text, other), strings.Count(base.text, "argoproj.io"); got != want {
		t.Errorf("%d places hold the new group, %d held argoproj.io", got, want)
	}
	for _, env := range deployment(t, moved.objects, "fairlead-apiserver").Spec.Template.Spec.Containers[0].Env {
		if env.Name == "FAIRLEAD_API_GROUP" && env.Value != other {
			t.Errorf("the server is told the group %s", env.Value)
		}
	}
}

func grants(objects []runtime.Object, roleName, group, resource, verb string) bool {
	for _, role := range of[*rbacv1.ClusterRole](objects) {
		if role.Name != roleName {
			continue
		}
		for _, rule := range role.Rules {
			if len(intersection(rule.APIGroups, []string{group})) > 0 && len(intersection(rule.Resources, []string{resource})) > 0 && len(intersection(rule.Verbs, []string{verb})) > 0 {
				return true
			}
		}
	}
	return false
}

func intersection(a, b []string) []string {
	var both []string
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

func linesWith(text, part string) string {
	var found []string
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
