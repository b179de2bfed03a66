package workflow

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// configMapTypeParameter is the label value without which a ConfigMap gives no parameters (LBL-06).
const configMapTypeParameter = "Parameter"

// resolve reads the objects that the engine needs to go on. That one is not there, or may not be read, is an answer too;
// that nobody answers is not, and is an error here.
func (c *Controller) resolve(ctx context.Context, namespace string, requests []engine.TemplateRequest) ([]engine.Event, error) {
	events := make([]engine.Event, 0, len(requests))
	for _, request := range requests {
		answer := engine.TemplateResolved{Request: request}
		var err error
		switch request.Kind {
		case engine.RequestWorkflowTemplate:
			var template *wfv1.WorkflowTemplate
			if template, err = c.workflows.WorkflowTemplate(ctx, namespace, request.Name); err == nil {
				answer.Spec, answer.Labels = &template.Spec, template.Labels
			}
		case engine.RequestClusterWorkflowTemplate:
			var template *wfv1.ClusterWorkflowTemplate
			if template, err = c.workflows.ClusterWorkflowTemplate(ctx, request.Name); err == nil {
				answer.Spec, answer.Labels = &template.Spec, template.Labels
			}
		case engine.RequestConfigMapParameter:
			answer.Value, err = c.parameterOf(ctx, namespace, request)
		case engine.RequestArtifactRepository:
			answer.Repository, err = c.repositoryOf(ctx, namespace, request)
		default:
			err = fmt.Errorf("references of kind %q are not known", request.Kind)
		}
		if err != nil {
			if isTransient(err) {
				return nil, fmt.Errorf("read %s %s: %w", request.Kind, request.Name, err)
			}
			answer.Message = err.Error()
			answer.NotFound = apierrors.IsNotFound(err)
		}
		events = append(events, answer)
	}
	return events, nil
}

func (c *Controller) parameterOf(ctx context.Context, namespace string, request engine.TemplateRequest) (*string, error) {
	configMap, err := c.workflows.ConfigMap(ctx, namespace, request.Name)
	if err != nil {
		return nil, err
	}
	if got := configMap.Labels[wfv1.LabelKeyConfigMapType]; got != configMapTypeParameter {
		return nil, fmt.Errorf("ConfigMap %s/%s gives no parameters: its label %s has to be %q, is %q",
			namespace, request.Name, wfv1.LabelKeyConfigMapType, configMapTypeParameter, got)
	}
	value, ok := configMap.Data[request.Key]
	if !ok {
		return nil, apierrors.NewNotFound(wfv1.Resource("configmaps"), namespace+"/"+request.Name+" key "+request.Key)
	}
	return &value, nil
}
