package imagevolume

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

// kubeletVersion is the first whose kubelet has image volumes without being told to.
var kubeletVersion = version.MajorMinor(1, 35)

// runtimeVersions are the first of each container runtime that mount images so that programs can be run from them. CRI-O is not
// among them: it may mount them without that right, and, where nodes have SELinux, for the pods of one namespace at a time.
var runtimeVersions = map[string]*version.Version{"containerd": version.MajorMinor(2, 1)}

// lacks says what on a node does not know image volumes; empty: everything does. What is not known by name does not.
func lacks(info *corev1.NodeSystemInfo) string {
	kubelet, err := version.ParseGeneric(info.KubeletVersion)
	if err != nil || kubelet.LessThan(kubeletVersion) {
		return fmt.Sprintf("has kubelet %s, and image volumes come with %s", info.KubeletVersion, kubeletVersion)
	}
	name, text, _ := strings.Cut(info.ContainerRuntimeVersion, "://")
	first, known := runtimeVersions[name]
	if !known {
		return fmt.Sprintf("has the container runtime %s, of which it is not known that programs run from its image volumes", info.ContainerRuntimeVersion)
	}
	runtime, err := version.ParseGeneric(text)
	if err != nil || runtime.LessThan(first) {
		return fmt.Sprintf("has %s, and image volumes come with %s", info.ContainerRuntimeVersion, first)
	}
	return ""
}
