package pod

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// argsLimit is how long the arguments of a container may be together, in bytes, before they are brought in by `init`; Linux
// allows no longer one.
const argsLimit = 128 << 10

// wrapContainers puts the wrapper before the commands of all containers but `wait`, after all patches (POD-02, POD-13), and
// completes the task with what there is to know about them.
func wrapContainers(spec *corev1.PodSpec, in Input, mains []string, work *task.Task, n needs) error {
	if err := complete(spec, in, mains, n); err != nil {
		return err
	}
	work.Grace = gracePeriod(spec)
	long := map[string][]string{}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		if c.Name == WaitContainerName {
			continue
		}
		if restarts(c) {
			return fmt.Errorf("%s: container %s: restartPolicy: Kubernetes would start it again after its end was seen and its outputs were taken: use retryStrategy, or an init container with restartPolicy Always",
				templateName(in.Template), c.Name)
		}
		about, err := wrappedContainer(in, c.Name, !slices.Contains(mains, c.Name))
		if err != nil {
			return fmt.Errorf("%s: %w", templateName(in.Template), err)
		}
		if err := setCommand(spec, c, in); err != nil {
			return err
		}
		template := namedTemplate(in, c)
		if tooLong(c.Args) {
			if n.image {
				return errTooLong
			}
			about.LongArgs = true
			long[c.Name], c.Args = c.Args, nil
		}
		c.Command = append([]string{n.wrapperPath(), c.Name, "--"}, c.Command...)
		c.VolumeMounts = append(slices.Clone(c.VolumeMounts), sharedMount())
		if n.image {
			c.VolumeMounts = append(c.VolumeMounts, executorMount())
		}
		setEnv(c, append(wrappedEnv(in, c.Name, n, work.Grace), template...)...)
		work.Containers = append(work.Containers, about)
	}
	mountEnds(spec, work)
	if n.image {
		if err := tellWrappers(spec, work); err != nil {
			return err
		}
	}
	return hand(spec, in, work, long, n)
}

// complete refuses a pod in which a patch has left out a container that the step needs.
func complete(spec *corev1.PodSpec, in Input, mains []string, n needs) error {
	has := func(list []corev1.Container, name string) bool {
		return slices.ContainsFunc(list, func(c corev1.Container) bool { return c.Name == name })
	}
	missing := func(name string) error {
		return fmt.Errorf("%s: podSpecPatch removes the container %s, without which this step cannot run", templateName(in.Template), name)
	}
	for _, name := range mains {
		if !has(spec.Containers, name) {
			return missing(name)
		}
	}
	switch {
	case n.wait && !has(spec.Containers, WaitContainerName):
		return missing(WaitContainerName)
	case n.stage && !n.hook && !has(spec.InitContainers, InitContainerName):
		return missing(InitContainerName)
	}
	return nil
}

// restarts tells whether Kubernetes may start a container again by itself.
func restarts(c *corev1.Container) bool {
	return len(c.RestartPolicyRules) > 0 || c.RestartPolicy != nil && *c.RestartPolicy != corev1.ContainerRestartPolicyNever
}

// wrappedContainer is what the wrapper has to know about a container.
func wrappedContainer(in Input, name string, sidecar bool) (task.Container, error) {
	about := task.Container{Name: name, Sidecar: sidecar}
	set := in.Template.ContainerSet
	if set == nil || sidecar {
		return about, nil
	}
	for i := range set.Containers {
		if set.Containers[i].Name == name {
			about.After = set.Containers[i].Dependencies
		}
	}
	if again := set.RetryStrategy; again != nil && again.Retries != nil {
		about.Attempts = again.Retries.IntValue()
		pause, err := wfv1.ParseDuration(again.Duration)
		if again.Duration != "" && err != nil {
			return about, fmt.Errorf("containerSet.retryStrategy.duration: %w", err)
		}
		about.Pause = pause
	}
	return about, nil
}

// setCommand gives a container without a command the one of its image (POD-02): the wrapper has to be told what to run.
func setCommand(spec *corev1.PodSpec, c *corev1.Container, in Input) error {
	if len(c.Command) > 0 {
		return nil
	}
	found, known := in.Settings.imageCommand(c.Image)
	if !known {
		if in.Commands == nil {
			return fmt.Errorf(imageCommandMessage, c.Image, "no registry is asked")
		}
		var err error
		if found, err = in.Commands(in.Workflow.Namespace, spec, c.Image); err != nil {
			return err
		}
	}
	c.Command = verbatim(found.Entrypoint)
	if len(c.Args) == 0 {
		c.Args = verbatim(found.Cmd)
	}
	if len(c.Command)+len(c.Args) == 0 {
		return fmt.Errorf(imageCommandMessage, c.Image, "the image has none")
	}
	return nil
}

// verbatim escapes the words of an image's command: what stands in a pod has variables put in, $(LIKE_THIS), and that of an image has not.
func verbatim(words []string) []string {
	escaped := make([]string, len(words))
	for i, word := range words {
		escaped[i] = strings.ReplaceAll(word, "$", "$$")
	}
	return escaped
}

// imageCommandMessage is the message of a step whose command is not known; clients match on it.
const imageCommandMessage = "failed to look-up entrypoint/cmd for image %q, you must either explicitly specify the command, or list the image's command in the index: %s"

// LookupError is the error of a CommandLookup that found nothing.
func LookupError(image string, err error) error {
	return fmt.Errorf(imageCommandMessage, image, err.Error())
}

// hand gives the helpers their task, and who stages what is too long to stand in the pod.
func hand(spec *corev1.PodSpec, in Input, work *task.Task, long map[string][]string, n needs) error {
	first, err := taskEnv(in, work.ForInit())
	if err != nil {
		return err
	}
	own, err := taskEnv(in, work.ForWait())
	if err != nil {
		return err
	}
	var args []corev1.EnvVar
	if len(long) > 0 {
		text, err := json.Marshal(long)
		if err != nil {
			return err
		}
		if args, err = packedEnv(in, task.ArgsEnv, string(text), "args"); err != nil {
			return err
		}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			c := &list[i]
			if !isHelper(c) {
				continue
			}
			c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(e corev1.EnvVar) bool { return e.Name == task.Env })
			if c.Name == InitContainerName {
				setEnv(c, first...)
				setEnv(c, args...)
			} else {
				setEnv(c, own...)
			}
			if n.hook && c.Name == WaitContainerName {
				setEnv(c, args...)
			}
		}
	}
	return nil
}

// taskEnv carries a task into a container, packed if it is too long for a variable (EXE-15).
func taskEnv(in Input, work *task.Task) ([]corev1.EnvVar, error) {
	text, err := json.Marshal(work)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", templateName(in.Template), err)
	}
	if value := strings.ReplaceAll(string(text), "$", "$$"); len(value) <= task.EnvLimit {
		return []corev1.EnvVar{{Name: task.Env, Value: value}}, nil
	}
	return packedEnv(in, task.EnvParts, string(text), "the declaration of inputs and outputs")
}

// tooLong tells whether arguments are better not put into the pod itself (EXE-15).
func tooLong(args []string) bool {
	total := 0
	for _, a := range args {
		total += len(a)
	}
	return total >= argsLimit
}

func sharedMount() corev1.VolumeMount {
	return corev1.VolumeMount{Name: sharedVolumeName, MountPath: task.SharedDir}
}
