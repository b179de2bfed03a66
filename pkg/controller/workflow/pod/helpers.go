package pod

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/task"
)

const (
	// InitContainerName is the helper that brings what main needs.
	InitContainerName = "init"
	// WaitContainerName is the helper that reports what main leaves.
	WaitContainerName = "wait"

	sharedVolumeName = "var-run-argo"
	tmpVolumeName    = "tmp-dir-argo"
	tokenVolumeName  = "exec-sa-token"

	executorPath = "/usr/local/bin/fairlead-executor"
	// tokenPath is where programs in a pod look for their token. A container that mounts something there is left alone by
	// Kubernetes, whether or not the pod's other containers get a token.
	tokenPath          = "/var/run/secrets/kubernetes.io/serviceaccount"
	tokenExpiration    = int64(3600)
	clusterCAConfigMap = "kube-root-ca.crt"
	projectedFileMode  = int32(0o644)
)

// addHelpers gives the pod `init` and `wait`, as far as they are needed, and the volume by which they and the other containers
// talk (POD-01, POD-03). The commands are wrapped later, by wrapContainers: patches are for the commands that the user wrote.
// mains are the first containers of the pod; the task is the helpers'.
func addHelpers(spec *corev1.PodSpec, in Input, mains int, script string, n needs) (*task.Task, error) {
	if image, _ := imageOf(in); image == "" {
		return nil, errors.New("this step needs the executor, and the controller does not know its image: set --executor-image")
	}
	work, mirrors, err := taskOf(in, mainOf(spec.Containers[:mains]))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	work.Progress, work.HandsOver = n.progress, n.wait && reportsItself(in)
	env := append([]corev1.EnvVar{{Name: task.Env}}, executorEnv(in)...)
	first := helper(in, InitContainerName, "init")
	first.Env = env
	first.VolumeMounts = []corev1.VolumeMount{sharedMount()}
	main := mainOf(spec.Containers[:mains])
	if script != "" {
		parts, err := packedEnv(in, task.ScriptEnv, script, "script.source")
		if err != nil {
			return nil, err
		}
		first.Env = append(slices.Clone(env), parts...)
		staging := corev1.VolumeMount{Name: scriptVolumeName, MountPath: scriptMountPath}
		first.VolumeMounts = append(first.VolumeMounts, staging)
		addScriptMount(&spec.Containers[0])
		spec.Volumes = append(spec.Volumes, emptyDir(scriptVolumeName))
	}
	spec.Volumes = append(spec.Volumes, emptyDir(sharedVolumeName))
	var wait *corev1.Container
	if n.wait {
		w := helper(in, WaitContainerName, "wait")
		w.Env = env
		w.VolumeMounts = append([]corev1.VolumeMount{sharedMount(), tmpMount(), tokenMount()}, mirrors...)
		spec.Volumes = append(spec.Volumes, emptyDir(tmpVolumeName), tokenVolume())
		wait = &w
	}
	if err := n.artifacts.addTo(work, spec, in, main, &first, wait); err != nil {
		return nil, fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	switch {
	case n.image:
		spec.Volumes = append(spec.Volumes, executorVolume(in))
	case n.hook:
		stageByHook(wait, &first)
	default:
		spec.InitContainers = append([]corev1.Container{first}, spec.InitContainers...)
	}
	if wait != nil {
		spec.Containers = append([]corev1.Container{*wait}, spec.Containers...)
	}
	return work, nil
}

// stageByHook has `wait` do, right after its start, what `init` would do before it.
func stageByHook(wait, first *corev1.Container) {
	wait.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: first.Command}}}
	setEnv(wait, first.Env...)
	wait.VolumeMounts = withMounts(wait.VolumeMounts, first.VolumeMounts)
}

// mainOf is the container that outputs are taken from.
func mainOf(containers []corev1.Container) *corev1.Container {
	if i := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == MainContainerName }); i >= 0 {
		return &containers[i]
	}
	return &corev1.Container{}
}

// helper is a container of our own. It asks for no right that a restricted namespace would refuse.
func helper(in Input, name string, command ...string) corev1.Container {
	image, policy := imageOf(in)
	c := corev1.Container{
		Name:            name,
		Image:           image,
		ImagePullPolicy: policy,
		Command:         append([]string{executorPath}, command...),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	if s := in.Settings.Executor; s != nil {
		c.Resources = s.Resources
		if s.SecurityContext != nil {
			c.SecurityContext = s.SecurityContext
		}
	}
	return c
}

// isHelper tells whether a container is a program of ours that is given the task.
func isHelper(c *corev1.Container) bool {
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == task.Env })
}

// taskOf says what the helpers have to do, and which mounts of main `wait` needs for it (POD-04).
func taskOf(in Input, main *corev1.Container) (*task.Task, []corev1.VolumeMount, error) {
	work := &task.Task{
		APIGroup: wfv1.GroupName, Namespace: in.Workflow.Namespace, Workflow: in.Workflow.Name,
		NodeID: in.NodeID, Ordinal: in.Ordinal, Result: in.IncludeResult,
	}
	if !in.Deadline.IsZero() {
		at := in.Deadline.UTC()
		work.Deadline = &at
	}
	var mirrors []corev1.VolumeMount
	for i := range in.Template.Outputs.Parameters {
		declared := in.Template.Outputs.Parameters[i]
		if declared.ValueFrom == nil || declared.ValueFrom.Path == "" {
			continue
		}
		declared.Value = nil
		data, err := json.Marshal(&declared)
		if err != nil {
			return nil, nil, fmt.Errorf("outputs.parameters[%s]: %w", declared.Name, err)
		}
		p := task.Parameter{Name: declared.Name, Path: declared.ValueFrom.Path, Declared: data}
		if declared.ValueFrom.Default != nil {
			text := string(*declared.ValueFrom.Default)
			p.Default = &text
		}
		if mount := mountOf(main, p.Path); mount != nil {
			p.Mount = mount.MountPath
			mirror := corev1.VolumeMount{Name: mount.Name, MountPath: task.MirrorDir + mount.MountPath, SubPath: mount.SubPath, ReadOnly: mount.ReadOnly}
			if !slices.ContainsFunc(mirrors, func(m corev1.VolumeMount) bool { return m.MountPath == mirror.MountPath }) {
				mirrors = append(mirrors, mirror)
			}
		}
		work.Parameters = append(work.Parameters, p)
	}
	return work, mirrors, nil
}

// mountOf is the mount of main that a file lies on: the one with the longest path. A mount whose subPathExpr depends on the
// environment of main cannot be had in another container.
func mountOf(main *corev1.Container, file string) *corev1.VolumeMount {
	var found *corev1.VolumeMount
	file = filepath.Clean(file)
	for i := range main.VolumeMounts {
		m := &main.VolumeMounts[i]
		dir := strings.TrimSuffix(filepath.Clean(m.MountPath), "/")
		if strings.HasPrefix(file, dir+"/") && (found == nil || len(m.MountPath) > len(found.MountPath)) {
			found = m
		}
	}
	if found != nil && found.SubPathExpr != "" {
		return nil
	}
	return found
}

func tmpMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: tmpVolumeName, MountPath: "/tmp"}
}

func tokenMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: tokenVolumeName, MountPath: tokenPath, ReadOnly: true}
}

func emptyDir(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
}

// tokenVolume is a token of the pod's service account, bound to the pod, for `wait` alone: reporting works whether or not
// the pod's containers get a token.
func tokenVolume() corev1.Volume {
	return corev1.Volume{Name: tokenVolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: new(projectedFileMode),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(tokenExpiration)}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: clusterCAConfigMap},
				Items:                []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
			}},
		},
	}}}
}
