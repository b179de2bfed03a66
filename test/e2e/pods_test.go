//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// runs creates a workflow of one entry template and others, and returns it when it has ended.
func runs(t *testing.T, namespace, name, templates string) *v1alpha1.Workflow {
	t.Helper()
	created := create(t, namespace, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: `+name+`}
spec:
  entrypoint: main
  templates:
`+templates)
	return awaitWorkflow(t, namespace, created, "to end", func(wf *v1alpha1.Workflow) bool { return wf.Status.Phase.Completed() })
}

// TPL-15, TPL-16, EXE-04: sidecars live as long as main does, and are to blame only for what they do themselves.
func TestSidecars(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, test := range []struct {
		name, template string
		phase          v1alpha1.NodePhase
		message        string
		podPhase       corev1.PodPhase
	}{
		{
			"serves", `
    container: {image: busybox, command: [sh, -c], args: ["until wget -qO- http://localhost:8080/hello; do sleep 0.1; done"]}
    initContainers: [{name: page, image: busybox, command: [sh, -c, "echo hi >/www/hello"], volumeMounts: [{name: www, mountPath: /www}]}]
    sidecars: [{name: web, image: busybox, command: [httpd, -f, -p, "8080", -h, /www], volumeMounts: [{name: www, mountPath: /www}]}]
    volumes: [{name: www, emptyDir: {}}]`, v1alpha1.NodeSucceeded, "", corev1.PodSucceeded,
		},
		{
			"deaf", `
    container: {image: busybox, command: ["true"]}
    podSpecPatch: "terminationGracePeriodSeconds: 1"
    sidecars: [{name: deaf, image: busybox, command: [sh, -c, "trap '' TERM; while :; do sleep 1; done"]}]`, v1alpha1.NodeSucceeded, "", corev1.PodSucceeded,
		},
		{
			"sidecar-fails", `
    container: {image: busybox, command: [sleep, "2"]}
    sidecars: [{name: side, image: busybox, command: [sh, -c, "exit 3"]}]`, v1alpha1.NodeFailed, "side: Error (exit code 3)", corev1.PodFailed,
		},
		{
			"main-fails", `
    container: {image: busybox, command: [sh, -c, "exit 4"]}
    sidecars: [{name: side, image: busybox, command: [sleep, "600"]}]`, v1alpha1.NodeFailed, "main: Error (exit code 4)", corev1.PodFailed,
		},
		{
			"main-never-starts", `
    container: {image: busybox, command: ["true"], workingDir: /etc/passwd}
    sidecars: [{name: side, image: busybox, command: [sleep, "600"]}]`, v1alpha1.NodeFailed, "main: StartError", corev1.PodFailed,
		},
		{
			"init-fails", `
    container: {image: busybox, command: ["true"]}
    initContainers: [{name: prepare, image: busybox, command: [sh, -c, "exit 5"]}]`, v1alpha1.NodeError, "prepare: Error (exit code 5)", corev1.PodFailed,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wf := runs(t, ns, test.name, "  - name: main"+test.template+"\n")
			n := nodeNamed(t, wf, test.name)
			if n.Phase != test.phase || !strings.HasPrefix(n.Message, test.message) {
				t.Errorf("%s %q, want %s %q", n.Phase, n.Message, test.phase, test.message)
			}
			eventually(t, "the pod to end", func(context.Context) (bool, string, error) {
				pods := podsOf(t, ns, test.name)
				return len(pods) == 1 && pods[0].Status.Phase == test.podPhase, fmt.Sprintf("%d pods", len(pods)), nil
			})
		})
	}
}

// TPL-12, TPL-13, ART-20, EXE-08: order, outputs through a shared volume, retries in place, and the failure of what depends on
// a failure.
func TestContainerSets(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := runs(t, ns, "set", `
  - name: main
    steps:
    - - {name: pod, template: set}
    - - {name: use, template: use, arguments: {parameters: [{name: r, value: "{{steps.pod.outputs.result}}/{{steps.pod.outputs.parameters.out}}"}]}}
  - name: set
    volumes: [{name: workspace, emptyDir: {}}]
    containerSet:
      volumeMounts: [{name: workspace, mountPath: /workspace}]
      retryStrategy: {retries: "3", duration: 100ms}
      containers:
      - {name: a, image: busybox, command: [sh, -c, "echo a >>/workspace/out; [ $(wc -l </workspace/out) = 2 ]"]}
      - {name: b, image: busybox, command: [sh, -c, "echo b >>/workspace/out"], dependencies: [a]}
      - {name: main, image: busybox, command: [sh, -c, "tr '\\n' ' ' </workspace/out"], dependencies: [a, b]}
    outputs: {parameters: [{name: out, valueFrom: {path: /workspace/out}}]}
  - name: use
    inputs: {parameters: [{name: r}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.r}}"]}
`)
	if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Fatalf("%s %s", wf.Status.Phase, wf.Status.Message)
	}
	pod := nodeNamed(t, wf, "pod")
	if pod.Outputs == nil || pod.Outputs.Result == nil || *pod.Outputs.Result != "a a b " {
		t.Errorf("outputs %+v", pod.Outputs)
	}
	for _, name := range []string{"a", "b", "main"} {
		if n := nodeNamed(t, wf, name); n.Type != v1alpha1.NodeTypeContainer || n.Phase != v1alpha1.NodeSucceeded || n.BoundaryID != pod.ID {
			t.Errorf("%s: %s %s below %s", name, n.Type, n.Phase, n.BoundaryID)
		}
	}
	wf = runs(t, ns, "fails", `
  - name: main
    containerSet:
      containers:
      - {name: first, image: busybox, command: [sh, -c, "exit 7"]}
      - {name: after, image: busybox, command: ["true"], dependencies: [first]}
      - {name: beside, image: busybox, command: ["true"]}
`)
	for name, want := range map[string]string{
		"fails": "first: Error (exit code 7)", "first": "first: Error (exit code 7)", "beside": "",
		"after": `after: Error (exit code 64): fairlead: dependency "first" exited with non-zero code: 7`,
	} {
		if n := nodeNamed(t, wf, name); n.Message != want || (n.Phase == v1alpha1.NodeSucceeded) != (want == "") {
			t.Errorf("%s: %s %q, want %q", name, n.Phase, n.Message, want)
		}
	}
}

// TPL-03, TPL-04, TPL-05: objects are made, awaited, read and deleted with the rights of the step's service account.
func TestResources(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	if _, err := kube.CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "maker"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := kube.RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "maker"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "maker", Namespace: ns}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Run("create, wait, read, delete", func(t *testing.T) {
		t.Parallel()
		wf := runs(t, ns, "objects", `
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: look, template: look, arguments: {parameters: [{name: job, value: "{{steps.make.outputs.parameters.job}}"}]}}
    - - {name: patch, template: patch, arguments: {parameters: [{name: job, value: "{{steps.make.outputs.parameters.job}}"}]}}
    - - {name: remove, template: remove, arguments: {parameters: [{name: job, value: "{{steps.make.outputs.parameters.job}}"}]}}
  - name: make
    serviceAccountName: maker
    resource:
      action: create
      setOwnerReference: true
      successCondition: status.succeeded > 0
      failureCondition: status.failed > 0
      manifest: |
        apiVersion: batch/v1
        kind: Job
        metadata: {generateName: once-}
        spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sleep, "3"]}]}}}
    outputs:
      parameters:
      - {name: job, valueFrom: {jsonPath: "{.metadata.name}"}}
      - {name: owner, valueFrom: {jqFilter: ".metadata.ownerReferences[].name"}}
  - name: look
    automountServiceAccountToken: false
    executor: {serviceAccountName: maker}
    inputs: {parameters: [{name: job}]}
    resource: {action: get, flags: ["job/{{inputs.parameters.job}}"]}
    outputs: {parameters: [{name: succeeded, valueFrom: {jqFilter: ".status.succeeded"}}]}
  - name: patch
    serviceAccountName: maker
    inputs: {parameters: [{name: job}]}
    resource: {action: patch, mergeStrategy: merge, flags: [job, "{{inputs.parameters.job}}"], manifest: "metadata: {labels: {seen: \"yes\"}}"}
    outputs: {parameters: [{name: seen, valueFrom: {jsonPath: "{.metadata.labels.seen}"}}]}
  - name: remove
    serviceAccountName: maker
    inputs: {parameters: [{name: job}]}
    resource: {action: delete, flags: [job, "-l", "seen=yes"]}
    outputs: {parameters: [{name: none, valueFrom: {jsonPath: "{.metadata.name}", default: deleted}}]}
`)
		if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
			t.Fatalf("%s %s", wf.Status.Phase, wf.Status.Message)
		}
		for node, want := range map[string]string{"make/owner": "objects", "look/succeeded": "1", "patch/seen": "yes", "remove/none": "deleted"} {
			name, parameter, _ := strings.Cut(node, "/")
			if p := nodeNamed(t, wf, name).Outputs.GetParameterByName(parameter); p == nil || p.Value == nil || string(*p.Value) != want {
				t.Errorf("%s: %+v, want %q", node, p, want)
			}
		}
		job := string(*nodeNamed(t, wf, "make").Outputs.GetParameterByName("job").Value)
		eventually(t, "the job to be deleted", func(ctx context.Context) (bool, string, error) {
			_, err := kube.BatchV1().Jobs(ns).Get(ctx, job, metav1.GetOptions{})
			return apierrors.IsNotFound(err), fmt.Sprint(err), nil
		})
	})
	for name, test := range map[string]struct{ resource, message string }{
		"no-rights":   {`{action: create, manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"}`, `main: Error (exit code 64): no more retries Error from server (Forbidden): error when creating "/tmp/manifest.yaml": configmaps is forbidden`},
		"no-manifest": {`{action: get, flags: []}`, "Must provide at least one of flags or manifest."},
		"no-kind":     {`{action: create, manifest: "{apiVersion: none.example.com/v1, kind: None, metadata: {name: x}}"}`, `main: Error (exit code 64): no more retries `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, err := runKubectl(t.Context(), manifest(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: `+name+`}
spec: {entrypoint: main, templates: [{name: main, resource: `+test.resource+`}]}
`), "create", "-n", ns, "-f", "-")
			if err != nil {
				if name != "no-manifest" {
					t.Fatalf("%s%s", stdout, stderr)
				}
				return // admission says so already
			}
			wf := awaitEnd(t, ns, name, v1alpha1.WorkflowFailed)
			if n := nodeNamed(t, wf, name); !strings.Contains(n.Message, test.message) {
				t.Errorf("%s %q, want %q", n.Phase, n.Message, test.message)
			}
		})
	}
	t.Run("failure condition", func(t *testing.T) {
		t.Parallel()
		wf := runs(t, ns, "bad", `
  - name: main
    serviceAccountName: maker
    resource:
      action: create
      successCondition: data.phase == good
      failureCondition: data.phase in (bad, worse)
      manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: phase}, data: {phase: worse}}"
`)
		if n := nodeNamed(t, wf, "bad"); n.Phase != v1alpha1.NodeFailed || n.Message != "main: Error (exit code 64): failure condition 'data.phase in (bad,worse)' evaluated true" {
			t.Errorf("%s %q", n.Phase, n.Message)
		}
	})
}

// EXE-12, NOD-08: what main says about its progress is seen while it runs.
func TestProgressIsReported(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: progress}
spec:
  entrypoint: main
  templates:
  - name: main
    metadata: {annotations: {workflows.argoproj.io/progress: 0/9}}
    container: {image: busybox, command: [sh, -c, "echo 4/9 >$ARGO_PROGRESS_FILE; sleep 600"]}
`)
	awaitWorkflow(t, ns, name, "to be at 4/9", func(wf *v1alpha1.Workflow) bool { return wf.Status.Progress == "4/9" })
}

// EXE-15: arguments that no pod can hold.
func TestLongArguments(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := runs(t, ns, "long", `
  - name: main
    inputs: {parameters: [{name: text, value: "`+strings.Repeat("0123456789", 20000)+`"}]}
    container: {image: busybox, command: [sh, -c], args: ["wc -c <\"${0#@}\" | tr -d '\\n' >/tmp/count", "{{inputs.parameters.text}}"]}
    outputs: {parameters: [{name: count, valueFrom: {path: /tmp/count}}]}
`)
	p := nodeNamed(t, wf, "long").Outputs.GetParameterByName("count")
	if wf.Status.Phase != v1alpha1.WorkflowSucceeded || p == nil || p.Value == nil || *p.Value != "200000" {
		t.Errorf("%s %s: %+v", wf.Status.Phase, wf.Status.Message, p)
	}
}

// TMO-02, TMO-04, POD-16, POD-22: a pod that takes too long, one that never starts, and why one does not start.
func TestPodsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, test := range []struct{ name, template, message string }{
		{"deadline", `{name: main, activeDeadlineSeconds: 3, container: {image: busybox, command: [sleep, "600"]}, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}}`, "Pod was active on the node longer than the specified deadline"},
		{"pending", `{name: main, pendingTimeout: 2s, nodeSelector: {none: such}, container: {image: busybox, command: [sleep, "600"]}}`, "pod was pending for longer than the pendingTimeout of 2s"},
		{"timeout", `{name: main, timeout: 3s, nodeSelector: {none: such}, container: {image: busybox, command: [sleep, "600"]}}`, "Step exceeded its deadline"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wf := runs(t, ns, test.name, "  - "+test.template+"\n")
			if n := nodeNamed(t, wf, test.name); n.Phase != v1alpha1.NodeFailed || !strings.Contains(n.Message, test.message) {
				t.Errorf("%s %q, want %q", n.Phase, n.Message, test.message)
			}
		})
	}
	t.Run("no image", func(t *testing.T) {
		t.Parallel()
		name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: no-image}
spec: {entrypoint: main, templates: [{name: main, container: {image: "none.example.com/none:v1", command: ["true"]}}]}
`)
		awaitWorkflow(t, ns, name, "to say what is wrong with the image", func(wf *v1alpha1.Workflow) bool {
			n := wf.Status.Nodes[name]
			return n.Phase == v1alpha1.NodePending && (strings.HasPrefix(n.Message, "ErrImagePull: ") || strings.HasPrefix(n.Message, "ImagePullBackOff: "))
		})
	})
}

// DESIGN 7: every process of main is killed at once, from the node, as the kernel does when memory runs out: what main had
// printed is reported.
func TestEverythingInMainIsKilled(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: killed}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: victim, template: victim, continueOn: {failed: true}}
    - - {name: use, template: use, arguments: {parameters: [{name: r, value: "{{steps.victim.outputs.result}}"}]}}
  - name: victim
    container: {image: busybox, command: [sh, -c, "echo partial; : `+ns+`-victim; while :; do sleep 1; done"]}
  - name: use
    inputs: {parameters: [{name: r}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.r}}"]}
`)
	awaitWorkflow(t, ns, name, "to run", func(wf *v1alpha1.Workflow) bool {
		for _, n := range wf.Status.Nodes {
			if n.DisplayName == "victim" && n.Phase == v1alpha1.NodeRunning {
				return true
			}
		}
		return false
	})
	eventually(t, "the victim to print", func(ctx context.Context) (bool, string, error) {
		stdout, _, err := runKubectl(ctx, "", "get", "--raw", logPath(ns, name))
		return strings.Contains(stdout, "partial"), stdout, err
	})
	privileged := true
	if _, err := kube.CoreV1().Pods(ns).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "killer"},
		Spec: corev1.PodSpec{HostPID: true, RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{
			Name: "killer", Image: "busybox", SecurityContext: &corev1.SecurityContext{Privileged: &privileged},
			Env:     []corev1.EnvVar{{Name: "PART", Value: ns}},
			Command: []string{"sh", "-c", `kill -9 $(grep -l -- "$PART-victi[m]" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -vx $$)`},
		}}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	victim := nodeNamed(t, wf, "victim")
	if victim.Phase != v1alpha1.NodeFailed || victim.Message != "main: Error (exit code 137)" || victim.Outputs == nil || victim.Outputs.Result == nil || *victim.Outputs.Result != "partial" {
		t.Errorf("%s %q %+v", victim.Phase, victim.Message, victim.Outputs)
	}
}

// DMN-01, DMN-02, TPL-15: a daemon serves when all its containers are ready, sidecars too, and ends with its steps.
func TestDaemonWithSidecar(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := runs(t, ns, "daemon", `
  - name: main
    steps:
    - - {name: server, template: server}
    - - {name: client, template: client, arguments: {parameters: [{name: ip, value: "{{steps.server.ip}}"}]}}
  - name: server
    daemon: true
    container:
      image: busybox
      command: [httpd, -f, -p, "8080", -h, /etc]
      readinessProbe: {httpGet: {path: /passwd, port: 8080}, periodSeconds: 1}
    sidecars:
    - {name: side, image: busybox, command: [httpd, -f, -p, "8081", -h, /etc], readinessProbe: {httpGet: {path: /passwd, port: 8081}, periodSeconds: 1}}
  - name: client
    inputs: {parameters: [{name: ip}]}
    container: {image: busybox, command: [sh, -c, "wget -qO- http://{{inputs.parameters.ip}}:8080/passwd && wget -qO- http://{{inputs.parameters.ip}}:8081/passwd"]}
`)
	if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Fatalf("%s %s", wf.Status.Phase, wf.Status.Message)
	}
	if n := nodeNamed(t, wf, "server"); n.Phase != v1alpha1.NodeSucceeded || n.IsDaemoned() {
		t.Errorf("server: %s, daemoned %v", n.Phase, n.IsDaemoned())
	}
	eventually(t, "the daemon's pod to end", func(context.Context) (bool, string, error) {
		for _, pod := range podsOf(t, ns, "daemon") {
			if pod.Status.Phase == corev1.PodRunning {
				return false, pod.Name, nil
			}
		}
		return true, "", nil
	})
}

// TPL-11, ART-08: a data template lists what is in the artifact store of the installation, which quick-start has.
func TestDataTemplate(t *testing.T) {
	t.Parallel()
	configuration, err := kube.CoreV1().ConfigMaps(systemNamespace).Get(t.Context(), "workflow-controller-configmap", metav1.GetOptions{})
	if err != nil || configuration.Data["artifactRepository"] == "" {
		t.Skipf("this installation has no artifact repository by default (%v)", err)
	}
	ns := newNamespace(t)
	wf := runs(t, ns, "data", `
  - name: main
    steps:
    - - {name: write, template: write}
    - - {name: list, template: list}
    - - name: use
        template: use
        withParam: "{{steps.list.outputs.result}}"
        arguments: {artifacts: [{name: file, s3: {key: "{{item}}"}}]}
  - name: write
    container: {image: busybox, command: [sh, -c, "mkdir -p /tmp/d/a; echo 1 >/tmp/d/a/main.log; echo 2 >/tmp/d/a/x.txt; echo 3 >/tmp/d/main.log"]}
    outputs: {artifacts: [{name: d, path: /tmp/d, archive: {none: {}}, s3: {key: "`+ns+`/d"}}]}
  - name: list
    data:
      source: {artifactPaths: {name: d, s3: {key: "`+ns+`/d"}}}
      transformation: [{expression: "filter(data, {# endsWith \"main.log\"})"}, {expression: "sprig.sortAlpha(data)"}]
  - name: use
    inputs: {artifacts: [{name: file, path: /file}]}
    container: {image: busybox, command: [cat, /file]}
`)
	want := `["` + ns + `/d/a/main.log","` + ns + `/d/main.log"]`
	if result := nodeNamed(t, wf, "list").Outputs; result == nil || result.Result == nil || *result.Result != want {
		t.Errorf("listed %+v, want %s", result, want)
	}
	if wf.Status.Phase != v1alpha1.WorkflowSucceeded {
		t.Errorf("%s: %s", wf.Status.Phase, wf.Status.Message)
	}
}
