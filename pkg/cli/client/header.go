package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Header returns a workflow without pages of nodes; the nodes of a small one are inside.
func (c *Client) Header(ctx context.Context, namespace, name string) (*v1alpha1.Workflow, error) {
	data, err := answer(c.scoped(c.rest.Get(), Workflows, namespace).Name(name).
		SetHeader("Accept", tableAccept).Param("includeObject", string(metav1.IncludeObject)).Do(ctx))
	if err != nil {
		return nil, err
	}
	table := &metav1.Table{}
	if err := json.Unmarshal(data, table); err != nil {
		return nil, unreadable(err)
	}
	found, err := header(table)
	if err != nil {
		return nil, err
	}
	return found, c.Instance.check(c.groupResource(Workflows), found)
}

// header is the workflow of a table's only row.
func header(table *metav1.Table) (*v1alpha1.Workflow, error) {
	if len(table.Rows) != 1 || table.Rows[0].Object.Raw == nil {
		return nil, unreadable(fmt.Errorf("a table of one workflow has %d rows", len(table.Rows)))
	}
	return decode(table.Rows[0].Object.Raw)
}

func decode(data []byte) (*v1alpha1.Workflow, error) {
	workflow := &v1alpha1.Workflow{}
	if err := json.Unmarshal(data, workflow); err != nil {
		return nil, unreadable(err)
	}
	return workflow, nil
}

// errGone ends a watch whose workflow was deleted, or replaced by another one of its name.
var errGone = errors.New("deleted")

// IsGone tells whether Follow ended because the workflow does not exist any more.
func IsGone(err error) bool { return errors.Is(err, errGone) }

// Follow calls each with the workflow as it is now and after each change, without pages of nodes, until each returns true
// or an error, or the context ends. Broken watches are opened again.
func (c *Client) Follow(ctx context.Context, namespace, name string, each func(*v1alpha1.Workflow) (done bool, err error)) error {
	current, err := c.Header(ctx, namespace, name)
	if err != nil {
		return err
	}
	uid := current.UID
	for tries := 0; ; {
		if current.UID != uid {
			return gone(namespace, name)
		}
		if done, err := each(current); done || err != nil {
			return err
		}
		progressed, done, err := c.followOnce(ctx, namespace, name, current, each)
		if done || err != nil {
			return err
		}
		if progressed {
			tries = 0
		}
		for {
			if err := c.pause(ctx, tries); err != nil {
				return err
			}
			tries++
			next, err := c.Header(ctx, namespace, name)
			if apierrors.IsNotFound(err) {
				return gone(namespace, name)
			}
			if err == nil {
				current = next
				break
			}
			if tries > lastTry || !Passing(err) {
				return err
			}
		}
	}
}

func gone(namespace, name string) error {
	return fmt.Errorf("workflow %q in namespace %q was %w", name, namespace, errGone)
}

// followOnce is one watch. Its end is no error, unless nothing could be done about it.
func (c *Client) followOnce(ctx context.Context, namespace, name string, from *v1alpha1.Workflow, each func(*v1alpha1.Workflow) (bool, error)) (progressed, done bool, err error) {
	watcher, err := c.scoped(c.rest.Get(), Workflows, namespace).
		Param("watch", "true").
		Param("fieldSelector", v1alpha1.FieldMetadataName+"="+name).
		Param("resourceVersion", from.ResourceVersion).
		Param("includeObject", string(metav1.IncludeObject)).SetHeader("Accept", tableAccept).Watch(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return false, false, ctx.Err()
		}
		// Whoever may get and not watch is served by looking again and again.
		if Passing(err) || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || denied(err) {
			return false, false, nil
		}
		return false, false, err
	}
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		switch event.Type {
		case watch.Deleted:
			return true, false, gone(namespace, name)
		case watch.Error:
			return progressed, false, nil
		case watch.Bookmark:
			continue
		}
		table, ok := event.Object.(*metav1.Table)
		if !ok {
			return progressed, false, unreadable(fmt.Errorf("an event has a %T", event.Object))
		}
		workflow, err := header(table)
		if err != nil {
			return progressed, false, err
		}
		if workflow.UID != from.UID {
			return progressed, false, gone(namespace, name)
		}
		progressed = true
		if done, err := each(workflow); done || err != nil {
			return progressed, done, err
		}
	}
	return progressed, false, ctx.Err()
}
