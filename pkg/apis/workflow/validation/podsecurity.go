package validation

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateSecurity checks the security context of a container.
func validateSecurity(s *corev1.SecurityContext, path *field.Path) (errs field.ErrorList) {
	if s == nil {
		return nil
	}
	errs = append(errs, validateUser(s.RunAsUser, path.Child("runAsUser"))...)
	errs = append(errs, validateGroup(s.RunAsGroup, path.Child("runAsGroup"))...)
	errs = append(errs, validateProfiles(s.SeccompProfile, s.AppArmorProfile, path)...)
	if s.ProcMount != nil {
		errs = append(errs, literalChoice(*s.ProcMount, path.Child("procMount"), corev1.DefaultProcMount, corev1.UnmaskedProcMount)...)
	}
	if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
		return errs
	}
	if s.Privileged != nil && *s.Privileged {
		errs = append(errs, field.Invalid(path, "", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
	}
	if s.Capabilities != nil && slices.Contains(s.Capabilities.Add, "CAP_SYS_ADMIN") {
		errs = append(errs, field.Invalid(path, "", "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"))
	}
	return errs
}

// validatePodSecurity checks that of a whole pod.
func validatePodSecurity(s *corev1.PodSecurityContext, path *field.Path) (errs field.ErrorList) {
	if s == nil {
		return nil
	}
	errs = append(errs, validateUser(s.RunAsUser, path.Child("runAsUser"))...)
	errs = append(errs, validateGroup(s.RunAsGroup, path.Child("runAsGroup"))...)
	errs = append(errs, validateGroup(s.FSGroup, path.Child("fsGroup"))...)
	for i := range s.SupplementalGroups {
		errs = append(errs, validateGroup(&s.SupplementalGroups[i], path.Child("supplementalGroups").Index(i))...)
	}
	if s.FSGroupChangePolicy != nil {
		errs = append(errs, literalChoice(*s.FSGroupChangePolicy, path.Child("fsGroupChangePolicy"), corev1.FSGroupChangeOnRootMismatch, corev1.FSGroupChangeAlways)...)
	}
	if s.SupplementalGroupsPolicy != nil {
		errs = append(errs, literalChoice(*s.SupplementalGroupsPolicy, path.Child("supplementalGroupsPolicy"), corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)...)
	}
	return append(errs, validateProfiles(s.SeccompProfile, s.AppArmorProfile, path)...)
}

func validateUser(id *int64, path *field.Path) field.ErrorList {
	if id == nil {
		return nil
	}
	return problems(validation.IsValidUserID(*id), *id, path)
}

func validateGroup(id *int64, path *field.Path) field.ErrorList {
	if id == nil {
		return nil
	}
	return problems(validation.IsValidGroupID(*id), *id, path)
}

func validateProfiles(seccomp *corev1.SeccompProfile, appArmor *corev1.AppArmorProfile, path *field.Path) (errs field.ErrorList) {
	if seccomp != nil {
		at := path.Child("seccompProfile")
		errs = append(errs, literalChoice(seccomp.Type, at.Child("type"),
			corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined)...)
		errs = append(errs, validateLocalhostProfile(string(seccomp.Type), seccomp.LocalhostProfile, at)...)
	}
	if appArmor != nil {
		at := path.Child("appArmorProfile")
		errs = append(errs, literalChoice(appArmor.Type, at.Child("type"),
			corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)...)
		errs = append(errs, validateLocalhostProfile(string(appArmor.Type), appArmor.LocalhostProfile, at)...)
	}
	return errs
}

func validateLocalhostProfile(profileType string, name *string, path *field.Path) field.ErrorList {
	const localhost = "Localhost"
	switch {
	case profileType == localhost && (name == nil || *name == ""):
		return field.ErrorList{field.Required(path.Child("localhostProfile"), "must be set when the type is Localhost")}
	case profileType != localhost && name != nil && !hasTag(profileType):
		return field.ErrorList{field.Invalid(path.Child("localhostProfile"), *name, "can only be set when the type is Localhost")}
	}
	return nil
}
