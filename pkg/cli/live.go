package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/screen"
	"fairlead.dev/fairlead/pkg/cli/tree"
)

const (
	// redrawAfter is how long changes are gathered before they are shown.
	redrawAfter = 300 * time.Millisecond
	// tick is how often durations on the screen are brought up to date.
	tick = time.Second
)

// view shows a workflow while it goes on.
type view interface {
	// show is called after changes, and every second.
	show(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error
	// close is called once, with the last state; with nil when that is not known.
	close(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error
}

// watchWorkflow shows a workflow until it is over, and returns its last state.
func watchWorkflow(ctx context.Context, c *client.Client, p picture, namespace, name string) (*v1alpha1.Workflow, error) {
	var v view = &lineView{picture: p}
	if p.screen().Terminal {
		v = &screenView{picture: p, area: p.screen().NewArea()}
	}
	w := &watching{client: c, picture: p, view: v, nodes: c.NewNodes(), news: make(chan struct{}, 1)}
	last, err := w.run(ctx, namespace, name)
	if err != nil {
		return last, errors.Join(v.close(nil, nil), err)
	}
	return last, nil
}

// watching is a workflow that is being shown.
type watching struct {
	client  *client.Client
	picture picture
	view    view
	nodes   *client.Nodes
	news    chan struct{}

	mu     sync.Mutex
	latest *v1alpha1.Workflow
}

// run shows states as they come. Reading nodes takes longer than events do to arrive, so only the latest state counts.
func (w *watching) run(ctx context.Context, namespace, name string) (*v1alpha1.Workflow, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- w.client.Follow(ctx, namespace, name, func(header *v1alpha1.Workflow) (bool, error) {
			w.mu.Lock()
			w.latest = header
			w.mu.Unlock()
			select {
			case w.news <- struct{}{}:
			default:
			}
			return header.Status.Phase.Completed(), nil
		})
	}()
	ticker := w.picture.clock.NewTicker(tick)
	defer ticker.Stop()
	var shown *v1alpha1.Workflow
	var nodes map[string]v1alpha1.NodeStatus
	for {
		select {
		case <-ctx.Done():
			return shown, ctx.Err()
		case err := <-ended:
			if err != nil {
				return shown, err
			}
			shown = w.state()
			if nodes, err = w.nodes.Update(ctx, shown); err != nil {
				return shown, err
			}
			return shown, w.view.close(shown, nodes)
		case <-ticker.C():
			if shown != nil {
				if err := w.view.show(shown, nodes); err != nil {
					return shown, err
				}
			}
		case <-w.news:
			state := w.state()
			read, err := w.nodes.Update(ctx, state)
			if err != nil {
				if client.Passing(err) {
					continue // the next change, or the next connection, brings it
				}
				return shown, err
			}
			shown, nodes = state, read
			if err := w.view.show(shown, nodes); err != nil {
				return shown, err
			}
			if err := w.rest(ctx); err != nil {
				return shown, err
			}
		}
	}
}

func (w *watching) state() *v1alpha1.Workflow {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// rest lets changes gather.
func (w *watching) rest(ctx context.Context) error {
	timer := w.picture.clock.NewTimer(redrawAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}

// screenView draws on a terminal, in one place.
type screenView struct {
	picture picture
	area    *screen.Area
}

func (v *screenView) show(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error {
	_, most := v.area.Size()
	return v.area.Draw(v.picture.lines(header, nodes, most))
}

func (v *screenView) close(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error {
	if header == nil {
		return v.area.Close(nil)
	}
	return v.area.Close(v.picture.lines(header, nodes, 0))
}

// lineView prints a line for each change.
type lineView struct {
	picture picture
	phase   string
	known   map[string]v1alpha1.NodePhase
}

func (v *lineView) show(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error {
	if v.known == nil {
		v.known = map[string]v1alpha1.NodePhase{}
	}
	var changed []v1alpha1.NodeStatus
	for id, n := range nodes {
		phase, known := v.known[id]
		if known && phase == n.Phase || !v.tells(&n) {
			continue
		}
		v.known[id] = n.Phase
		changed = append(changed, n)
	}
	slices.SortFunc(changed, func(a, b v1alpha1.NodeStatus) int {
		return cmp.Or(endsLast(&a)-endsLast(&b), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	now := v.picture.clock.Now()
	if status := tree.Status(header, nodes); status != v.phase && !header.Status.Phase.Completed() {
		v.phase = status
		v.line(now, "workflow "+header.Name, tree.PhaseStyle(header.Status.Phase), status, "", header.Status.Message)
	}
	for i := range changed {
		n := &changed[i]
		took := ""
		if n.Completed() {
			took = tree.Took(n.StartedAt.Time, n.FinishedAt.Time, now)
		}
		v.line(now, n.Name, tree.PhaseStyle(n.Phase), string(n.Phase), took, tree.Readable(n.Message, nodes))
	}
	return nil
}

// endsLast orders composites that are over behind what is inside of them.
func endsLast(n *v1alpha1.NodeStatus) int {
	switch n.Type {
	case v1alpha1.NodeTypeSteps, v1alpha1.NodeTypeDAG, v1alpha1.NodeTypeRetry:
		if n.Fulfilled() {
			return 1
		}
	}
	return 0
}

// tells is false for nodes that only hold others together.
func (v *lineView) tells(n *v1alpha1.NodeStatus) bool {
	if n.Type == v1alpha1.NodeTypeStepGroup || n.Type == v1alpha1.NodeTypeTaskGroup {
		return false
	}
	return v.picture.keep == nil || v.picture.keep(n)
}

func (v *lineView) line(now time.Time, what string, style tree.Style, phase, took, message string) {
	text := fmt.Sprintf("%s  %-9s  %s", now.UTC().Format(time.RFC3339), v.picture.screen().Paint(style, phase), what)
	if took != "" {
		text += "  " + took
	}
	if message != "" {
		text += "  " + strings.Join(strings.Fields(message), " ")
	}
	v.picture.printf("%s\n", text)
}

func (v *lineView) close(header *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus) error {
	if header == nil {
		return nil
	}
	if err := v.show(header, nodes); err != nil {
		return err
	}
	status := &header.Status
	v.line(v.picture.clock.Now(), "workflow "+header.Name, tree.PhaseStyle(status.Phase), string(status.Phase),
		tree.Took(status.StartedAt.Time, status.FinishedAt.Time, v.picture.clock.Now()), status.Message)
	return nil
}
