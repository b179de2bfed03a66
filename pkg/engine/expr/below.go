package expr

import (
	"maps"
	"slices"
	"strings"
)

func below(m map[string]string, prefix string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, prefix) && len(name) > len(prefix) && name[len(prefix)] == '.' {
			names = append(names, name)
		}
	}
	return names
}
