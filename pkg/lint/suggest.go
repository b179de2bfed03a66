package lint

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
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
		if d := shape.EditDistance(name, candidate, distance); d < distance {
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
