package tree

import (
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Readable puts the names that people gave to steps in the place of IDs of nodes, which messages of the controller have in
// single quotes.
func Readable(message string, nodes map[string]v1alpha1.NodeStatus) string {
	if !strings.Contains(message, "'") {
		return message
	}
	parts := strings.Split(message, "'")
	for i := 1; i < len(parts)-1; i++ {
		if n, known := nodes[parts[i]]; known && n.DisplayName != "" {
			parts[i] = n.DisplayName
		}
	}
	return strings.Join(parts, "'")
}
