package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Sequence is a range of numbers to loop over. Numbers may be given as text with `{{...}}` tags.
type Sequence struct {
	// How many numbers. Not together with `end`.
	// +optional
	Count *intstr.IntOrString `json:"count,omitempty"`
	// First number. Default: 0.
	// +optional
	Start *intstr.IntOrString `json:"start,omitempty"`
	// Last number; smaller than `start` counts down. Not together with `count`.
	// +optional
	End *intstr.IntOrString `json:"end,omitempty"`
	// How a number is written, in the style of printf, e.g. `%03d`. Default: plain decimal.
	// +optional
	Format string `json:"format,omitempty"`
}
