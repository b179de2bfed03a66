package node

import (
	"strconv"
	"strings"
)

// Group names the i-th group of a steps node.
func Group(steps string, i int) string { return steps + "[" + strconv.Itoa(i) + "]" }

// Child names a step in a group, a task in a DAG, or a container of a container set.
func Child(parent, name string) string { return parent + "." + name }

// Attempt names the n-th attempt under a retry node.
func Attempt(retry string, n int) string { return retry + "(" + strconv.Itoa(n) + ")" }

// Exit names the exit handler of a node, or of the workflow when given its name.
func Exit(name string) string { return name + ".onExit" }

// Hook names a lifecycle hook of a node, or of the workflow when given its name.
func Hook(name, hook string) string { return name + ".hooks." + hook }

// Item names the i-th expansion of a loop; the value is rendered without parentheses (NOD-10).
func Item(name string, i int, rendered string) string {
	if strings.ContainsAny(rendered, "()") {
		rendered = strings.NewReplacer("(", "", ")", "").Replace(rendered)
	}
	return name + "(" + strconv.Itoa(i) + ":" + rendered + ")"
}

// Display is the last component of a node's name, given the name of its boundary (empty for a root) (NOD-12).
func Display(name, boundary string) string {
	if boundary == "" || !strings.HasPrefix(name, boundary) {
		return name
	}
	rest := name[len(boundary):]
	if strings.HasPrefix(rest, "[") {
		if i := strings.Index(rest, "]."); i >= 0 {
			return rest[i+2:]
		}
		return rest
	}
	rest = strings.TrimPrefix(rest, ".")
	if rest == "" {
		return name
	}
	return rest
}
