package validation

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateRunSettings checks what a spec says of the run as a whole: V-015 to V-021, V-202, V-207, V-255, V-261, V-264.
func validateRunSettings(spec *v1alpha1.WorkflowSpec, path *field.Path) (errs field.ErrorList) {
	errs = append(errs, validatePodResources(spec.PodResources, path.Child("podResources"))...)
	errs = append(errs, validateExecutorPlugins(spec.ExecutorPlugins, path.Child("executorPlugins"))...)
	if spec.Parallelism != nil && *spec.Parallelism < 1 {
		errs = append(errs, field.Invalid(path.Child("parallelism"), *spec.Parallelism, "must be 1 or more"))
	}
	for i := range spec.VolumeClaimTemplates {
		if spec.VolumeClaimTemplates[i].Name == "" {
			errs = append(errs, field.Required(path.Child("volumeClaimTemplates").Index(i).Child("metadata", "name"),
				fmt.Sprintf("volumeClaimTemplates[%d].metadata.name is required", i)))
		}
	}
	errs = append(errs, validateWorkflowMetadata(spec.WorkflowMetadata, path.Child("workflowMetadata"))...)
	errs = append(errs, validateRetryStrategy(spec.RetryStrategy, path.Child("retryStrategy"))...)
	errs = append(errs, validateMetrics(spec.Metrics, path.Child("metrics"))...)
	errs = append(errs, validateLocks(spec.Synchronization, path.Child("synchronization"))...)
	errs = append(errs, validatePodSpecPatch(spec.PodSpecPatch, path.Child("podSpecPatch"))...)
	if gc := spec.ArtifactGC; gc != nil {
		errs = append(errs, validateArtifactGC(&gc.ArtifactGC, path.Child("artifactGC"))...)
		errs = append(errs, validatePodSpecPatch(gc.PodSpecPatch, path.Child("artifactGC", "podSpecPatch"))...)
	}
	if gc := spec.VolumeClaimGC; gc != nil {
		errs = append(errs, validateChoice(gc.Strategy, []v1alpha1.VolumeClaimGCStrategy{
			"", v1alpha1.VolumeClaimGCOnCompletion, v1alpha1.VolumeClaimGCOnSuccess,
		}, path.Child("volumeClaimGC", "strategy"))...)
	}
	return errs
}

// validateWorkflowMetadata checks what of V-264 is known before the run: names, and values without tags.
func validateWorkflowMetadata(meta *v1alpha1.WorkflowMetadata, path *field.Path) (errs field.ErrorList) {
	if meta == nil {
		return nil
	}
	names := func(keys []string, at *field.Path) {
		for _, key := range keys {
			for _, problem := range validation.IsQualifiedName(strings.ToLower(key)) {
				errs = append(errs, field.Invalid(at.Key(key), key, problem))
			}
		}
	}
	labels := slices.Sorted(maps.Keys(meta.Labels))
	names(labels, path.Child("labels"))
	for _, key := range labels {
		if value := meta.Labels[key]; !hasTag(value) {
			for _, problem := range validation.IsValidLabelValue(value) {
				errs = append(errs, field.Invalid(path.Child("labels").Key(key), value, problem))
			}
		}
	}
	names(slices.Sorted(maps.Keys(meta.Annotations)), path.Child("annotations"))
	from := slices.Sorted(maps.Keys(meta.LabelsFrom))
	names(from, path.Child("labelsFrom"))
	for _, key := range from {
		if meta.LabelsFrom[key].Expression == "" {
			errs = append(errs, field.Required(path.Child("labelsFrom").Key(key).Child("expression"), "say what the label's value is"))
		}
	}
	return errs
}

// validateRetryStrategy checks V-064 and what else is known before the first attempt (RTY-02, RTY-04).
func validateRetryStrategy(strategy *v1alpha1.RetryStrategy, path *field.Path) (errs field.ErrorList) {
	if strategy == nil {
		return nil
	}
	known := []v1alpha1.RetryPolicy{
		"", v1alpha1.RetryPolicyAlways, v1alpha1.RetryPolicyOnFailure, v1alpha1.RetryPolicyOnError, v1alpha1.RetryPolicyOnTransientError,
	}
	if !slices.Contains(known, strategy.RetryPolicy) && !hasTag(string(strategy.RetryPolicy)) {
		err := field.NotSupported(path.Child("retryPolicy"), strategy.RetryPolicy, known[1:])
		err.Detail = fmt.Sprintf("%s is not a valid RetryPolicy; %s", strategy.RetryPolicy, err.Detail)
		errs = append(errs, err)
	}
	errs = append(errs, validateInteger(strategy.Limit, path.Child("limit"))...)
	errs = append(errs, validateRetries(strategy.Limit, path.Child("limit"))...)
	if backoff := strategy.Backoff; backoff != nil {
		at := path.Child("backoff")
		errs = append(errs, validateDuration(backoff.Duration, at.Child("duration"))...)
		errs = append(errs, validateDuration(backoff.MaxDuration, at.Child("maxDuration"))...)
		errs = append(errs, validateDuration(backoff.Cap, at.Child("cap"))...)
		errs = append(errs, validateInteger(backoff.Factor, at.Child("factor"))...)
	}
	return errs
}

// baseDuration warns of a backoff that cannot be computed: it fails the first retry, so that what never fails runs with it (RTY-04).
func (c *specChecker) baseDuration(strategy *v1alpha1.RetryStrategy, path *field.Path) {
	if strategy != nil && strategy.Backoff != nil && strategy.Backoff.Duration == "" {
		c.warn(path.Child("backoff", "duration"), "is missing: instead of the first retry there will be an error")
	}
}

// validateDuration checks a duration that has no tags; none is fine.
func validateDuration(text string, path *field.Path) field.ErrorList {
	if text == "" || hasTag(text) {
		return nil
	}
	if _, err := v1alpha1.ParseDuration(text); err != nil {
		return field.ErrorList{field.Invalid(path, text, err.Error())}
	}
	return nil
}

// validateInteger checks a number that may be written as a text; one with tags is known later.
func validateInteger(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	if value == nil || value.Type == intstr.Int || hasTag(value.StrVal) {
		return nil
	}
	if _, err := strconv.Atoi(strings.TrimSpace(value.StrVal)); err != nil {
		return field.ErrorList{field.Invalid(path, value.StrVal, "must be a whole number or a variable")}
	}
	return nil
}

// validateDeadline checks V-056 and V-057.
func validateDeadline(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	const message = "must be a positive integer > 0 or an argo variable"
	if value == nil {
		return nil
	}
	seconds := int64(value.IntVal)
	if value.Type == intstr.String {
		text := strings.TrimSpace(value.StrVal)
		if strings.HasPrefix(text, "{{") && strings.HasSuffix(text, "}}") {
			return nil
		}
		var err error
		if seconds, err = strconv.ParseInt(text, 10, 64); err != nil {
			return field.ErrorList{field.Invalid(path, value.StrVal, message)}
		}
	}
	if seconds < 0 {
		return field.ErrorList{field.Invalid(path, value.String(), message)}
	}
	return nil
}

// validateLocks checks that each lock says which one it is, and that none is taken twice (SYN-05).
func validateLocks(locks *v1alpha1.Synchronization, path *field.Path) (errs field.ErrorList) {
	if locks == nil {
		return nil
	}
	seen := nameSet{}
	for i, semaphore := range locks.Semaphores {
		at := path.Child("semaphores").Index(i)
		switch {
		case semaphore == nil || (semaphore.ConfigMapKeyRef == nil) == (semaphore.Database == nil):
			errs = append(errs, field.Invalid(at, "", "give one of configMapKeyRef and database"))
		case semaphore.Database != nil:
			errs = append(errs, seen.add("database/"+semaphore.Namespace+"/"+semaphore.Database.Key, at)...)
		default:
			errs = append(errs, seen.add("semaphore/"+semaphore.Namespace+"/"+semaphore.ConfigMapKeyRef.Name+"/"+semaphore.ConfigMapKeyRef.Key, at)...)
		}
	}
	for i, mutex := range locks.Mutexes {
		at := path.Child("mutexes").Index(i)
		if mutex == nil || mutex.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "name the mutex"))
			continue
		}
		errs = append(errs, seen.add(fmt.Sprintf("mutex/%t/%s/%s", mutex.Database, mutex.Namespace, mutex.Name), at)...)
	}
	return errs
}

// validateMemoize checks what of V-269 is known before the run.
func validateMemoize(memoize *v1alpha1.Memoize, path *field.Path) (errs field.ErrorList) {
	if memoize == nil {
		return nil
	}
	if key := memoize.Key; !hasTag(key) && !nameFormat.MatchString(key) {
		errs = append(errs, field.Invalid(path.Child("key"), key, "invalid cache key: must consist of letters, digits and '-', and begin with a letter or a digit"))
	}
	if memoize.Cache == nil || memoize.Cache.ConfigMap == nil || memoize.Cache.ConfigMap.Name == "" {
		errs = append(errs, field.Required(path.Child("cache", "configMap", "name"), "name the ConfigMap that keeps the results"))
	}
	if age := memoize.MaxAge; age != "" && !hasTag(age) {
		if _, err := time.ParseDuration(age); err != nil {
			errs = append(errs, field.Invalid(path.Child("maxAge"), age, `must be a duration with units h, m, s such as "1h30m"`))
		}
	}
	return errs
}

// validatePodSpecPatch checks a patch without tags: V-261.
func validatePodSpecPatch(patch string, path *field.Path) field.ErrorList {
	if patch == "" || hasTag(patch) {
		return nil
	}
	if err := yaml.Unmarshal([]byte(patch), &corev1.PodSpec{}); err != nil {
		return field.ErrorList{field.Invalid(path, patch, "must be YAML or JSON of a pod's spec: "+err.Error())}
	}
	return nil
}

var displayNameFormat = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]$`)

// CheckDisplayName tells what is wrong with the name under which a node is shown: V-265.
func CheckDisplayName(name string) error {
	if displayNameFormat.MatchString(name) {
		return nil
	}
	return errors.New("must have 2 to 63 letters, digits, '-' and '.', and begin and end with a letter or a digit")
}

// validateDisplayName checks a display name without tags.
func validateDisplayName(annotations map[string]string, path *field.Path) field.ErrorList {
	name, given := annotations[v1alpha1.AnnotationKeyDisplayName]
	if !given || hasTag(name) {
		return nil
	}
	if err := CheckDisplayName(name); err != nil {
		return field.ErrorList{field.Invalid(path.Key(v1alpha1.AnnotationKeyDisplayName), name, err.Error())}
	}
	return nil
}
