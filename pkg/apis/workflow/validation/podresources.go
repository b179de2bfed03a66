package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validatePodResources checks resources of a pod as a whole: V-015, V-016, V-060.
func validatePodResources(resources *corev1.ResourceRequirements, path *field.Path) (errs field.ErrorList) {
	if resources == nil {
		return nil
	}
	if len(resources.Claims) > 0 {
		errs = append(errs, field.Forbidden(path.Child("claims"), path.String()+".claims is not supported; use resourceClaims"))
	}
	for _, list := range []struct {
		name  string
		names corev1.ResourceList
	}{{"limits", resources.Limits}, {"requests", resources.Requests}} {
		for _, name := range slices.Sorted(maps.Keys(list.names)) {
			if name != corev1.ResourceCPU && name != corev1.ResourceMemory && !strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) {
				errs = append(errs, field.Invalid(path.Child(list.name).Key(string(name)), string(name),
					fmt.Sprintf("%q is not a valid pod-level resource; a pod as a whole has cpu, memory and hugepages-*", name)))
			}
		}
	}
	return errs
}

// validateExecutorPlugins checks V-017 to V-021.
func validateExecutorPlugins(plugins []v1alpha1.ExecutorPlugin, path *field.Path) (errs field.ErrorList) {
	for i := range plugins {
		at := path.Index(i)
		if plugins[i].Name == "" {
			errs = append(errs, field.Required(at.Child("metadata", "name"), "name is mandatory"))
		}
		container := &plugins[i].Spec.Sidecar.Container
		at = at.Child("spec", "sidecar", "container")
		for _, check := range []struct {
			absent     bool
			name, text string
		}{
			{len(container.Ports) == 0, "ports", "at least one port is mandatory"},
			{len(container.Resources.Requests) == 0, "resources.requests", "resources requests are mandatory"},
			{len(container.Resources.Limits) == 0, "resources.limits", "resources limits are mandatory"},
			{container.SecurityContext == nil, "securityContext", "security context is mandatory"},
		} {
			if check.absent {
				errs = append(errs, field.Required(at.Child(check.name), check.text))
			}
		}
	}
	return errs
}

// validatePods checks what a template says of its pod: V-059, V-060, V-061, V-091, V-105.
func validatePods(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	is := template.GetType()
	if template.PodResources != nil && (is == v1alpha1.TemplateTypeHTTP || is == v1alpha1.TemplateTypePlugin) {
		errs = append(errs, field.Forbidden(path.Child("podResources"), fmt.Sprintf("podResources is not supported for %s templates: they have no pod of their own", is)))
	}
	errs = append(errs, validatePodResources(template.PodResources, path.Child("podResources"))...)
	if len(template.ResourceClaims) > 0 && is != v1alpha1.TemplateTypeUnknown && !template.IsPodType() {
		errs = append(errs, field.Forbidden(path.Child("resourceClaims"), fmt.Sprintf("resourceClaims is not supported for %s templates: they have no pod of their own", is)))
	}
	if template.Container != nil {
		errs = append(errs, validateMounts(template.Container.VolumeMounts, path.Child("container", "volumeMounts"))...)
	}
	if template.ContainerSet != nil {
		errs = append(errs, validateMounts(template.ContainerSet.VolumeMounts, path.Child("containerSet", "volumeMounts"))...)
	}
	return errs
}

func validateMounts(mounts []corev1.VolumeMount, path *field.Path) (errs field.ErrorList) {
	taken := map[string]string{}
	for i := range mounts {
		at := mounts[i].MountPath
		if by, twice := taken[at]; twice {
			errs = append(errs, field.Invalid(path.Index(i).Child("mountPath"), at, fmt.Sprintf("already mounted in %s (volume %s)", path.String(), by)))
			continue
		}
		taken[at] = mounts[i].Name
	}
	return errs
}

// validateInputMounts checks that no artifact hides a volume or another artifact: V-092.
func validateInputMounts(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	if template.Container == nil {
		return nil
	}
	taken := map[string]string{}
	for i := range template.Container.VolumeMounts {
		taken[template.Container.VolumeMounts[i].MountPath] = "container.volumeMounts." + template.Container.VolumeMounts[i].Name
	}
	for i := range template.Inputs.Artifacts {
		artifact := &template.Inputs.Artifacts[i]
		if artifact.Path == "" {
			continue
		}
		if by, twice := taken[artifact.Path]; twice {
			errs = append(errs, field.Invalid(path.Child("inputs", "artifacts").Index(i).Child("path"), artifact.Path, fmt.Sprintf("path '%s' already mounted in %s", artifact.Path, by)))
			continue
		}
		taken[artifact.Path] = "inputs.artifacts." + artifact.Name
	}
	return errs
}
