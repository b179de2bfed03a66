package enginetest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

func (d *Driver) store(decision engine.Decision) {
	for _, n := range decision.Nodes {
		d.Nodes[n.ID] = n
	}
	for _, id := range decision.Removed {
		delete(d.Nodes, id)
	}
	if decision.Status != nil {
		d.Workflow.Status = *decision.Status
	}
	for key, value := range decision.Labels {
		if d.Workflow.Labels == nil {
			d.Workflow.Labels = map[string]string{}
		}
		d.Workflow.Labels[key] = value
	}
	for key, value := range decision.Annotations {
		if d.Workflow.Annotations == nil {
			d.Workflow.Annotations = map[string]string{}
		}
		d.Workflow.Annotations[key] = value
	}
	d.Events = append(d.Events, decision.Events...)
	d.wake = decision.Wake
	d.Done = decision.Done
}

func (d *Driver) carryOut(decision engine.Decision) error {
	for _, request := range decision.Create {
		if err := d.createPod(request); err != nil {
			return err
		}
	}
	for _, list := range [][]engine.PodRef{decision.Delete, decision.Stop} {
		for _, ref := range list {
			d.endPod(ref)
		}
	}
	for _, request := range decision.Resolve {
		answer, ok := d.Templates[request]
		if !ok && d.Lookup != nil {
			answer, ok = d.Lookup(request)
		}
		if !ok && request.Kind != engine.RequestArtifactRepository {
			answer = engine.TemplateResolved{Message: fmt.Sprintf("%s %s not found", request.Kind, request.Name), NotFound: true}
		}
		answer.Request = request
		d.Send(answer)
	}
	if len(decision.Claims) > 0 {
		d.Send(d.answerClaims())
	}
	live := 0
	for _, p := range d.pods {
		if !p.ended {
			live++
		}
	}
	d.MostPods = max(d.MostPods, live)
	return nil
}

func (d *Driver) answerClaims() engine.Event {
	if len(d.Refusals) == 0 {
		return engine.ClaimsMade{}
	}
	refusal := d.Refusals[0]
	d.Refusals = d.Refusals[1:]
	return refusal
}

func (d *Driver) createPod(request engine.PodRequest) error {
	if known, ok := d.pods[request.PodName]; ok {
		if known.object != nil {
			d.Send(engine.PodObserved{NodeID: request.NodeID, Pod: known.object.DeepCopy()})
		}
		return nil
	}
	outcome := d.Script(request)
	if outcome.Refused != "" {
		d.Send(engine.PodRefused{NodeID: request.NodeID, Message: outcome.Refused})
		return nil
	}
	d.seq++
	d.Created[request.PodName]++
	if n := d.Nodes[request.NodeID]; n.Phase != v1alpha1.NodePending {
		return fmt.Errorf("pod %s is created before its intent is stored", request.PodName)
	}
	d.pods[request.PodName] = &pod{request: request, outcome: outcome, object: newPod(request, types.UID(fmt.Sprintf("uid-%d", d.seq)))}
	return nil
}

func (d *Driver) endPod(ref engine.PodRef) {
	if p, ok := d.pods[ref.Name]; ok && !p.ended {
		p.ended = true
		fail(p.object, 143, "", d.Now)
	}
}
