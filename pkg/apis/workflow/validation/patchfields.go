package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// patchFields checks a patch of pods that has no tags, beyond its being one (V-261): it is refused where it cannot be applied or the
// pod is refused with it. What it says of fields that pods do not have is lost, which is warned of.
func (c *specChecker) patchFields(text string, path *field.Path) {
	if text == "" || hasTag(text) {
		return
	}
	document, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return
	}
	var patch corev1.PodSpec
	unknown, err := json.UnmarshalStrict(document, &patch)
	if err != nil {
		return // V-261
	}
	for _, field := range unknown {
		if !strings.Contains(field.Error(), `"$`) && !strings.Contains(field.Error(), ".$") { // directives of strategic merges
			c.warn(path, "pods have no such field, and nothing comes of it: "+field.Error())
		}
	}
	if strings.Contains(text, "$patch") {
		return
	}
	for _, list := range []struct {
		name       string
		containers []corev1.Container
	}{{"containers", patch.Containers}, {"initContainers", patch.InitContainers}} {
		for i := range list.containers {
			at := path.Child(list.name).Index(i)
			if list.containers[i].Name == "" {
				c.errs = append(c.errs, field.Required(at.Child("name"), "a patch finds a container by its name; that of container and script templates is main"))
			}
			c.mismatched(validateContainer(&list.containers[i], at, containerRole{completed: true, imageElsewhere: true}))
		}
	}
	c.mismatched(literalChoice(patch.RestartPolicy, path.Child("restartPolicy"), "", corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever))
	c.mismatched(literalChoice(patch.DNSPolicy, path.Child("dnsPolicy"), "", corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone))
	c.mismatched(validatePlacement(patch.NodeSelector, patch.Tolerations, patch.HostAliases, path))
	c.mismatched(validatePodSecurity(patch.SecurityContext, path.Child("securityContext")))
}

// mismatched reports values that are wrong whatever they are laid over; what is missing may be in the pod.
func (c *specChecker) mismatched(errs field.ErrorList) {
	for _, err := range errs {
		if err.Type == field.ErrorTypeNotSupported {
			c.errs = append(c.errs, err)
		}
	}
}
