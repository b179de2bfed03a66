package pod

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/packed"
	"fairlead.dev/fairlead/pkg/executor/task"
)

const (
	progressFileVariable = "ARGO_PROGRESS_FILE"
	progressReadVariable = "ARGO_PROGRESS_FILE_TICK_DURATION"
	progressTellVariable = "ARGO_PROGRESS_PATCH_TICK_DURATION"
	templateVariable     = "ARGO_TEMPLATE"
	// defaultGrace is Kubernetes' own terminationGracePeriodSeconds.
	defaultGrace = int64(30)
)

// executorEnv is what programs of ours are told beside their task (POD-05).
func executorEnv(in Input) []corev1.EnvVar {
	field := func(name, path string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
	}
	env := []corev1.EnvVar{
		{Name: "ARGO_NODE_ID", Value: in.NodeID},
		{Name: "ARGO_WORKFLOW_NAME", Value: in.Workflow.Name},
		{Name: "ARGO_WORKFLOW_UID", Value: string(in.Workflow.UID)},
		field("ARGO_POD_NAME", "metadata.name"),
		field("ARGO_POD_UID", "metadata.uid"),
	}
	if in.Settings.InstanceID != "" {
		env = append(env, corev1.EnvVar{Name: "ARGO_INSTANCE_ID", Value: in.Settings.InstanceID})
	}
	if p := in.Settings.ProgressPace; p != nil {
		env = append(env, corev1.EnvVar{Name: progressReadVariable, Value: p.Read.String()}, corev1.EnvVar{Name: progressTellVariable, Value: p.Tell.String()})
	}
	if in.Settings.Executor != nil {
		env = append(slices.Clone(in.Settings.Executor.Env), env...)
	}
	return env
}

// templateEnv carries the template to a program of ours that has to do what it says (POD-05). The values of its parameters
// stand in it already; the parameters themselves are left out. One that is too long for a variable comes packed (EXE-15).
func templateEnv(in Input, template *wfv1.Template) ([]corev1.EnvVar, error) {
	t := *template
	t.Inputs = wfv1.Inputs{Artifacts: t.Inputs.Artifacts}
	text, err := json.Marshal(&t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	if value := strings.ReplaceAll(string(text), "$", "$$"); len(value) <= task.EnvLimit {
		return []corev1.EnvVar{{Name: templateVariable, Value: value}}, nil
	}
	return packedEnv(in, templateVariable+"_", string(text), "the template")
}

// namedTemplate is the template for a container of the user's that names its variable. Programs of ours are told what to do in other
// ways, so nobody else is burdened with it; one that is too long for a variable is left out.
func namedTemplate(in Input, c *corev1.Container) []corev1.EnvVar {
	if script := in.Template.Script; !mentions(c, templateVariable) && (script == nil || !strings.Contains(script.Source, templateVariable)) {
		return nil
	}
	env, err := templateEnv(in, in.Template)
	if err != nil || env[0].Name != templateVariable {
		return nil
	}
	return env
}

// packedEnv carries a long text into a container.
func packedEnv(in Input, prefix, text, what string) ([]corev1.EnvVar, error) {
	parts, size, err := packed.Pack(prefix, text, task.EnvLimit)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", templateName(in.Template), what, err)
	}
	if parts == nil {
		return nil, fmt.Errorf("%s: %s has %d bytes, %d when compressed; at most %d fit into a pod: put it into the image or an artifact",
			templateName(in.Template), what, len(text), size, packed.Limit)
	}
	env := make([]corev1.EnvVar, 0, len(parts))
	for _, p := range parts {
		env = append(env, corev1.EnvVar{Name: p.Name, Value: p.Value})
	}
	return env, nil
}

// wrappedEnv is what a wrapped container is told, after its own variables, so that ours win (POD-05).
func wrappedEnv(in Input, name string, n needs, grace int64) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: "ARGO_CONTAINER_NAME", Value: name},
		{Name: "ARGO_NODE_ID", Value: in.NodeID},
		{Name: "ARGO_WORKFLOW_NAME", Value: in.Workflow.Name},
		{Name: "ARGO_INCLUDE_SCRIPT_OUTPUT", Value: fmt.Sprint(in.IncludeResult)},
		{Name: "ARGO_DEADLINE", Value: in.Deadline.UTC().Format(time.RFC3339)},
		{Name: "ARGO_TERMINATION_GRACE_PERIOD_SECONDS", Value: fmt.Sprint(grace)},
	}
	if n.progress {
		read, tell := in.Settings.progressPace()
		env = append(env,
			corev1.EnvVar{Name: progressFileVariable, Value: task.SharedDir + "/" + task.ProgressFile},
			corev1.EnvVar{Name: progressReadVariable, Value: read.String()},
			corev1.EnvVar{Name: progressTellVariable, Value: tell.String()},
		)
	}
	return env
}

// addNamed gives the containers of a pod without helpers those of our variables that they name, in their commands, environment
// or script. They cost no helper; who does not ask for them is left alone.
func addNamed(spec *corev1.PodSpec, in Input, mains []string) {
	script := ""
	if in.Template.Script != nil {
		script = in.Template.Script.Source
	}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		if !slices.Contains(mains, c.Name) {
			continue
		}
		for _, v := range wrappedEnv(in, c.Name, needs{}, gracePeriod(spec)) {
			if mentions(c, v.Name) || strings.Contains(script, v.Name) {
				setEnv(c, v)
			}
		}
		setEnv(c, namedTemplate(in, c)...)
	}
}

// tellsProgress tells whether a step reports its own progress (EXE-12): an annotation of the template says so, or the
// container or script names the variable that names the file.
func tellsProgress(in Input, mains []corev1.Container, script string) bool {
	if _, ok := in.Template.Metadata.Annotations[wfv1.AnnotationKeyProgress]; ok || strings.Contains(script, progressFileVariable) {
		return true
	}
	return slices.ContainsFunc(mains, func(c corev1.Container) bool { return mentions(&c, progressFileVariable) })
}

func setEnv(c *corev1.Container, variables ...corev1.EnvVar) {
	env := slices.DeleteFunc(slices.Clone(c.Env), func(e corev1.EnvVar) bool {
		return slices.ContainsFunc(variables, func(v corev1.EnvVar) bool { return v.Name == e.Name })
	})
	c.Env = append(env, variables...)
}

func gracePeriod(spec *corev1.PodSpec) int64 {
	if spec.TerminationGracePeriodSeconds != nil {
		return *spec.TerminationGracePeriodSeconds
	}
	return defaultGrace
}
