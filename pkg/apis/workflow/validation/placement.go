package validation

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateMetadataOfPods checks labels and annotations that pods get.
func validateMetadataOfPods(meta *v1alpha1.Metadata, path *field.Path) (errs field.ErrorList) {
	errs = validateLabels(meta.Labels, path.Child("labels"))
	for _, key := range slices.Sorted(maps.Keys(meta.Annotations)) {
		if !hasTag(key) {
			errs = append(errs, problems(validation.IsQualifiedName(strings.ToLower(key)), key, path.Child("annotations").Key(key))...)
		}
	}
	return errs
}

func validateLabels(labels map[string]string, path *field.Path) (errs field.ErrorList) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if !hasTag(key) {
			errs = append(errs, problems(validation.IsQualifiedName(key), key, path.Key(key))...)
		}
		if value := labels[key]; !hasTag(value) {
			errs = append(errs, problems(validation.IsValidLabelValue(value), value, path.Key(key))...)
		}
	}
	return errs
}

// validatePlacement checks where pods are to run, and what they know of other hosts.
func validatePlacement(selector map[string]string, tolerations []corev1.Toleration, aliases []corev1.HostAlias, path *field.Path) (errs field.ErrorList) {
	errs = validateLabels(selector, path.Child("nodeSelector"))
	for i := range tolerations {
		errs = append(errs, validateToleration(&tolerations[i], path.Child("tolerations").Index(i))...)
	}
	for i := range aliases {
		at := path.Child("hostAliases").Index(i)
		if !hasTag(aliases[i].IP) {
			errs = append(errs, validation.IsValidIPForLegacyField(at.Child("ip"), aliases[i].IP, false, nil)...)
		}
		for j, name := range aliases[i].Hostnames {
			if !hasTag(name) {
				errs = append(errs, problems(validation.IsDNS1123Subdomain(name), name, at.Child("hostnames").Index(j))...)
			}
		}
	}
	return errs
}

func validateToleration(t *corev1.Toleration, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, literalChoice(t.Operator, path.Child("operator"), "", corev1.TolerationOpEqual, corev1.TolerationOpExists, corev1.TolerationOpLt, corev1.TolerationOpGt)...)
	errs = append(errs, literalChoice(t.Effect, path.Child("effect"), "", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)...)
	if t.Key != "" && !hasTag(t.Key) {
		errs = append(errs, problems(validation.IsQualifiedName(t.Key), t.Key, path.Child("key"))...)
	}
	literal := !hasTag(string(t.Operator))
	switch {
	case t.Key == "" && t.Operator != corev1.TolerationOpExists && literal:
		errs = append(errs, field.Invalid(path.Child("operator"), t.Operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
	case t.Operator == corev1.TolerationOpExists && t.Value != "":
		errs = append(errs, field.Invalid(path.Child("value"), t.Value, "value must be empty when `operator` is 'Exists'"))
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute && !hasTag(string(t.Effect)) {
		errs = append(errs, field.Invalid(path.Child("effect"), t.Effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
	}
	return errs
}
