package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/intstr"
)

// RetryPolicy says which ends are worth another attempt.
type RetryPolicy string

const (
	// RetryPolicyAlways tries again after a failure and after an error.
	RetryPolicyAlways RetryPolicy = "Always"
	// RetryPolicyOnFailure tries again when the user's code failed.
	RetryPolicyOnFailure RetryPolicy = "OnFailure"
	// RetryPolicyOnError tries again when something around the user's code went wrong.
	RetryPolicyOnError RetryPolicy = "OnError"
	// RetryPolicyOnTransientError tries again after errors that are known to pass.
	RetryPolicyOnTransientError RetryPolicy = "OnTransientError"
)

// RetryStrategy says whether and how a template is tried again.
type RetryStrategy struct {
	// How many attempts may follow the first. A number, or text with `{{...}}` tags. Default: no limit.
	// +optional
	Limit *intstr.IntOrString `json:"limit,omitempty"`
	// Always, OnFailure, OnError or OnTransientError. Default: OnFailure, or Always when there is an `expression`.
	// +optional
	RetryPolicy RetryPolicy `json:"retryPolicy,omitempty"`
	// How long to wait between attempts. Default: not at all.
	// +optional
	Backoff *Backoff `json:"backoff,omitempty"`
	// Where further attempts may run.
	// +optional
	Affinity *RetryAffinity `json:"affinity,omitempty"`
	// Condition for another attempt, over `lastRetry.exitCode`, `lastRetry.status`, `lastRetry.duration` and
	// `lastRetry.message`, e.g. `asInt(lastRetry.exitCode) >= 2`. It must hold besides the policy.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// RetryPolicyActual returns the policy with its default.
func (s RetryStrategy) RetryPolicyActual() RetryPolicy {
	switch {
	case s.RetryPolicy != "":
		return s.RetryPolicy
	case s.Expression != "":
		return RetryPolicyAlways
	default:
		return RetryPolicyOnFailure
	}
}

// Backoff is a growing wait between attempts.
type Backoff struct {
	// First wait, as seconds (`10`) or a duration (`2m`). Required when there is a backoff.
	// +optional
	Duration string `json:"duration,omitempty"`
	// What each wait is multiplied by to get the next. A number, or text with `{{...}}` tags. Default: 1, the same wait each time.
	// +optional
	Factor *intstr.IntOrString `json:"factor,omitempty"`
	// Time from the start of the first attempt after which no further one begins, as seconds or a duration. Default: no limit.
	// +optional
	MaxDuration string `json:"maxDuration,omitempty"`
	// Longest single wait, as seconds or a duration. Default: no limit.
	// +optional
	Cap string `json:"cap,omitempty"`
}

// RetryAffinity says where further attempts may run.
type RetryAffinity struct {
	// Present: further attempts avoid the cluster nodes on which earlier ones failed.
	// +optional
	NodeAntiAffinity *RetryNodeAntiAffinity `json:"nodeAntiAffinity,omitempty"`
}

// RetryNodeAntiAffinity has no settings; that it is present is what counts.
type RetryNodeAntiAffinity struct{}
