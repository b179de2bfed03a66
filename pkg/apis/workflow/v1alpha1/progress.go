package v1alpha1

import (
	"fmt"
	"strconv"
	"strings"
)

// Progress is how many parts are finished of how many there are, as `N/M`.
type Progress string

const (
	// ProgressUndefined is no progress at all.
	ProgressUndefined Progress = ""
	// ProgressZero is nothing done of nothing known.
	ProgressZero Progress = "0/0"
	// ProgressDefault is one part that is not finished.
	ProgressDefault Progress = "0/1"
)

// NewProgress makes a progress of n finished parts of m. It is not ok unless 0 <= n <= m and m > 0.
func NewProgress(n, m int64) (Progress, bool) {
	return ParseProgress(fmt.Sprintf("%d/%d", n, m))
}

// ParseProgress reads `N/M`. It is not ok unless 0 <= N <= M and M > 0.
func ParseProgress(text string) (Progress, bool) {
	p := Progress(text)
	return p, p.IsValid()
}

// N is the number of finished parts; 0 when the text is malformed.
func (p Progress) N() int64 { n, _, _ := p.parts(); return n }

// M is the number of all parts; 0 when the text is malformed.
func (p Progress) M() int64 { _, m, _ := p.parts(); return m }

// IsValid tells whether the text is `N/M` with 0 <= N <= M and M > 0.
func (p Progress) IsValid() bool {
	n, m, ok := p.parts()
	return ok && n >= 0 && n <= m && m > 0
}

// Add sums finished parts and all parts.
func (p Progress) Add(other Progress) Progress {
	return Progress(fmt.Sprintf("%d/%d", p.N()+other.N(), p.M()+other.M()))
}

// Complete is the progress with all parts finished.
func (p Progress) Complete() Progress { return Progress(fmt.Sprintf("%d/%d", p.M(), p.M())) }

// String is the text itself.
func (p Progress) String() string { return string(p) }

func (p Progress) parts() (n, m int64, ok bool) {
	left, right, found := strings.Cut(string(p), "/")
	if !found {
		return 0, 0, false
	}
	n, errN := strconv.ParseInt(left, 10, 64)
	m, errM := strconv.ParseInt(right, 10, 64)
	if errN != nil || errM != nil {
		return 0, 0, false
	}
	return n, m, true
}
