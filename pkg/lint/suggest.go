package lint

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// mostListed is how many known names are listed when none of them is near.
	mostListed = 6
	// mostCompared is how many pairs of characters are compared for the suggestions about one object, which takes up to half a
	// second: among thousands of long names, for thousands that are wrong, it would be minutes.
	mostCompared = 100_000_000
)

// didYouMean words the known name nearest to one that is not known, or what there is when that is little; else it is empty.
func (p *program) didYouMean(name string, known []string) string {
	best, distance := "", max(2, len(name)/4)+1
	for _, candidate := range known {
		if candidate == name {
			continue
		}
		if p.compared += len(name) * len(candidate); p.compared > mostCompared {
			return ""
		}
		if d := editDistance(name, candidate, distance); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" || distance >= len(best) {
		switch {
		case len(known) == 1:
			return "; there is " + known[0]
		case len(known) > 1 && len(known) <= mostListed:
			return "; there are " + strings.Join(known, ", ")
		}
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the characters to insert, drop or replace (two neighbours that are swapped count as one), up to
// limit.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		if slices.Min(next) >= limit {
			return limit
		}
		before, last, next = last, next, before
	}
	return min(last[len(b)], limit)
}
