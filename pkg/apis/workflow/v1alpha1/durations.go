package v1alpha1

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads the durations of suspend, backoff, podGC and pendingTimeout: a whole number means seconds, anything
// else is a Go duration such as `1h30m`.
func ParseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return multiply(seconds, time.Second, text)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf(`%q is not a duration: use a number of seconds such as "90", or units h, m, s, ms such as "1h30m"`, text)
	}
	return d, nil
}

// ParseTimeout reads the timeout of a template: a Go duration, whose unit must not be left out.
func ParseTimeout(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if _, numErr := strconv.ParseFloat(text, 64); numErr == nil {
		return 0, fmt.Errorf(`%q has no unit: write %q for seconds`, text, text+"s")
	}
	return 0, fmt.Errorf(`%q is not a duration: use units h, m, s, ms such as "1h30m"`, text)
}

// ParseTTL reads durations of the configuration: a whole number with the suffix `d`, or a Go duration.
func ParseTTL(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 64); err == nil {
			return multiply(n, 24*time.Hour, text)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf(`%q is not a duration: use a whole number of days such as "30d", or units h, m, s such as "12h"`, text)
	}
	return d, nil
}

// multiply refuses what does not fit: about 292 years.
func multiply(n int64, unit time.Duration, text string) (time.Duration, error) {
	if limit := math.MaxInt64 / int64(unit); n > limit || n < -limit {
		return 0, fmt.Errorf("%q is too long for a duration", text)
	}
	return time.Duration(n) * unit, nil
}
