package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// place is where pods go: the nodes of the cluster, or the fake ones.
type place bool

const (
	onRealNodes place = false
	onFakeNodes place = true
)

func (p place) nodeSelector() map[string]string {
	if p == onFakeNodes {
		return map[string]string{fakeNodeKey: "true"}
	}
	return nil
}

func (p place) tolerations() []corev1.Toleration {
	if p == onFakeNodes {
		return []corev1.Toleration{{Key: fakeNodeKey, Operator: corev1.TolerationOpExists}}
	}
	return nil
}

// container is what every pod of this program runs, whoever creates it.
func container(image string) corev1.Container {
	return corev1.Container{Name: "main", Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Command: []string{"true"}}
}

func barePod(image string, p place) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "bare-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, NodeSelector: p.nodeSelector(), Tolerations: p.tolerations(),
			Containers: []corev1.Container{container(image)},
		},
	}
}

// workflow makes a workflow whose leaf template is named run and runs one pod.
func workflow(image string, p place, entrypoint v1alpha1.Template) *v1alpha1.Workflow {
	leaf := container(image)
	leaf.Name = ""
	wf := &v1alpha1.Workflow{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"},
		Spec: v1alpha1.WorkflowSpec{
			Entrypoint: entrypoint.Name, NodeSelector: p.nodeSelector(), Tolerations: p.tolerations(),
			Templates: []v1alpha1.Template{{Name: "run", Container: &leaf}},
		},
	}
	if entrypoint.Name != "run" {
		wf.Spec.Templates = append(wf.Spec.Templates, entrypoint)
	}
	return wf
}

// onePod is a workflow of a single pod.
func onePod(image string, p place) *v1alpha1.Workflow {
	return workflow(image, p, v1alpha1.Template{Name: "run"})
}

// chainOf is a workflow of n steps, one after another.
func chainOf(n int, image string, p place) *v1alpha1.Workflow {
	entrypoint := v1alpha1.Template{Name: "chain"}
	for i := range n {
		entrypoint.Steps = append(entrypoint.Steps, v1alpha1.ParallelSteps{Steps: []v1alpha1.WorkflowStep{{Name: fmt.Sprintf("step-%d", i), Template: "run"}}})
	}
	return workflow(image, p, entrypoint)
}

// fanOutOf is a workflow of n tasks that wait for nothing.
func fanOutOf(n int, image string, p place) *v1alpha1.Workflow {
	entrypoint := v1alpha1.Template{Name: "fan-out", DAG: &v1alpha1.DAGTemplate{}}
	for i := range n {
		entrypoint.DAG.Tasks = append(entrypoint.DAG.Tasks, v1alpha1.DAGTask{Name: fmt.Sprintf("task-%d", i), Template: "run"})
	}
	return workflow(image, p, entrypoint)
}
