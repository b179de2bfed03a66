package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// shownFields are the fields of a pod that variables of a container may show, but for labels and annotations, which have keys.
var shownFields = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
	"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}

func validateEnv(env []corev1.EnvVar, from []corev1.EnvFromSource, path *field.Path, role containerRole) (errs field.ErrorList) {
	for i := range env {
		v, at := &env[i], path.Child("env").Index(i)
		switch {
		case v.Name == "":
			errs = append(errs, field.Required(at.Child("name"), "give the variable a name"))
		case !hasTag(v.Name):
			errs = append(errs, problems(validation.IsRelaxedEnvVarName(v.Name), v.Name, at.Child("name"))...)
		}
		if v.ValueFrom == nil {
			continue
		}
		if v.Value != "" {
			errs = append(errs, field.Invalid(at.Child("valueFrom"), "", "may not be specified when `value` is not empty"))
		}
		errs = append(errs, validateEnvSource(v.ValueFrom, at.Child("valueFrom"), role)...)
	}
	for i := range from {
		at := path.Child("envFrom").Index(i)
		configMap, secret := from[i].ConfigMapRef, from[i].SecretRef
		switch {
		case configMap == nil && secret == nil:
			errs = append(errs, field.Required(at, "give one of configMapRef and secretRef"))
		case configMap != nil && secret != nil:
			errs = append(errs, field.Invalid(at, "", "give one of configMapRef and secretRef, not both"))
		case configMap != nil && configMap.Name == "":
			errs = append(errs, field.Required(at.Child("configMapRef", "name"), "name the ConfigMap"))
		case secret != nil && secret.Name == "":
			errs = append(errs, field.Required(at.Child("secretRef", "name"), "name the Secret"))
		}
	}
	return errs
}

func validateEnvSource(from *corev1.EnvVarSource, path *field.Path, role containerRole) (errs field.ErrorList) {
	sources := 0
	for _, given := range []bool{from.FieldRef != nil, from.ResourceFieldRef != nil, from.ConfigMapKeyRef != nil, from.SecretKeyRef != nil, from.FileKeyRef != nil} {
		if given {
			sources++
		}
	}
	switch {
	case sources == 0 && !role.completed:
		return field.ErrorList{field.Required(path, "give one of fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef")}
	case sources > 1:
		return field.ErrorList{field.Invalid(path, "", "may not have more than one field specified at a time")}
	}
	if ref := from.ConfigMapKeyRef; ref != nil {
		errs = append(errs, validateKey(ref.Key, path.Child("configMapKeyRef", "key"))...)
	}
	if ref := from.SecretKeyRef; ref != nil {
		errs = append(errs, validateKey(ref.Key, path.Child("secretKeyRef", "key"))...)
	}
	if ref := from.ResourceFieldRef; ref != nil && ref.Resource == "" {
		errs = append(errs, field.Required(path.Child("resourceFieldRef", "resource"), "say which one, such as limits.memory"))
	}
	if ref := from.FieldRef; ref != nil && !hasTag(ref.FieldPath) && !strings.HasPrefix(ref.FieldPath, "metadata.labels['") && !strings.HasPrefix(ref.FieldPath, "metadata.annotations['") {
		errs = append(errs, validateChoice(ref.FieldPath, append([]string{"metadata.labels['KEY']", "metadata.annotations['KEY']"}, shownFields...), path.Child("fieldRef", "fieldPath"))...)
	}
	return errs
}

func validateKey(key string, path *field.Path) field.ErrorList {
	switch {
	case key == "":
		return field.ErrorList{field.Required(path, "say which key")}
	case hasTag(key):
		return nil
	}
	return problems(validation.IsConfigMapKey(key), key, path)
}
