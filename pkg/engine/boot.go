package engine

import (
	"errors"
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// topFrame is what the entry node, the workflow's hooks and its exit handler belong to.
type topFrame struct {
	frameBase
	run *Run
}

// boot is the first look at a workflow: it starts it, or takes up its stored nodes. It is repeated while something has to be
// looked up first.
func (r *Run) boot() {
	if r.booted {
		return
	}
	if r.top == nil {
		r.top = &topFrame{run: r}
	}
	if r.stopBeforeStart() {
		return
	}
	if ready, err := r.resolveSpec(); err != nil {
		r.refuseSpec(err)
		return
	} else if !ready {
		return
	}
	if !r.repository() {
		return
	}
	if r.globals == nil {
		if err := r.setGlobals(); err != nil {
			r.globals = nil
			var later *pending
			if errors.As(err, &later) {
				r.await(later.request, r.top)
				return
			}
			r.finish(v1alpha1.WorkflowFailed, fmt.Sprintf("failed to set global parameters: %s", err))
			return
		}
	}
	if err := r.checkSpec(); err != nil {
		r.finish(v1alpha1.WorkflowFailed, fmt.Sprintf("invalid spec: %s", err))
		return
	}
	if !r.claimsThere() {
		return
	}
	if r.unstarted() {
		if err := r.begun(); err != nil {
			r.finish(v1alpha1.WorkflowFailed, fmt.Sprintf("invalid spec: %s", err))
			return
		}
	}
	r.booted = true
	if len(r.order) > 0 {
		r.reread()
	}
	r.measureWorkflow(true)
	r.setDeadline()
	r.openHooks()
	r.touch(r.top)
}

// stopBeforeStart ends a workflow that was shut down before it began.
func (r *Run) stopBeforeStart() bool {
	if r.status.StartedAt.IsZero() && len(r.order) == 0 && r.wf.Spec.Shutdown.Enabled() {
		r.finish(v1alpha1.WorkflowFailed, r.stopMessage())
		return true
	}
	return false
}

// begun marks the workflow as running.
func (r *Run) begun() error {
	if err := r.applyMetadata(); err != nil {
		return err
	}
	r.status.Phase = v1alpha1.WorkflowRunning
	if r.status.StartedAt.IsZero() {
		r.status.StartedAt = r.now
	}
	r.status.Message = ""
	r.status.ArtifactGCStatus = nil // a run that starts again leaves artifacts again
	r.status.EstimatedDuration = r.opts.Estimate.ofWorkflow()
	r.statusChanged = true
	r.setLabel(v1alpha1.LabelKeyPhase, string(v1alpha1.WorkflowRunning))
	r.setLabel(v1alpha1.LabelKeyCompleted, "false")
	if r.wf.Annotations[v1alpha1.AnnotationKeyPodNameVersion] == "" {
		r.setAnnotation(v1alpha1.AnnotationKeyPodNameVersion, r.podNames)
	}
	r.emit(eventNormal, "WorkflowRunning", "Workflow Running")
	return nil
}

// openHooks prepares the workflow's own hooks (HOOK-03).
func (r *Run) openHooks() {
	hooks := listHooks(r.spec.Hooks, "", false, true)
	if len(hooks) == 0 {
		return
	}
	r.hooks = &hookFrame{
		run: r, name: r.name, hooks: hooks, find: r.topArtifact,
		scope: func() expr.Scope { return expr.Scopes{r.statusScope(), r.globals} },
	}
}

// advance implements frame: it starts the entry node, then the exit handler (HOOK-01).
func (f *topFrame) advance() {
	r := f.run
	if r.over || !r.booted {
		return
	}
	if r.root == nil {
		if r.table[r.name] == nil {
			if verdict := r.admit(f, nil, false); verdict != admitted {
				return
			}
		}
		s := &slot{owner: f}
		c := &call{name: r.name, ref: reference{template: r.spec.Entrypoint}, args: r.arguments, slot: s}
		r.root = s
		if !r.start(f, c) {
			r.root = nil
		}
		return
	}
	if !r.root.done || (r.hooks != nil && !r.hooks.settled()) {
		return
	}
	r.startExit()
}

// startExit starts the exit handler once everything else is done.
func (r *Run) startExit() {
	spec := r.exitHook()
	if r.exit != nil || spec == nil || r.shutdown() == v1alpha1.ShutdownStrategyTerminate {
		return
	}
	name := node.Exit(r.name)
	if r.globals.ending == nil { // from here on only the exit handler runs
		r.globals.ending = r.exitScope()
	}
	c := &call{
		name: name, ref: reference{template: spec.Template, ref: spec.TemplateRef}, args: r.arguments, onExit: true,
		flag: &v1alpha1.NodeFlag{Hooked: true},
	}
	if r.table[node.ID(r.name, name)] == nil {
		if r.suspended() {
			r.waiters.wait(r.top)
			return
		}
		args, err := r.renderArguments(spec.Arguments, r.globals, r.topArtifact)
		if err != nil {
			s := &slot{owner: r.top, index: 1}
			c.slot, r.exit = s, s
			r.refuse(c, err)
			return
		}
		if !args.IsEmpty() {
			c.args = args
		}
	}
	s := &slot{owner: r.top, index: 1}
	c.slot, r.exit = s, s
	if !r.start(r.top, c) {
		r.exit = nil
	}
}

// exitHook gives the workflow's exit handler; onExit beats the hook.
func (r *Run) exitHook() *v1alpha1.LifecycleHook {
	if r.spec.OnExit != "" {
		return &v1alpha1.LifecycleHook{Template: r.spec.OnExit}
	}
	if r.spec.Hooks.HasExitHook() {
		return r.spec.Hooks.GetExitHook()
	}
	return nil
}

// slotDone implements slotOwner.
func (f *topFrame) slotDone(*slot) { f.run.touch(f) }

// slotReopened implements slotOwner.
func (f *topFrame) slotReopened(*slot) {}

// topArtifact finds artifacts outside composites: the workflow's own outputs.
func (r *Run) topArtifact(name string) (*v1alpha1.Artifact, bool) {
	const prefix = "workflow.outputs.artifacts."
	if len(name) > len(prefix) && name[:len(prefix)] == prefix && r.status.Outputs != nil {
		return r.status.Outputs.Artifacts.GetArtifactByName(name[len(prefix):]), false
	}
	return nil, false
}
