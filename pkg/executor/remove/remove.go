// Package remove is what the pods of artifact garbage collection run: fairlead-executor artifact delete. It reads a list of
// artifacts from a file, deletes them from their stores, and leaves what became of each as its last words, which Kubernetes
// puts into the status of the pod. So it needs no right in the cluster.
package remove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

const (
	// Annotation of the pod holds the artifacts, a JSON list; it appears in the pod as the file Dir/File.
	Annotation = "fairlead.dev/artifacts"
	// Dir is where the list is mounted.
	Dir = "/argo/artifacts"
	// File is its name.
	File = "list.json"
)

const (
	// parallel is how many artifacts are deleted at once.
	parallel = 8
	// wordsLimit is how long the last words may be in bytes; Kubernetes keeps 4096.
	wordsLimit = 3800
	// messageLimit is how much of one error is kept.
	messageLimit = 300
)

// Failure is an artifact that could not be deleted.
type Failure struct {
	// Artifact is its place in the list.
	Artifact int `json:"artifact"`
	// Message tells why.
	Message string `json:"message"`
	// Lasting tells that trying again will not help.
	Lasting bool `json:"lasting,omitempty"`
}

// Report is what became of the artifacts of a list.
type Report struct {
	// Failed are the places in the list of the artifacts that are still there, as ranges such as 0-3,7.
	Failed string `json:"failed,omitempty"`
	// Failures are as many of them, with the reason, as there is room for.
	Failures []Failure `json:"failures,omitempty"`
	// Complete is set when the whole list was gone through.
	Complete bool `json:"complete"`
}

// Options are what Main works with.
type Options struct {
	// List is the file with the artifacts.
	List string
	// Open returns the driver for a location.
	Open func(ctx context.Context, l *wfv1.ArtifactLocation) (artifact.Driver, error)
	// Backoff is how often and after which pauses to try again, on Clock.
	Backoff wait.Backoff
	Clock   clock.Clock
	// Log notes what was done.
	Log func(format string, args ...any)
}

// InPod are the options of the program in a pod.
func InPod() Options {
	return Options{
		List: filepath.Join(Dir, File),
		Open: func(ctx context.Context, l *wfv1.ArtifactLocation) (artifact.Driver, error) {
			return artifact.New(ctx, l, artifact.Files{})
		},
		Backoff: artifact.Backoff, Clock: clock.RealClock{},
		Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
}

// Main deletes the artifacts of the list. Its error, when some are left, is a Report as JSON.
func Main(ctx context.Context, o Options) error {
	text, err := os.ReadFile(o.List)
	if err != nil {
		return err
	}
	var list []wfv1.Artifact
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("the list of artifacts cannot be read: %w", err)
	}
	problems := make([]error, len(list))
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i := range list {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			problems[i] = o.remove(ctx, &list[i])
			if problems[i] == nil {
				o.Log("deleted %s of %s", list[i].Name, artifact.Describe(&list[i].ArtifactLocation))
			} else {
				o.Log("not deleted: %s: %v", list[i].Name, problems[i])
			}
		})
	}
	group.Wait()
	report := report(problems)
	if report.Failed == "" {
		return nil
	}
	words, err := json.Marshal(report)
	if err != nil {
		return err
	}
	return errors.New(string(words))
}

func (o Options) remove(ctx context.Context, a *wfv1.Artifact) error {
	driver, err := o.Open(ctx, &a.ArtifactLocation)
	if err != nil {
		return err
	}
	return artifact.Retry(driver, o.Backoff, o.Clock, func(err error) { o.Log("%v; will try again", err) }).Delete(ctx, a)
}

// report puts the outcome of a list into few words.
func report(problems []error) Report {
	r := Report{Complete: true}
	var ranges []string
	size := 0
	for i := 0; i < len(problems); i++ {
		if problems[i] == nil {
			continue
		}
		last := i
		for last+1 < len(problems) && problems[last+1] != nil {
			last++
		}
		if last > i {
			ranges = append(ranges, fmt.Sprintf("%d-%d", i, last))
		} else {
			ranges = append(ranges, fmt.Sprint(i))
		}
		i = last
	}
	r.Failed = strings.Join(ranges, ",")
	for i, problem := range problems {
		if problem == nil {
			continue
		}
		f := Failure{Artifact: i, Message: shorten(problem.Error()), Lasting: errors.Is(problem, artifact.ErrNotSupported)}
		if size += 2*len(f.Message) + 60; len(r.Failed)+size > wordsLimit {
			break
		}
		r.Failures = append(r.Failures, f)
	}
	return r
}

func shorten(text string) string {
	if len(text) > messageLimit {
		text = strings.ToValidUTF8(text[:messageLimit], "") + "..."
	}
	return text
}

// Parse reads a report from the last words of a pod. false: they are something else.
func Parse(words string) (Report, bool) {
	r := Report{}
	start := strings.Index(words, "{")
	if start < 0 || json.Unmarshal([]byte(words[start:]), &r) != nil || !r.Complete {
		return Report{}, false
	}
	return r, true
}

// Indices are the places in the list of the artifacts that are still there.
func (r Report) Indices() (map[int]bool, error) {
	left := map[int]bool{}
	if r.Failed == "" {
		return left, nil
	}
	for part := range strings.SplitSeq(r.Failed, ",") {
		var first, last int
		if _, err := fmt.Sscanf(part, "%d-%d", &first, &last); err != nil {
			if _, err := fmt.Sscanf(part, "%d", &first); err != nil {
				return nil, fmt.Errorf("report of deleted artifacts: %q is no place in a list", part)
			}
			last = first
		}
		if last-first > 1<<16 {
			return nil, fmt.Errorf("report of deleted artifacts: %q is too long a range", part)
		}
		for i := first; i <= last; i++ {
			left[i] = true
		}
	}
	return left, nil
}
