package selection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Workflows picks workflows of a list. The zero value picks all.
type Workflows struct {
	// Statuses are phases, without regard to case.
	Statuses []string
	// Completed picks those that are over, Running those that are not.
	Completed, Running bool
	// Resubmitted picks those that were made from another one.
	Resubmitted bool
	// Prefix is what the name begins with.
	Prefix string
	// Since picks those created within this time, Older those over for longer.
	Since, Older Age
}

// Validate refuses what nothing could match.
func (w *Workflows) Validate() error {
	if w.Completed && w.Running {
		return fmt.Errorf("no workflow is completed and running: give one of --completed and --running")
	}
	for i, status := range w.Statuses {
		phase, known := phaseNamed(status)
		if !known {
			return fmt.Errorf("--status: %q is no status of a workflow: use Pending, Running, Succeeded, Failed or Error", status)
		}
		w.Statuses[i] = phase
	}
	return nil
}

func phaseNamed(text string) (string, bool) {
	for _, phase := range []v1alpha1.WorkflowPhase{
		v1alpha1.WorkflowPending, v1alpha1.WorkflowRunning, v1alpha1.WorkflowSucceeded, v1alpha1.WorkflowFailed, v1alpha1.WorkflowError,
	} {
		if strings.EqualFold(text, string(phase)) {
			return string(phase), true
		}
	}
	return "", false
}

// Empty tells whether all workflows are picked.
func (w *Workflows) Empty() bool {
	return len(w.Statuses) == 0 && !w.Completed && !w.Running && !w.Resubmitted && w.Prefix == "" && w.Since == 0 && w.Older == 0
}

// Selector returns a label selector that the server can narrow the list by; what it cannot know Keep decides.
func (w *Workflows) Selector(given string) string {
	parts := []string{}
	if given != "" {
		parts = append(parts, given)
	}
	if w.Completed || w.Older > 0 {
		parts = append(parts, v1alpha1.LabelKeyCompleted+"=true")
	}
	if w.Running {
		parts = append(parts, v1alpha1.LabelKeyCompleted+"!=true")
	}
	if w.Resubmitted {
		parts = append(parts, v1alpha1.LabelKeyPreviousWorkflowName)
	}
	// A workflow that the controller has not looked at yet has no label.
	if len(w.Statuses) > 0 && !slices.Contains(w.Statuses, string(v1alpha1.WorkflowPending)) {
		parts = append(parts, v1alpha1.LabelKeyPhase+" in ("+strings.Join(w.Statuses, ",")+")")
	}
	return strings.Join(parts, ",")
}

// NeedsStatus tells whether Keep looks at more than metadata.
func (w *Workflows) NeedsStatus() bool { return w.Older > 0 }

// Keep tells whether a workflow is picked. Of workflows listed by Selector, metadata is enough unless NeedsStatus.
func (w *Workflows) Keep(meta metav1.Object, finishedAt time.Time, now time.Time) bool {
	labels := meta.GetLabels()
	if len(w.Statuses) > 0 {
		phase := labels[v1alpha1.LabelKeyPhase]
		if phase == "" {
			phase = string(v1alpha1.WorkflowPending)
		}
		if !slices.Contains(w.Statuses, phase) {
			return false
		}
	}
	switch {
	case w.Prefix != "" && !strings.HasPrefix(meta.GetName(), w.Prefix),
		w.Since > 0 && now.Sub(meta.GetCreationTimestamp().Time) > time.Duration(w.Since),
		w.Older > 0 && (finishedAt.IsZero() || now.Sub(finishedAt) < time.Duration(w.Older)):
		return false
	}
	return true
}

// Age is a duration given as a flag, such as 90s, 10m, 3h, 1d or 1d12h.
type Age time.Duration

// String implements pflag.Value.
func (a *Age) String() string {
	if *a == 0 {
		return ""
	}
	return time.Duration(*a).String()
}

// Type implements pflag.Value.
func (a *Age) Type() string { return "duration" }

// Set implements pflag.Value.
func (a *Age) Set(text string) error {
	total := time.Duration(0)
	rest := text
	if days, more, found := strings.Cut(text, "d"); found {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return badAge(text)
		}
		total, rest = time.Duration(n)*24*time.Hour, more
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return badAge(text)
		}
		total += d
	}
	if total <= 0 {
		return badAge(text)
	}
	*a = Age(total)
	return nil
}

func badAge(text string) error {
	return fmt.Errorf("%q is not a duration such as 90s, 10m, 3h or 1d", text)
}
