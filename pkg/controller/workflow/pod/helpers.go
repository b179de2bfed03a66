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
	tokenPath           = "/var/run/secrets/kubernetes.io/serviceaccount"
	tokenExpiration     = int64(3600)
	clusterCAConfigMap  = "kube-root-ca.crt"
	projectedFileMode   = int32(0o644)
	imageCommandMessage = "failed to look-up entrypoint/cmd for image %q, you must either explicitly specify the command, or list the image's command in the index: " +
		"%s has outputs, so its command is wrapped, and this version reads no image index: give the template a command"
)

// addHelpers gives the pod `init`, `wait` and the volume by which they and main talk (POD-01, POD-03). The command of main
// is wrapped later, by wrapMain: patches are for the command that the user wrote.
func addHelpers(spec *corev1.PodSpec, in Input, script string) error {
	if in.Executor.Image == "" {
		return errors.New("this step needs the executor, and the controller does not know its image: set --executor-image")
	}
	work, mirrors, err := taskOf(in, &spec.Containers[0])
	if err != nil {
		return fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	encoded, err := work.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	env := append([]corev1.EnvVar{{Name: task.Env, Value: encoded}}, executorEnv(in)...)
	shared := corev1.VolumeMount{Name: sharedVolumeName, MountPath: task.SharedDir}

	first := helper(in, InitContainerName, "init")
	first.Env = env
	first.VolumeMounts = []corev1.VolumeMount{shared}
	if script != "" {
		parts, err := scriptEnv(in.Template, script)
		if err != nil {
			return err
		}
		first.Env = append(slices.Clone(env), parts...)
		staging := corev1.VolumeMount{Name: scriptVolumeName, MountPath: scriptMountPath}
		first.VolumeMounts = append(first.VolumeMounts, staging)
		addScriptMount(&spec.Containers[0])
		spec.Volumes = append(spec.Volumes, emptyDir(scriptVolumeName))
	}
	wait := helper(in, WaitContainerName, "wait")
	wait.Env = env
	wait.VolumeMounts = append([]corev1.VolumeMount{
		shared,
		{Name: tmpVolumeName, MountPath: "/tmp"},
		{Name: tokenVolumeName, MountPath: tokenPath, ReadOnly: true},
	}, mirrors...)

	spec.InitContainers = append([]corev1.Container{first}, spec.InitContainers...)
	spec.Containers = append([]corev1.Container{wait}, spec.Containers...)
	spec.Volumes = append(spec.Volumes, emptyDir(sharedVolumeName), emptyDir(tmpVolumeName), tokenVolume())
	return nil
}

// helper is a container of our own. It asks for no right that a restricted namespace would refuse.
func helper(in Input, name, command string) corev1.Container {
	return corev1.Container{
		Name:            name,
		Image:           in.Executor.Image,
		ImagePullPolicy: in.Executor.PullPolicy,
		Command:         []string{executorPath, command},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// executorEnv is what helpers are told beside their task (POD-05).
func executorEnv(in Input) []corev1.EnvVar {
	field := func(name, path string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
	}
	return []corev1.EnvVar{
		{Name: "ARGO_NODE_ID", Value: in.NodeID},
		{Name: "ARGO_WORKFLOW_NAME", Value: in.Workflow.Name},
		{Name: "ARGO_WORKFLOW_UID", Value: string(in.Workflow.UID)},
		field("ARGO_POD_NAME", "metadata.name"),
		field("ARGO_POD_UID", "metadata.uid"),
	}
}

// taskOf says what the helpers have to do, and which mounts of main `wait` needs for it (POD-04).
func taskOf(in Input, main *corev1.Container) (*task.Task, []corev1.VolumeMount, error) {
	work := &task.Task{
		APIGroup: wfv1.GroupName, Namespace: in.Workflow.Namespace, Workflow: in.Workflow.Name,
		NodeID: in.NodeID, Ordinal: in.Ordinal, Result: in.IncludeResult,
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

// wrapMain puts the wrapper before the command of main, after all patches (POD-02, POD-13).
func wrapMain(spec *corev1.PodSpec, in Input) error {
	i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool { return c.Name == MainContainerName })
	if i < 0 {
		return fmt.Errorf("%s: podSpecPatch removes the container main", templateName(in.Template))
	}
	main := &spec.Containers[i]
	if len(main.Command) == 0 {
		return fmt.Errorf(imageCommandMessage, main.Image, templateName(in.Template))
	}
	main.Command = append([]string{task.SharedDir + "/" + task.Wrapper, MainContainerName, "--"}, main.Command...)
	main.VolumeMounts = append(slices.Clone(main.VolumeMounts), corev1.VolumeMount{Name: sharedVolumeName, MountPath: task.SharedDir})
	main.Env = append(slices.Clone(main.Env),
		corev1.EnvVar{Name: "ARGO_CONTAINER_NAME", Value: MainContainerName},
		corev1.EnvVar{Name: "ARGO_NODE_ID", Value: in.NodeID},
		corev1.EnvVar{Name: "ARGO_WORKFLOW_NAME", Value: in.Workflow.Name},
		corev1.EnvVar{Name: "ARGO_INCLUDE_SCRIPT_OUTPUT", Value: fmt.Sprint(in.IncludeResult)},
	)
	return nil
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
