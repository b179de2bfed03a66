package pod

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// applyPodSpecPatches applies the workflow's podSpecPatch and then the template's, each YAML or JSON, as strategic merges
// onto the whole pod spec (POD-13).
func applyPodSpecPatches(spec *corev1.PodSpec, in Input) error {
	patches := []struct{ field, text string }{
		{"podSpecPatch of the workflow", in.Spec.PodSpecPatch},
		{"podSpecPatch of " + templateName(in.Template), in.Template.PodSpecPatch},
	}
	var doc []byte
	for _, p := range patches {
		if p.text == "" {
			continue
		}
		if doc == nil {
			var err error
			if doc, err = json.Marshal(spec); err != nil {
				return fmt.Errorf("Error applying PodSpecPatch: %w", err) //nolint:staticcheck // clients match on this text
			}
		}
		patch, err := yaml.YAMLToJSON([]byte(p.text))
		if err != nil {
			return fmt.Errorf("Error applying PodSpecPatch: %s is neither YAML nor JSON: %w", p.field, err) //nolint:staticcheck // clients match on this text
		}
		if doc, err = strategicpatch.StrategicMergePatch(doc, patch, corev1.PodSpec{}); err != nil {
			return fmt.Errorf("Error applying PodSpecPatch: %s: %w", p.field, err) //nolint:staticcheck // clients match on this text
		}
		patched := corev1.PodSpec{}
		if err := json.Unmarshal(doc, &patched); err != nil {
			return fmt.Errorf("Error applying PodSpecPatch: %s makes a pod spec that cannot be read: %w", p.field, err) //nolint:staticcheck // clients match on this text
		}
		restoreOrder(patched.InitContainers, spec.InitContainers)
		restoreOrder(patched.Containers, spec.Containers)
		*spec = patched
	}
	dropEmptyHelpers(spec)
	return nil
}

// restoreOrder puts containers back into the order that they had: a strategic merge takes that of the patch. Our helpers have
// to come first, because each brings what the containers after it start with. What a patch adds comes last.
func restoreOrder(patched, before []corev1.Container) {
	place := func(c corev1.Container) int {
		if i := slices.IndexFunc(before, func(b corev1.Container) bool { return b.Name == c.Name }); i >= 0 {
			return i
		}
		return len(before)
	}
	slices.SortStableFunc(patched, func(a, b corev1.Container) int { return cmp.Compare(place(a), place(b)) })
}

// dropEmptyHelpers removes what a patch for `init` or `wait` leaves in a pod that has no such container: patches are written
// for every step, and many steps have no helpers.
func dropEmptyHelpers(spec *corev1.PodSpec) {
	empty := func(c corev1.Container) bool {
		return (c.Name == InitContainerName || c.Name == WaitContainerName) && c.Image == "" && len(c.Command) == 0
	}
	spec.InitContainers = slices.DeleteFunc(spec.InitContainers, empty)
	spec.Containers = slices.DeleteFunc(spec.Containers, empty)
}
