package validation

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateVolumes checks volumes, mounted or not. Of two with the same name the last one counts, which is only warned of.
func validateVolumes(volumes []corev1.Volume, path *field.Path) (errs field.ErrorList, warnings []string) {
	seen := map[string]bool{}
	for i := range volumes {
		volume, at := &volumes[i], path.Index(i)
		switch name := volume.Name; {
		case name == "":
			errs = append(errs, field.Required(at.Child("name"), "give the volume a name"))
		case seen[name]:
			warnings = append(warnings, fmt.Sprintf("%s: there is another volume %q before this one; only the last one is mounted", at.Child("name"), name))
		case !hasTag(name):
			errs = append(errs, problems(validation.IsDNS1123Label(name), name, at.Child("name"))...)
		}
		seen[volume.Name] = true
		errs = append(errs, validateVolumeSource(&volume.VolumeSource, at)...)
	}
	return errs, warnings
}

// validateVolumeSource checks the commonest kinds of volumes. One of no kind is an emptyDir.
func validateVolumeSource(source *corev1.VolumeSource, path *field.Path) (errs field.ErrorList) {
	var given []string
	value := reflect.ValueOf(source).Elem()
	for i := range value.NumField() {
		if !value.Field(i).IsNil() {
			name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
			given = append(given, name)
		}
	}
	if len(given) > 1 {
		return field.ErrorList{field.Forbidden(path, "may not specify more than 1 volume type; here are "+strings.Join(given, " and "))}
	}
	required := func(missing bool, text string, names ...string) {
		if missing {
			errs = append(errs, field.Required(path.Child(names[0], names[1:]...), text))
		}
	}
	if s := source.ConfigMap; s != nil {
		required(s.Name == "", "name the ConfigMap", "configMap", "name")
	}
	if s := source.Secret; s != nil {
		required(s.SecretName == "", "name the Secret", "secret", "secretName")
	}
	if s := source.PersistentVolumeClaim; s != nil {
		required(s.ClaimName == "", "name the claim", "persistentVolumeClaim", "claimName")
	}
	if s := source.HostPath; s != nil {
		required(s.Path == "", "say which directory of the host", "hostPath", "path")
	}
	if s := source.NFS; s != nil {
		required(s.Server == "", "name the server", "nfs", "server")
		required(s.Path == "", "say which directory of the server", "nfs", "path")
	}
	return errs
}

// helperVolumes are those of the engine's own helpers: a pod with helpers has them without anybody's saying so.
var helperVolumes = []string{"input-artifacts", "ended-argo", "var-run-argo", "tmp-dir-argo", "exec-sa-token", "argo-bin", "argo-staging"}

// mountedVolumes refuses mounts of volumes that neither the template nor the workflow has: V-260. A patch, templateDefaults or the
// object that runs a library's template may still bring them.
func (c *specChecker) mountedVolumes(template *v1alpha1.Template, path *field.Path) {
	if c.rules.EntrypointOptional || c.spec.PodSpecPatch != "" || c.patched(template) {
		return
	}
	known := slices.Clone(helperVolumes)
	var names []string
	declare := func(name string) { known, names = append(known, name), append(names, name) }
	lists := [][]corev1.Volume{template.Volumes, c.spec.Volumes}
	if c.spec.TemplateDefaults != nil {
		lists = append(lists, c.spec.TemplateDefaults.Volumes)
	}
	for _, volumes := range lists {
		for i := range volumes {
			if hasTag(volumes[i].Name) {
				return
			}
			declare(volumes[i].Name)
		}
	}
	for i := range c.spec.VolumeClaimTemplates {
		declare(c.spec.VolumeClaimTemplates[i].Name)
	}
	mounted := func(name string, at *field.Path) {
		if name != "" && !slices.Contains(known, name) && !hasTag(name) {
			c.errs = append(c.errs, field.Invalid(at.Child("name"), name,
				fmt.Sprintf("volume '%s' not found in workflow spec; %s: declare it in the volumes of the template, or in volumes or volumeClaimTemplates of the workflow", name, oneOf(names))))
		}
	}
	eachContainer(template, path, func(container *corev1.Container, at *field.Path) {
		for i := range container.VolumeMounts {
			mounted(container.VolumeMounts[i].Name, at.Child("volumeMounts").Index(i))
		}
		for i := range container.VolumeDevices {
			mounted(container.VolumeDevices[i].Name, at.Child("volumeDevices").Index(i))
		}
	})
	if set := template.ContainerSet; set != nil {
		for i := range set.VolumeMounts {
			mounted(set.VolumeMounts[i].Name, path.Child("containerSet", "volumeMounts").Index(i))
		}
	}
}

// eachContainer visits the containers that a user writes in a template.
func eachContainer(template *v1alpha1.Template, path *field.Path, visit func(*corev1.Container, *field.Path)) {
	if template.Container != nil {
		visit(template.Container, path.Child("container"))
	}
	if template.Script != nil {
		visit(&template.Script.Container, path.Child("script"))
	}
	if set := template.ContainerSet; set != nil {
		for i := range set.Containers {
			visit(&set.Containers[i].Container, path.Child("containerSet", "containers").Index(i))
		}
	}
	for i := range template.InitContainers {
		visit(&template.InitContainers[i].Container, path.Child("initContainers").Index(i))
	}
	for i := range template.Sidecars {
		visit(&template.Sidecars[i].Container, path.Child("sidecars").Index(i))
	}
}
