package node

// Formats of pod names, as the annotation AnnotationKeyPodNameVersion holds them.
const (
	PodNameV1 = "v1"
	PodNameV2 = "v2"
)

// podNamePrefix is how long the readable part of a pod name may be: 253 less a ten-digit hash and its hyphen.
const podNamePrefix = 253 - 10 - 1

// PodName gives the name of the pod of a node. Format v1 uses the node ID; every other value means v2: the workflow's name
// for the root, else workflow, template and hash of the node's name (NOD-13). Inline templates have no name.
func PodName(format, workflowName, nodeName, templateName string) string {
	if format == PodNameV1 {
		return ID(workflowName, nodeName)
	}
	if nodeName == workflowName {
		return workflowName
	}
	prefix := workflowName
	if templateName != "" {
		prefix += "-" + templateName
	}
	if len(prefix) > podNamePrefix {
		prefix = prefix[:podNamePrefix]
	}
	return prefix + "-" + Hash(nodeName)
}
