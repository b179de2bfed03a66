package pod

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// addVolumes adds the volumes that some container mounts: of the workflow, of its claim templates, and of the template,
// whose volume wins over one of the same name (VOL-01, VOL-02). A volume that nobody mounts stays out, so that a step does
// not wait for another step's claim.
func addVolumes(spec *corev1.PodSpec, in Input) {
	offered := map[string]corev1.Volume{}
	for _, list := range [][]corev1.Volume{in.Spec.Volumes, in.Claims, in.Template.Volumes} {
		for _, v := range list {
			offered[v.Name] = v
		}
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, name := range mounted(&c) {
			if v, ok := offered[name]; ok {
				addVolume(spec, v)
			}
		}
	}
}

// checkVolumes refuses a pod in which a container mounts a volume that is nowhere declared (V-260). It comes after all patches, which
// may bring volumes.
func checkVolumes(spec *corev1.PodSpec, in Input) error {
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, name := range mounted(&c) {
			if !slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name }) {
				return fmt.Errorf("%s: container %s: volume '%s' not found in workflow spec: declare it in the template's volumes, or in the workflow's volumes or volumeClaimTemplates",
					templateName(in.Template), c.Name, name)
			}
		}
	}
	return nil
}

// mounted lists the volumes that a container uses, as file system or as block device.
func mounted(c *corev1.Container) []string {
	names := make([]string, 0, len(c.VolumeMounts)+len(c.VolumeDevices))
	for _, m := range c.VolumeMounts {
		names = append(names, m.Name)
	}
	for _, d := range c.VolumeDevices {
		names = append(names, d.Name)
	}
	return names
}
