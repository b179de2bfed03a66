package config

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxDriverName leaves room for what stands before a driver's name in the name of its container.
const maxDriverName = validation.DNS1123LabelMaxLength - len("artifact-plugin-")

// checkDrivers finds artifact drivers that no pod could have.
func (c *Config) checkDrivers() []error {
	var problems []error
	seen := map[string]bool{}
	for i, d := range c.ArtifactDrivers {
		refuse := func(wrong bool, format string, args ...any) {
			if wrong {
				problems = append(problems, fmt.Errorf("artifactDrivers[%d]: %s", i, fmt.Sprintf(format, args...)))
			}
		}
		for _, message := range validation.IsDNS1123Label(d.Name) {
			refuse(true, "name %q: %s", d.Name, message)
		}
		refuse(len(d.Name) > maxDriverName, "name %q is longer than %d characters", d.Name, maxDriverName)
		refuse(seen[d.Name], "there is a driver %q already", d.Name)
		refuse(d.Image == "", "image: is missing")
		refuse(d.ConnectionTimeoutSeconds < 0, "connectionTimeoutSeconds: must not be negative, is %d", d.ConnectionTimeoutSeconds)
		seen[d.Name] = true
	}
	return problems
}
