package podlog

import (
	"context"
	"regexp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// request is what one client asked for.
type request struct {
	namespace, workflow string
	uid                 types.UID

	container string
	podName   string
	// selector narrows to pods with certain labels; empty for all.
	selector string
	// nodeName narrows to the pods of this node and of the nodes below it.
	nodeName string

	follow, previous       bool
	sinceSeconds           *int64
	sinceTime              *metav1.Time
	tailLines, limitBytes  *int64
	timestamps, showPrefix bool
	pattern                *regexp.Regexp

	// saved are the logs in artifact stores when the request came.
	saved []container
	// findSaved looks for them again: pods that are followed may go before they are read. Nil: none can be found.
	findSaved func(ctx context.Context) ([]container, error)

	clock clock.WithTicker
}

// newRequest checks the options; nodeName is left for the caller to fill in.
func newRequest(workflow *v1alpha1.Workflow, options *v1alpha1.LogOptions, c clock.WithTicker) (*request, field.ErrorList) {
	var problems field.ErrorList
	notNegative := func(name string, value *int64, least int64) {
		if value != nil && *value < least {
			if least == 0 {
				problems = append(problems, field.Invalid(field.NewPath(name), *value, "must not be negative"))
			} else {
				problems = append(problems, field.Invalid(field.NewPath(name), *value, "must be greater than 0"))
			}
		}
	}
	notNegative("tailLines", options.TailLines, 0)
	notNegative("limitBytes", options.LimitBytes, 1)
	notNegative("sinceSeconds", options.SinceSeconds, 1)
	if options.SinceSeconds != nil && options.SinceTime != nil {
		problems = append(problems, field.Forbidden(field.NewPath("sinceSeconds"), "at most one of sinceSeconds and sinceTime can be given"))
	}
	if options.PodName != "" && options.NodeID != "" {
		problems = append(problems, field.Forbidden(field.NewPath("nodeID"), "at most one of nodeID and podName can be given"))
	}
	var pattern *regexp.Regexp
	if options.Grep != "" {
		var err error
		if pattern, err = regexp.Compile(options.Grep); err != nil {
			problems = append(problems, field.Invalid(field.NewPath("grep"), options.Grep, err.Error()))
		}
	}
	if _, err := labels.Parse(options.Selector); err != nil {
		problems = append(problems, field.Invalid(field.NewPath("selector"), options.Selector, err.Error()))
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return &request{
		namespace: workflow.Namespace, workflow: workflow.Name, uid: workflow.UID,
		container: options.Container, podName: options.PodName, selector: options.Selector,
		follow: options.Follow, previous: options.Previous,
		sinceSeconds: options.SinceSeconds, sinceTime: options.SinceTime,
		tailLines: options.TailLines, limitBytes: options.LimitBytes,
		timestamps: options.Timestamps, showPrefix: options.Prefix,
		pattern: pattern, clock: c,
	}, nil
}

// lead is what stands in front of a line.
func (r *request) lead(p *piece) string {
	var lead string
	if r.showPrefix {
		lead = p.stream.pod + ": "
		if r.container == "" && p.stream.name != mainContainer {
			lead = p.stream.pod + "/" + p.stream.name + ": "
		}
	}
	switch {
	case !r.timestamps:
	case p.stamp != "":
		lead += p.stamp + " "
	case p.stream.saved != nil:
		// Saved logs have no timestamps of their own. With one, those who follow can tell that they have had a line.
		lead += p.stream.start.UTC().Format(time.RFC3339Nano) + " "
	}
	return lead
}

// wantsNode tells whether pods of the node are asked for. Names of nodes are paths: a node below another has its name,
// then a bracket or a dot, in front.
func (r *request) wantsNode(name string) bool {
	if r.nodeName == "" || name == r.nodeName {
		return true
	}
	rest, below := strings.CutPrefix(name, r.nodeName)
	return below && strings.ContainsAny(rest[:1], ".[(")
}
