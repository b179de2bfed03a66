package validation

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// podFields checks what Kubernetes would refuse when the template's pod is made. Texts with tags are left to the run. Where a
// podSpecPatch may still put things right, all this is a warning.
func (c *specChecker) podFields(template *v1alpha1.Template, path *field.Path) {
	errs := validateMetadataOfPods(&template.Metadata, path.Child("metadata"))
	errs = append(errs, validatePlacement(template.NodeSelector, template.Tolerations, template.HostAliases, path)...)
	errs = append(errs, validatePodSecurity(template.SecurityContext, path.Child("securityContext"))...)
	volumes, warnings := validateVolumes(template.Volumes, path.Child("volumes"))
	errs = append(errs, volumes...)
	c.warnings = append(c.warnings, warnings...)
	errs = append(errs, c.containers(template, path)...)
	c.patchable(errs, c.spec.PodSpecPatch != "" || c.patched(template))
	if !c.patchedBelow(template) {
		c.patchFields(template.PodSpecPatch, path.Child("podSpecPatch"))
	}
}

// workflowPodFields does so for what the workflow gives to all its pods.
func (c *specChecker) workflowPodFields(path *field.Path) {
	spec := c.spec
	var errs field.ErrorList
	if spec.PodMetadata != nil {
		errs = validateMetadataOfPods(spec.PodMetadata, path.Child("podMetadata"))
	}
	errs = append(errs, validatePlacement(spec.NodeSelector, spec.Tolerations, spec.HostAliases, path)...)
	errs = append(errs, validatePodSecurity(spec.SecurityContext, path.Child("securityContext"))...)
	if spec.DNSPolicy != nil {
		errs = append(errs, literalChoice(*spec.DNSPolicy, path.Child("dnsPolicy"),
			"", corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone)...)
	}
	volumes, warnings := validateVolumes(spec.Volumes, path.Child("volumes"))
	errs = append(errs, volumes...)
	c.warnings = append(c.warnings, warnings...)
	patched := spec.PodSpecPatch != "" || spec.WorkflowTemplateRef != nil || slices.ContainsFunc(spec.Templates, func(t v1alpha1.Template) bool { return c.patched(&t) })
	c.patchable(errs, patched)
	c.patchFields(spec.PodSpecPatch, path.Child("podSpecPatch"))
}

// patched tells whether a patch of its own changes the pods of a template.
func (c *specChecker) patched(template *v1alpha1.Template) bool {
	return template.PodSpecPatch != "" || c.spec.TemplateDefaults != nil && c.spec.TemplateDefaults.PodSpecPatch != ""
}

// patchedBelow tells of a template without pods: nobody reads its patch.
func (c *specChecker) patchedBelow(template *v1alpha1.Template) bool {
	return len(template.Types()) == 1 && !template.IsPodType()
}

// patchable reports what is wrong with a pod before its patches.
func (c *specChecker) patchable(errs field.ErrorList, patched bool) {
	if !patched {
		c.errors(errs)
		return
	}
	for _, err := range errs {
		c.warnings = append(c.warnings, err.Error()+"; unless podSpecPatch changes it, Kubernetes will refuse the pod")
	}
}

// containers checks every container that the user writes.
func (c *specChecker) containers(template *v1alpha1.Template, path *field.Path) (errs field.ErrorList) {
	defaults := c.spec.TemplateDefaults
	if defaults == nil {
		defaults = &v1alpha1.Template{}
	}
	seen := nameSet{}
	named := func(container *corev1.Container, at *field.Path, role containerRole) {
		errs = append(errs, validateContainerName(container.Name, at.Child("name"))...)
		errs = append(errs, seen.add(container.Name, at.Child("name"))...)
		errs = append(errs, validateContainer(container, at, role)...)
	}
	switch {
	case template.Container != nil:
		seen["main"] = true
		role := containerRole{completed: defaults.Container != nil, imageElsewhere: true, mountsElsewhere: true}
		errs = append(errs, validateContainer(template.Container, path.Child("container"), role)...)
	case template.Script != nil:
		seen["main"] = true
		role := containerRole{completed: defaults.Script != nil, imageElsewhere: true}
		errs = append(errs, validateContainer(&template.Script.Container, path.Child("script"), role)...)
	case template.ContainerSet != nil:
		for i := range template.ContainerSet.Containers {
			container := &template.ContainerSet.Containers[i].Container
			at := path.Child("containerSet", "containers").Index(i)
			if nameFormat.MatchString(container.Name) { // else it is an error of its own
				errs = append(errs, validateContainerName(container.Name, at.Child("name"))...)
			}
			seen[container.Name] = true
			errs = append(errs, validateContainer(container, at, containerRole{completed: defaults.ContainerSet != nil})...)
		}
	case template.Resource != nil || template.Data != nil:
		seen["main"] = true
	}
	for i := range template.InitContainers {
		named(&template.InitContainers[i].Container, path.Child("initContainers").Index(i), containerRole{completed: len(defaults.InitContainers) > 0, init: true})
	}
	for i := range template.Sidecars {
		named(&template.Sidecars[i].Container, path.Child("sidecars").Index(i), containerRole{completed: len(defaults.Sidecars) > 0})
	}
	return errs
}

// literalChoice is validateChoice for values that may be put together at run time.
func literalChoice[T ~string](value T, path *field.Path, choices ...T) field.ErrorList {
	if hasTag(string(value)) {
		return nil
	}
	return validateChoice(value, choices, path)
}
