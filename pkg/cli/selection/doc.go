// Package selection picks workflows and nodes: by status, age and name, and by field selectors of nodes.
package selection
