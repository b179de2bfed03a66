package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// outcome is the kind of a result.
type outcome string

const (
	outcomeSame    outcome = "same"
	outcomeTree    outcome = "tree differs"
	outcomePhase   outcome = "phase differs"
	outcomeError   outcome = "not run"
	outcomeSkipped outcome = "skipped"
)

// outcomes are all of them in the order of the summary.
var outcomes = []outcome{outcomeSame, outcomeTree, outcomePhase, outcomeError, outcomeSkipped}

func (o outcome) differs() bool { return o == outcomeTree || o == outcomePhase || o == outcomeError }

// result is what became of one example.
type result struct {
	path    string
	outcome outcome
	// text is the reason or the first difference, details are all differences.
	text    string
	details []string
	// known is why the difference is accepted.
	known string
	took  time.Duration
}

func (r result) skipped(reason string) result {
	r.outcome, r.text = outcomeSkipped, reason
	return r
}

func (r result) failed(err error) result {
	r.outcome, r.text = outcomeError, err.Error()
	return r
}

func (r result) of(d differences) result {
	r.outcome = outcomeSame
	switch {
	case d.phase != "":
		r.outcome, r.text, r.details = outcomePhase, d.phase, append([]string{d.phase}, d.tree...)
	case len(d.tree) > 0:
		r.outcome, r.text, r.details = outcomeTree, d.tree[0], d.tree
	}
	return r
}

// bad tells whether the result fails the run.
func (r result) bad() bool { return r.outcome.differs() && r.known == "" }

func (r result) line() string {
	text := r.text
	if more := len(r.details) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	if r.known != "" {
		text = "known: " + r.known + " [" + text + "]"
	}
	return strings.TrimRight(fmt.Sprintf("%-13s %5.1fs  %s  %s", r.outcome, r.took.Seconds(), r.path, strings.ReplaceAll(text, "\n", "\\n")), " ")
}

// keepTree leaves a workflow that differs in the output directory, as it is and as it is compared.
func keepTree(dir, path string, index int, wf *v1alpha1.Workflow, got record) error {
	name := filepath.Join(dir, "trees", fmt.Sprintf("%s.%d", path, index))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	for suffix, object := range map[string]any{".workflow.yaml": wf, ".record.yaml": got} {
		content, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name+suffix, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
