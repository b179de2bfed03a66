// Package command finds out what images run when a container names no command: the wrapper has to be told. It asks the
// image's registry, beside the loop that creates pods, and remembers the answers.
package command

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

const (
	defaultPatience = 500 * time.Millisecond
	defaultTimeout  = 30 * time.Second
	// tagMemory is how long the command of an image is remembered whose name may come to mean another one.
	tagMemory = time.Hour
	// failureMemory is how long nobody is asked again after a failure.
	failureMemory = 30 * time.Second
	// maxAnswers bounds the memory; the oldest answers go first.
	maxAnswers = 2000
)

// Options are what a Resolver works with.
type Options struct {
	// Credentials reads pull secrets; nil: all registries are asked anonymously.
	Credentials Credentials
	// Patience is how long Lookup waits for an answer; zero: half a second.
	Patience time.Duration
	// Timeout bounds one look-up; zero: half a minute.
	Timeout time.Duration
	// Transport reaches registries; nil: the default one.
	Transport http.RoundTripper
	// Clock tells when an answer is too old; nil: the real one.
	Clock clock.PassiveClock
}

// Resolver finds out commands of images. It is safe for use by many at once.
type Resolver struct {
	options Options
	mu      sync.Mutex
	answers map[question]*answer
}

// question is an image as seen by who may pull it: what one namespace may see is no answer for another.
type question struct {
	image, namespace, account, secrets string
}

type answer struct {
	done    chan struct{}
	command pod.ImageCommand
	err     error
	at      time.Time
}

// NewResolver returns a Resolver that knows nothing yet.
func NewResolver(o Options) *Resolver {
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Resolver{options: o, answers: map[question]*answer{}}
}

// Lookup implements pod.CommandLookup. It waits a moment for an answer; if none has come, the error wraps pod.ErrNotYet, and a
// later call finds the answer.
func (r *Resolver) Lookup(namespace string, spec *corev1.PodSpec, image string) (pod.ImageCommand, error) {
	names := pullSecrets(spec)
	q := question{image: image, namespace: namespace, account: spec.ServiceAccountName, secrets: strings.Join(names, ",")}
	a := r.ask(q, names)
	timer := time.NewTimer(r.options.Patience)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
		return pod.ImageCommand{}, fmt.Errorf("the command of image %q is being looked up: %w", image, pod.ErrNotYet)
	}
	if a.err != nil {
		return pod.ImageCommand{}, pod.LookupError(image, a.err)
	}
	return a.command, nil
}

// ask returns the answer to a question, which may not be there yet.
func (r *Resolver) ask(q question, names []string) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.answers[q]; a != nil && !r.stale(q, a) {
		return a
	}
	r.makeRoom()
	a := &answer{done: make(chan struct{}), at: r.options.Clock.Now()}
	r.answers[q] = a
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(context.Background(), r.options.Timeout)
		defer cancel()
		a.command, a.err = r.fetch(ctx, q, names)
	}()
	return a
}

func (r *Resolver) stale(q question, a *answer) bool {
	select {
	case <-a.done:
	default:
		return false
	}
	age := r.options.Clock.Since(a.at)
	if a.err != nil {
		return age >= failureMemory
	}
	return age >= tagMemory && !strings.Contains(q.image, "@sha256:")
}

func (r *Resolver) makeRoom() {
	if len(r.answers) < maxAnswers {
		return
	}
	var oldest question
	for q, a := range r.answers {
		if o := r.answers[oldest]; o == nil || a.at.Before(o.at) {
			oldest = q
		}
	}
	delete(r.answers, oldest)
}

func pullSecrets(spec *corev1.PodSpec) []string {
	names := make([]string, 0, len(spec.ImagePullSecrets))
	for _, s := range spec.ImagePullSecrets {
		names = append(names, s.Name)
	}
	return names
}
