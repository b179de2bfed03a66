package workflow

import (
	"sync"
	"time"

	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/controller/config"
)

// podRate is the token bucket that all creations of pods go through, when one is configured (POD-17).
type podRate struct {
	clock clock.PassiveClock
	limit func() *config.ResourceRateLimit

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// grant takes tokens for up to n pods. With none, it says when there will be one.
func (p *podRate) grant(n int) (int, time.Time) {
	limit := p.limit()
	if limit == nil {
		return n, time.Time{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.filled.IsZero() {
		p.tokens = float64(limit.Burst)
	} else {
		p.tokens += now.Sub(p.filled).Seconds() * limit.Limit
	}
	p.tokens = min(p.tokens, float64(limit.Burst))
	p.filled = now
	granted := min(n, int(p.tokens))
	p.tokens -= float64(granted)
	if granted > 0 {
		return granted, time.Time{}
	}
	wait := time.Duration((1 - p.tokens) / limit.Limit * float64(time.Second))
	return 0, now.Add(max(wait, time.Millisecond))
}
