package pod

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/location"
	"fairlead.dev/fairlead/pkg/executor/task"
)

const (
	inputsVolumeName = "input-artifacts"
	// cloudExecutorPath is the executor with the drivers for stores that need large libraries.
	cloudExecutorPath = executorPath + "-cloud"
)

// cloudKinds are the stores that only the larger executor has drivers for.
var cloudKinds = []artifact.Kind{artifact.KindGCS, artifact.KindAzure, artifact.KindOSS, artifact.KindHDFS, artifact.KindPlugin}

// artifacts are what a pod loads and stores, with whole locations.
type artifacts struct {
	inputs  []wfv1.Artifact
	outputs []placed
	logs    []placed
}

// placed is something that is stored: its whole location, and the form in which it is reported.
type placed struct{ stored, reported *wfv1.Artifact }

// artifactsOf finds out where the artifacts of a step are and go to (ART-08 to ART-10).
func artifactsOf(in Input, mains []corev1.Container) (artifacts, error) {
	t := in.Template
	all := artifacts{}
	logs := in.ArchiveLogs
	if len(t.Inputs.Artifacts) == 0 && len(t.Outputs.Artifacts) == 0 && !logs {
		return all, nil
	}
	archive, err := location.ArchiveOf(t.ArchiveLocation, in.Repository, in.ArtifactPrefix)
	if err != nil {
		return all, fmt.Errorf("%s: %w", templateName(t), err)
	}
	for i := range t.Inputs.Artifacts {
		a := t.Inputs.Artifacts[i].DeepCopy()
		if artifact.KindOf(&a.ArtifactLocation) == "" {
			if a.Optional {
				continue // nobody has given one
			}
			return all, fmt.Errorf("%s: inputs.artifacts.%s was not supplied", templateName(t), a.Name)
		}
		if a.Deleted {
			return all, fmt.Errorf("%s: inputs.artifacts.%s was deleted by artifact garbage collection", templateName(t), a.Name)
		}
		if err := location.RelocateTo(a, archive.Location, ""); err != nil {
			return all, fmt.Errorf("%s: inputs: %w", templateName(t), err)
		}
		a.ArchiveLogs, a.ArtifactGC = nil, nil
		all.inputs = append(all.inputs, *a)
	}
	if !reportsItself(in) {
		for i := range t.Outputs.Artifacts {
			p, err := place(archive, &t.Outputs.Artifacts[i], location.FileName(&t.Outputs.Artifacts[i]))
			if err != nil {
				return all, fmt.Errorf("%s: outputs: %w", templateName(t), err)
			}
			all.outputs = append(all.outputs, p)
		}
	}
	if logs {
		for _, c := range mains {
			p, err := place(archive, &wfv1.Artifact{Name: location.LogName(c.Name)}, location.LogFileName(c.Name))
			if err != nil {
				return all, fmt.Errorf("%s: archiveLogs: %w", templateName(t), err)
			}
			all.logs = append(all.logs, p)
		}
	}
	if err := in.Settings.configureDrivers(slices.Concat(all.loadedFrom(), all.storedAt())); err != nil {
		return all, fmt.Errorf("%s: %w", templateName(t), err)
	}
	return all, nil
}

func place(archive location.Archive, declared *wfv1.Artifact, fileName string) (placed, error) {
	stored, reported, err := archive.Place(declared, fileName)
	if err != nil {
		return placed{}, err
	}
	stored.ArtifactGC = nil
	return placed{stored, reported}, nil
}

func (all artifacts) loadedFrom() []*wfv1.ArtifactLocation {
	var list []*wfv1.ArtifactLocation
	for i := range all.inputs {
		list = append(list, &all.inputs[i].ArtifactLocation)
	}
	return list
}

func (all artifacts) storedAt() []*wfv1.ArtifactLocation {
	var list []*wfv1.ArtifactLocation
	for _, p := range slices.Concat(all.outputs, all.logs) {
		list = append(list, &p.stored.ArtifactLocation)
	}
	return list
}

// place of an input in `init`: a volume of the user's that main mounts around its path, or the volume of inputs.
func inputPlace(main *corev1.Container, a *wfv1.Artifact) (in task.Input, mount *corev1.VolumeMount, err error) {
	in.Name = a.Name
	if a.Path != "" && path.Clean(a.Path) == "/" {
		return in, nil, fmt.Errorf("inputs.artifacts.%s: path / would take the place of all that main has: name a file or directory below it", a.Name)
	}
	if m := enclosing(main, a.Path); a.Path != "" && m != nil {
		if m.SubPathExpr != "" {
			return in, nil, fmt.Errorf("inputs.artifacts.%s: path %s lies on the mount of volume %s, whose subPathExpr only main can work out: mount it with subPath, or put the artifact elsewhere", a.Name, a.Path, m.Name)
		}
		in.Volume, in.Path = mirrorPath(m), below(a.Path, m.MountPath)
		return in, m, nil
	}
	in.Volume, in.Path = task.InputsDir, a.Name
	return in, nil, nil
}

// mountInputs gives main its input artifacts: each a mount of its own at its path, but not those that `init` writes into a
// volume that main mounts anyway (ART-01, VOL-06).
func (all artifacts) mountInputs(mains []corev1.Container) error {
	i := slices.IndexFunc(mains, func(c corev1.Container) bool { return c.Name == MainContainerName })
	if i < 0 || len(all.inputs) == 0 {
		return nil
	}
	own := mains[i]
	mounts := slices.Clone(own.VolumeMounts)
	for j := range all.inputs {
		a := &all.inputs[j]
		_, user, err := inputPlace(&own, a)
		if err != nil {
			return err
		}
		if user == nil {
			at := a.Path
			if at == "" {
				at = task.InputsDir + "/" + a.Name
			}
			mounts = append(mounts, corev1.VolumeMount{Name: inputsVolumeName, MountPath: at, SubPath: a.Name})
		}
	}
	mains[i].VolumeMounts = mounts
	if gitConfig := gitTrust(all.inputs, &mains[i]); gitConfig != nil {
		mains[i].Env = append(slices.Clone(mains[i].Env), gitConfig...)
	}
	return nil
}

// gitTrust lets git in main work on a clone that another user has made, which it refuses otherwise. What the user says about
// git's configuration in the environment stays alone.
func gitTrust(inputs []wfv1.Artifact, main *corev1.Container) []corev1.EnvVar {
	if !slices.ContainsFunc(inputs, func(a wfv1.Artifact) bool { return a.Git != nil }) ||
		slices.ContainsFunc(main.Env, func(e corev1.EnvVar) bool { return strings.HasPrefix(e.Name, "GIT_CONFIG_") }) {
		return nil
	}
	return []corev1.EnvVar{
		{Name: "GIT_CONFIG_COUNT", Value: "1"}, {Name: "GIT_CONFIG_KEY_0", Value: "safe.directory"}, {Name: "GIT_CONFIG_VALUE_0", Value: "*"},
	}
}

// addTo completes the task and the helpers with the artifacts: where things come from and go to, the volumes of main in
// which they lie (POD-04), and the credentials, which main does not see (ART-11). user is main as the user mounts it.
func (all artifacts) addTo(work *task.Task, spec *corev1.PodSpec, in Input, main *corev1.Container, first, wait *corev1.Container) error {
	user := *main
	user.VolumeMounts = slices.DeleteFunc(slices.Clone(main.VolumeMounts), func(m corev1.VolumeMount) bool { return m.Name == inputsVolumeName })
	if len(all.inputs) > 0 {
		addVolume(spec, emptyDir(inputsVolumeName))
		addVolume(spec, emptyDir(tmpVolumeName))
		first.VolumeMounts = append(first.VolumeMounts, corev1.VolumeMount{Name: inputsVolumeName, MountPath: task.InputsDir}, tmpMount())
	}
	for i := range all.inputs {
		a := &all.inputs[i]
		input, mount, err := inputPlace(&user, a)
		if err != nil {
			return err
		}
		if mount != nil {
			addMount(first, corev1.VolumeMount{Name: mount.Name, MountPath: mirrorPath(mount), SubPath: mount.SubPath})
		}
		if input.Artifact, err = json.Marshal(a); err != nil {
			return fmt.Errorf("inputs.artifacts.%s: %w", a.Name, err)
		}
		work.Inputs = append(work.Inputs, input)
	}
	for i, p := range all.outputs {
		declared := in.Template.Outputs.Artifacts[i]
		out := task.Artifact{Name: declared.Name, Path: declared.Path, Optional: declared.Optional}
		var err error
		if out.Stored, out.Reported, err = p.encode(); err != nil {
			return fmt.Errorf("outputs.artifacts.%s: %w", declared.Name, err)
		}
		if mount := enclosing(main, declared.Path); mount != nil && mount.SubPathExpr == "" {
			out.Mount = mount.MountPath
			for j := range main.VolumeMounts {
				m := &main.VolumeMounts[j]
				if m.MountPath == mount.MountPath || isBelow(m.MountPath, declared.Path) && m.SubPathExpr == "" {
					addMount(wait, corev1.VolumeMount{Name: m.Name, MountPath: mirrorPath(m), SubPath: m.SubPath, ReadOnly: m.ReadOnly})
				}
			}
		}
		work.Artifacts = append(work.Artifacts, out)
	}
	for _, p := range all.logs {
		l := task.Log{Container: strings.TrimSuffix(p.stored.Name, location.LogName(""))}
		var err error
		if l.Stored, l.Reported, err = p.encode(); err != nil {
			return fmt.Errorf("archiveLogs: %w", err)
		}
		work.Logs = append(work.Logs, l)
	}
	if len(all.inputs)+len(all.outputs) > 0 {
		runAs(first, main, spec.SecurityContext)
	}
	if wait != nil && len(all.outputs) > 0 {
		work.User = runAs(wait, main, spec.SecurityContext)
	}
	s := secretsOf(slices.Concat(all.loadedFrom(), all.storedAt()))
	s.mount(spec, first, all.loadedFrom())
	useExecutorFor(first, all.loadedFrom())
	if wait != nil {
		s.mount(spec, wait, all.storedAt())
		useExecutorFor(wait, all.storedAt())
	}
	return nil
}

func (p placed) encode() (stored, reported json.RawMessage, err error) {
	if stored, err = json.Marshal(p.stored); err != nil {
		return nil, nil, err
	}
	reported, err = json.Marshal(p.reported)
	return stored, reported, err
}

// useExecutorFor picks the program by the stores that it has to do with.
func useExecutorFor(c *corev1.Container, locations []*wfv1.ArtifactLocation) {
	if slices.ContainsFunc(locations, func(l *wfv1.ArtifactLocation) bool { return slices.Contains(cloudKinds, artifact.KindOf(l)) }) {
		c.Command = append([]string{cloudExecutorPath}, c.Command[1:]...)
	}
}

// enclosing is the mount of a container that a path lies on, or is: the one with the longest path.
func enclosing(c *corev1.Container, name string) *corev1.VolumeMount {
	var found *corev1.VolumeMount
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		if isBelow(name, m.MountPath) && (found == nil || len(path.Clean(m.MountPath)) > len(path.Clean(found.MountPath))) {
			found = m
		}
	}
	return found
}

// isBelow tells whether a path is a directory or lies in it.
func isBelow(name, dir string) bool {
	name, dir = path.Clean(name), strings.TrimSuffix(path.Clean(dir), "/")
	return name == dir || strings.HasPrefix(name, dir+"/")
}

// below is what of a path is below a directory.
func below(name, dir string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(path.Clean(name), strings.TrimSuffix(path.Clean(dir), "/")), "/")
	if rest == "" {
		return "."
	}
	return rest
}

func mirrorPath(m *corev1.VolumeMount) string { return path.Join(task.MirrorDir, m.MountPath) }

// addMount adds a mount unless there is one at that path.
func addMount(c *corev1.Container, mount corev1.VolumeMount) {
	if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == mount.MountPath }) {
		c.VolumeMounts = append(c.VolumeMounts, mount)
	}
}
