package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// wholeKey holds all settings in one text; it excludes every other key.
const wholeKey = "config"

// Parse reads the data of the ConfigMap: either one key `config` with all of the settings as YAML, or one key a setting. It
// is strict: what it does not know, it refuses by name, and all problems are reported at once.
func Parse(data map[string]string) (*Config, error) {
	settings := map[string]json.RawMessage{}
	var problems []error
	if whole, ok := data[wholeKey]; ok {
		if len(data) > 1 {
			return nil, fmt.Errorf("key %s holds all settings, so there must be no other key beside it: move %s into it, or give each setting a key of its own",
				wholeKey, strings.Join(slices.DeleteFunc(slices.Sorted(maps.Keys(data)), func(k string) bool { return k == wholeKey }), ", "))
		}
		if err := yaml.UnmarshalStrict([]byte(whole), &settings); err != nil {
			return nil, fmt.Errorf("key %s is no YAML mapping: %w", wholeKey, cause(err))
		}
	} else {
		for _, key := range slices.Sorted(maps.Keys(data)) {
			value, err := yaml.YAMLToJSONStrict([]byte(data[key]))
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: no YAML: %w", key, cause(err)))
				continue
			}
			settings[key] = value
		}
	}

	c := &Config{}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(keys, key) {
			problems = append(problems, fmt.Errorf("%s: unknown key%s", key, didYouMean(key, keys)))
			continue
		}
		if string(settings[key]) == "null" || len(settings[key]) == 0 {
			continue
		}
		if err := c.set(key, settings[key]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	if len(problems) == 0 {
		problems = c.check()
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return c, nil
}

// set decodes one setting. Texts may be written without quotes, even those that look like numbers.
func (c *Config) set(key string, value json.RawMessage) error {
	err := yaml.UnmarshalStrict(fmt.Appendf(nil, "{%q: %s}", key, value), c)
	if err == nil {
		return nil
	}
	err = cause(err)
	if name, ok := unknownField(err); ok {
		return fmt.Errorf("unknown field %q%s", name, didYouMean(name, fieldsBelow(key)))
	}
	return err
}

// check finds values that are of the right type and still make no sense.
func (c *Config) check() []error {
	var problems []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(c.Parallelism < 0, "parallelism: must not be negative, is %d; 0 means no limit", c.Parallelism)
	refuse(c.NamespaceParallelism < 0, "namespaceParallelism: must not be negative, is %d; 0 means no limit", c.NamespaceParallelism)
	if l := c.ResourceRateLimit; l != nil {
		refuse(l.Limit <= 0 || l.Burst < 1, "resourceRateLimit: limit must be more than 0 and burst at least 1, are %v and %d", l.Limit, l.Burst)
	}
	refuse(c.DeleteDelay() < 0, "podGCDeleteDelayDuration: must not be negative, is %s", c.DeleteDelay())
	refuse(c.InitialDelay.Duration < 0, "initialDelay: must not be negative, is %s", c.InitialDelay)
	refuse(c.PodGCGracePeriodSeconds != nil && *c.PodGCGracePeriodSeconds < 0, "podGCGracePeriodSeconds: must not be negative")
	times, pause := c.Restarts()
	refuse(times < 0 || pause < 0, "failedPodRestart: maxRestarts and backoffSeconds must not be negative")
	if r := c.RetentionPolicy; r != nil {
		refuse(r.Completed < 0 || r.Failed < 0 || r.Errored < 0, "retentionPolicy: numbers must not be negative; 0 keeps all")
	}
	switch c.Referencing() {
	case "", ReferencingStrict, ReferencingSecure:
	default:
		refuse(true, "workflowRestrictions.templateReferencing: must be %s or %s, is %q", ReferencingStrict, ReferencingSecure, c.Referencing())
	}
	if n := repositoryKinds(c.ArtifactRepository); n > 1 {
		refuse(true, "artifactRepository: names %d kinds of storage; it must be one", n)
	}
	problems = append(problems, c.checkDrivers()...)
	if d := c.WorkflowDefaults; d != nil {
		refuse(d.Spec.WorkflowTemplateRef != nil, "workflowDefaults.spec.workflowTemplateRef: a default for all workflows cannot be a template that replaces them")
	}
	return problems
}

// repositoryKinds counts the kinds of storage that a repository names.
func repositoryKinds(r *wfv1.ArtifactRepository) int {
	if r == nil {
		return 0
	}
	n := 0
	for _, set := range []bool{r.S3 != nil, r.Artifactory != nil, r.HDFS != nil, r.OSS != nil, r.GCS != nil, r.Azure != nil, r.Plugin != nil} {
		if set {
			n++
		}
	}
	return n
}

// ParseRepository reads an artifact repository as a key of a ConfigMap holds it.
func ParseRepository(text string) (*wfv1.ArtifactRepository, error) {
	repository := &wfv1.ArtifactRepository{}
	if err := yaml.UnmarshalStrict([]byte(text), repository); err != nil {
		err = cause(err)
		if name, ok := unknownField(err); ok {
			return nil, fmt.Errorf("unknown field %q%s", name, didYouMean(name, fieldsBelow("artifactRepository")))
		}
		return nil, err
	}
	if n := repositoryKinds(repository); n > 1 {
		return nil, fmt.Errorf("names %d kinds of storage; it must be one", n)
	}
	return repository, nil
}

// cause takes off what libraries say about how they decode.
func cause(err error) error {
	text := err.Error()
	for _, noise := range []string{"error unmarshaling JSON: ", "error converting YAML to JSON: ", "while decoding JSON: ", "json: ", "yaml: "} {
		text = strings.TrimPrefix(text, noise)
	}
	return errors.New(text)
}

func unknownField(err error) (string, bool) {
	rest, ok := strings.CutPrefix(err.Error(), "unknown field \"")
	return strings.TrimSuffix(rest, "\""), ok
}
