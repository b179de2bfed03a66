package tree

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// keyWidth aligns the values of the heading.
	keyWidth = 17
	// barWidth is the width of the progress bar where there is room for it; one shorter than leastBar says nothing.
	barWidth, leastBar = 24, 5
)

// Heading returns what is said about the workflow as a whole, above the tree.
func Heading(workflow *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus, options Options) []string {
	h := &heading{options: &options}
	status := &workflow.Status
	if options.Short {
		return h.brief(workflow, nodes)
	}
	h.line("Name:", workflow.Name)
	h.line("Namespace:", workflow.Namespace)
	h.line("Template:", templateRefOf(workflow))
	h.line("ServiceAccount:", workflow.Spec.ServiceAccountName)
	h.styled("Status:", PhaseStyle(status.Phase), Status(workflow, nodes))
	h.line("Message:", oneLine(Readable(status.Message, nodes)))
	h.conditions(status.Conditions)
	h.time("Created:", workflow.CreationTimestamp.Time)
	h.time("Started:", status.StartedAt.Time)
	h.time("Finished:", status.FinishedAt.Time)
	h.line("Duration:", h.took(status))
	if bar := Bar(status.Progress, options); bar != "" {
		h.lines = append(h.lines, fmt.Sprintf("%-*s%s", keyWidth, "Progress:", bar))
	}
	h.line("Resources:", resources(status.ResourcesDuration, options.symbols().times))
	h.values("Parameters:", workflow.Spec.Arguments.Parameters)
	if status.Outputs != nil {
		h.values("Outputs:", status.Outputs.Parameters)
	}
	return h.lines
}

// brief is a heading of one line.
func (h *heading) brief(workflow *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) []string {
	status := &workflow.Status
	state, rest := Status(workflow, nodes), ""
	if took := h.took(status); took != "" {
		rest += "  " + took
	}
	if status.Progress.IsValid() {
		rest += fmt.Sprintf("  %s of %s", thousands(int(status.Progress.N())), thousands(int(status.Progress.M())))
	}
	name := workflow.Name + "  "
	if width := h.options.Width; width > 0 && len(name)+len(state)+len(rest) > width {
		return []string{Cut(name+state+rest, width)}
	}
	return []string{name + h.options.paint(PhaseStyle(status.Phase), state) + rest}
}

type heading struct {
	options *Options
	lines   []string
}

func (h *heading) line(key, value string) { h.styled(key, Plain, value) }

func (h *heading) styled(key string, style Style, value string) {
	if value == "" {
		return
	}
	if width := h.options.Width; width > 0 {
		value = h.options.clip(value, width-keyWidth)
	}
	h.lines = append(h.lines, fmt.Sprintf("%-*s%s", keyWidth, key, h.options.paint(style, value)))
}

func (h *heading) time(key string, at time.Time) {
	if at.IsZero() {
		return
	}
	ago := duration.HumanDuration(max(0, h.options.Now.Sub(at))) + " ago"
	value := fmt.Sprintf("%s (%s)", at.UTC().Format(time.RFC3339), ago)
	if width := h.options.Width; width > 0 && keyWidth+len(value) > width {
		value = ago
	}
	h.line(key, value)
}

func (h *heading) took(status *v1alpha1.WorkflowStatus) string {
	text := Took(status.StartedAt.Time, status.FinishedAt.Time, h.options.Now)
	if text == "" || !status.FinishedAt.IsZero() || status.EstimatedDuration <= 0 {
		return text
	}
	left := time.Duration(status.EstimatedDuration)*time.Second - h.options.Now.Sub(status.StartedAt.Time)
	if left <= 0 {
		return text + " (longer than the last run)"
	}
	return text + " (about " + duration.HumanDuration(left) + " left)"
}

// conditions shows what is worth knowing: what is wrong. That the workflow is over, or has pods, is said elsewhere.
func (h *heading) conditions(conditions v1alpha1.Conditions) {
	for _, c := range conditions {
		if c.Type == v1alpha1.ConditionTypeCompleted || c.Type == v1alpha1.ConditionTypePodRunning || c.Status != metav1.ConditionTrue {
			continue
		}
		h.line(string(c.Type)+":", oneLine(c.Message))
	}
}

func (h *heading) values(key string, parameters []v1alpha1.Parameter) {
	if len(parameters) == 0 {
		return
	}
	h.lines = append(h.lines, key)
	width := 0
	for _, p := range parameters {
		width = max(width, len(p.Name)+1)
	}
	for _, p := range parameters {
		value := ""
		if p.Value != nil {
			value = oneLine(string(*p.Value))
		}
		line := fmt.Sprintf("  %-*s %s", width, p.Name+":", value)
		if h.options.Width > 0 {
			line = h.options.clip(line, h.options.Width)
		}
		h.lines = append(h.lines, strings.TrimRight(line, " "))
	}
}

func templateRefOf(workflow *v1alpha1.Workflow) string {
	ref := workflow.Spec.WorkflowTemplateRef
	switch {
	case ref == nil:
		return ""
	case ref.ClusterScope:
		return "clusterworkflowtemplate/" + ref.Name
	}
	return "workflowtemplate/" + ref.Name
}

// Status is the phase in words, with what is special about it.
func Status(workflow *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) string {
	phase := string(workflow.Status.Phase)
	if phase == "" {
		phase = string(v1alpha1.WorkflowPending)
	}
	switch {
	case workflow.Status.Phase.Completed():
		return phase
	case workflow.DeletionTimestamp != nil:
		return phase + " (Deleting)"
	case workflow.Spec.Shutdown == v1alpha1.ShutdownStrategyTerminate:
		return phase + " (Terminating)"
	case workflow.Spec.Shutdown != "":
		return phase + " (Stopping)"
	case Suspended(workflow, nodes):
		return phase + " (Suspended)"
	}
	return phase
}

// Suspended is true while nothing goes on: the workflow is suspended, or each branch of it waits at a suspend step.
func Suspended(workflow *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) bool {
	if workflow.Spec.Suspend != nil && *workflow.Spec.Suspend {
		return true
	}
	waiting := false
	for _, n := range nodes {
		if n.Fulfilled() {
			continue
		}
		switch n.Type {
		case v1alpha1.NodeTypeSuspend:
			waiting = waiting || n.Phase == v1alpha1.NodeRunning
		case v1alpha1.NodeTypePod, v1alpha1.NodeTypeContainer, v1alpha1.NodeTypeHTTP, v1alpha1.NodeTypePlugin:
			return false
		}
	}
	return waiting
}

// Bar draws progress, with numbers; empty while there is none.
func Bar(progress v1alpha1.Progress, options Options) string {
	if !progress.IsValid() {
		return ""
	}
	s := options.symbols()
	done, all := progress.N(), progress.M()
	numbers := fmt.Sprintf("%d%%, %s of %s", done*100/all, thousands(int(done)), thousands(int(all)))
	width := barWidth
	if options.Width > 0 {
		width = min(width, options.Width-keyWidth-len(numbers)-len("[] "))
	}
	if width < leastBar {
		return Cut(numbers, max(1, options.Width-keyWidth))
	}
	full := int(done * int64(width) / all)
	return s.barLeft + options.paint(PhaseStyle(v1alpha1.NodeSucceeded), strings.Repeat(s.barFull, full)) +
		options.paint(Faint, strings.Repeat(s.barEmpty, width-full)) + s.barRight + " " + numbers
}

// resources lists what was asked for and for how long; an indication, not a bill.
func resources(used v1alpha1.ResourcesDuration, times string) string {
	names := make([]corev1.ResourceName, 0, len(used))
	for name := range used {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, 0, len(names))
	for _, name := range names {
		if used[name] == 0 {
			continue
		}
		parts = append(parts, duration.HumanDuration(time.Duration(used[name])*time.Second)+times+baseAmount(name))
	}
	return strings.Join(parts, ", ")
}

func baseAmount(name corev1.ResourceName) string {
	switch name {
	case corev1.ResourceMemory:
		return "100Mi memory"
	case corev1.ResourceEphemeralStorage:
		return "10Gi ephemeral-storage"
	}
	return "1 " + string(name)
}
