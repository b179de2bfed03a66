package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// containerRole says what a container is besides what is written of it.
type containerRole struct {
	// completed: templateDefaults may give what is missing.
	completed bool
	// imageElsewhere: V-100 and V-101 are about its image.
	imageElsewhere bool
	// mountsElsewhere: V-091 is about its mounts.
	mountsElsewhere bool
	init            bool
}

// validateContainer checks what Kubernetes demands of a container.
func validateContainer(c *corev1.Container, path *field.Path, role containerRole) (errs field.ErrorList) {
	errs = append(errs, validateImage(c.Image, path.Child("image"), role)...)
	errs = append(errs, literalChoice(c.ImagePullPolicy, path.Child("imagePullPolicy"), "", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
	errs = append(errs, literalChoice(c.TerminationMessagePolicy, path.Child("terminationMessagePolicy"), "", corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)...)
	if c.RestartPolicy != nil {
		errs = append(errs, literalChoice(*c.RestartPolicy, path.Child("restartPolicy"),
			corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyOnFailure, corev1.ContainerRestartPolicyNever)...)
	}
	errs = append(errs, validateEnv(c.Env, c.EnvFrom, path, role)...)
	errs = append(errs, validatePorts(c.Ports, path.Child("ports"))...)
	errs = append(errs, validateContainerMounts(c.VolumeMounts, path.Child("volumeMounts"), role)...)
	errs = append(errs, validateAmounts(&c.Resources, path.Child("resources"))...)
	errs = append(errs, validateProbes(c, path, role)...)
	errs = append(errs, validateSecurity(c.SecurityContext, path.Child("securityContext"))...)
	return errs
}

func validateImage(image string, path *field.Path, role containerRole) field.ErrorList {
	switch {
	case image == "" && !role.imageElsewhere && !role.completed:
		return field.ErrorList{field.Required(path, "name the image that the container runs")}
	case image != strings.TrimSpace(image):
		return field.ErrorList{field.Invalid(path, image, "must not have leading or trailing whitespace")}
	}
	return nil
}

// validateContainerName checks names that become those of containers. That there is one is checked elsewhere for init containers
// (V-062).
func validateContainerName(name string, path *field.Path) (errs field.ErrorList) {
	if name == "" && !strings.Contains(path.String(), "initContainers") {
		return field.ErrorList{field.Required(path, "give the container a name")}
	}
	if name == "" || hasTag(name) {
		return nil
	}
	return problems(validation.IsDNS1123Label(name), name, path)
}

func validatePorts(ports []corev1.ContainerPort, path *field.Path) (errs field.ErrorList) {
	seen := nameSet{}
	for i := range ports {
		port, at := &ports[i], path.Index(i)
		errs = append(errs, problems(validation.IsValidPortNum(int(port.ContainerPort)), port.ContainerPort, at.Child("containerPort"))...)
		if port.HostPort != 0 {
			errs = append(errs, problems(validation.IsValidPortNum(int(port.HostPort)), port.HostPort, at.Child("hostPort"))...)
		}
		errs = append(errs, literalChoice(port.Protocol, at.Child("protocol"), "", corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)...)
		if port.Name != "" && !hasTag(port.Name) {
			errs = append(errs, problems(validation.IsValidPortName(port.Name), port.Name, at.Child("name"))...)
			errs = append(errs, seen.add(port.Name, at.Child("name"))...)
		}
	}
	return errs
}

func validateContainerMounts(mounts []corev1.VolumeMount, path *field.Path, role containerRole) (errs field.ErrorList) {
	if !role.mountsElsewhere {
		errs = validateMounts(mounts, path)
	}
	for i := range mounts {
		mount, at := &mounts[i], path.Index(i)
		if mount.Name == "" && !role.completed {
			errs = append(errs, field.Required(at.Child("name"), "name the volume to mount"))
		}
		if mount.MountPath == "" {
			errs = append(errs, field.Required(at.Child("mountPath"), "say where to mount it"))
		}
		if mount.SubPath != "" && mount.SubPathExpr != "" {
			errs = append(errs, field.Invalid(at.Child("subPathExpr"), mount.SubPathExpr, "subPathExpr and subPath are mutually exclusive"))
		}
		for _, sub := range []struct{ name, path string }{{"subPath", mount.SubPath}, {"subPathExpr", mount.SubPathExpr}} {
			if strings.HasPrefix(sub.path, "/") || slices.Contains(strings.Split(sub.path, "/"), "..") {
				errs = append(errs, field.Invalid(at.Child(sub.name), sub.path, "must be a path within the volume: relative, and without '..'"))
			}
		}
		if mount.MountPropagation != nil {
			errs = append(errs, literalChoice(*mount.MountPropagation, at.Child("mountPropagation"),
				corev1.MountPropagationNone, corev1.MountPropagationHostToContainer, corev1.MountPropagationBidirectional)...)
		}
	}
	return errs
}

// validateAmounts checks that no container requests more than it is limited to, or less than nothing.
func validateAmounts(resources *corev1.ResourceRequirements, path *field.Path) (errs field.ErrorList) {
	for _, list := range []struct {
		name    string
		amounts corev1.ResourceList
	}{{"limits", resources.Limits}, {"requests", resources.Requests}} {
		for _, name := range slices.Sorted(maps.Keys(list.amounts)) {
			if amount := list.amounts[name]; amount.Sign() < 0 {
				errs = append(errs, field.Invalid(path.Child(list.name).Key(string(name)), amount.String(), "must be greater than or equal to 0"))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(resources.Requests)) {
		request := resources.Requests[name]
		if limit, limited := resources.Limits[name]; limited && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests").Key(string(name)), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

// problems words what is wrong with one value.
func problems(messages []string, value any, path *field.Path) (errs field.ErrorList) {
	for _, message := range messages {
		errs = append(errs, field.Invalid(path, value, message))
	}
	return errs
}
