package fakekube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

func selectorOf(r *http.Request) (labels.Selector, error) {
	return labels.Parse(r.URL.Query().Get("labelSelector"))
}

func matches(s labels.Selector, t target, obj runtime.Object) bool {
	if obj == nil {
		return false
	}
	m := access(obj)
	return (t.namespace == "" || t.namespace == m.GetNamespace()) && s.Matches(labels.Set(m.GetLabels()))
}

func (c *collection) serveList(w http.ResponseWriter, r *http.Request, t target) {
	selector, err := selectorOf(r)
	if err != nil {
		writeError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	objects, version := c.list(t.namespace)
	items := []json.RawMessage{}
	kind := schema.GroupVersionKind{}
	for _, obj := range objects {
		if !matches(selector, t, obj) {
			continue
		}
		data, err := json.Marshal(obj)
		if err != nil {
			writeError(w, apierrors.NewInternalError(err))
			return
		}
		items = append(items, data)
		if kinds, _, err := scheme.Scheme.ObjectKinds(obj); err == nil {
			kind = kinds[0]
		}
	}
	if kind.Kind == "" {
		kind = kindOf(t)
	}
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": t.gv.String(), "kind": kind.Kind + "List",
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(max(version, 1))},
		"items":    items,
	})
}

// kindOf finds the kind of a resource among the kinds that client-go knows.
func kindOf(t target) schema.GroupVersionKind {
	for kind := range scheme.Scheme.KnownTypes(t.gv) {
		if plural, _ := meta.UnsafeGuessKindToResource(t.gv.WithKind(kind)); plural.Resource == t.resource {
			return t.gv.WithKind(kind)
		}
	}
	return t.gv.WithKind("Unknown")
}

// watch streams the history after a version, or first the present state when the client asks for initial events.
func (c *collection) watch(w http.ResponseWriter, r *http.Request, t target) {
	selector, err := selectorOf(r)
	if err != nil {
		writeError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	query := r.URL.Query()
	version, _ := strconv.Atoi(query.Get("resourceVersion"))
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	flusher := w.(http.Flusher)
	send := func(kind string, obj runtime.Object) bool {
		data, err := json.Marshal(obj)
		if err != nil {
			return false
		}
		_, err = fmt.Fprintf(w, `{"type":%q,"object":%s}`+"\n", kind, data)
		flusher.Flush()
		return err == nil
	}
	flusher.Flush()
	if query.Get("sendInitialEvents") == "true" {
		objects, now := c.list(t.namespace)
		for _, obj := range objects {
			if matches(selector, t, obj) && !send("ADDED", obj) {
				return
			}
		}
		version = now
		if !send("BOOKMARK", bookmark(t, now)) {
			return
		}
	}

	var gone atomic.Bool
	defer c.onDone(r, &gone)()
	for {
		changes := c.since(version, gone.Load)
		if changes == nil {
			return
		}
		for _, e := range changes {
			version = e.version
			before, after := matches(selector, t, e.before), matches(selector, t, e.after)
			ok := true
			switch {
			case before && after:
				ok = send("MODIFIED", e.after)
			case after:
				ok = send("ADDED", e.after)
			case before:
				last := e.before
				if e.after != nil {
					last = e.after
				}
				ok = send("DELETED", last)
			}
			if !ok {
				return
			}
		}
	}
}

// onDone wakes a watch when its client has gone.
func (c *collection) onDone(r *http.Request, gone *atomic.Bool) func() {
	stop := make(chan struct{})
	go func() {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
		gone.Store(true)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed.Broadcast()
	}()
	return func() { close(stop) }
}

func bookmark(t target, version int) runtime.Object {
	obj, err := scheme.Scheme.New(kindOf(t))
	if err != nil {
		panic(fmt.Sprintf("watch of %s: %v", t.resource, err))
	}
	obj.GetObjectKind().SetGroupVersionKind(kindOf(t))
	m := access(obj)
	m.SetResourceVersion(strconv.Itoa(max(version, 1)))
	m.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	return obj
}

func writeObject(w http.ResponseWriter, code int, obj runtime.Object) {
	data, err := json.Marshal(obj)
	if err != nil {
		writeError(w, apierrors.NewInternalError(err))
		return
	}
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	w.WriteHeader(code)
	_, _ = w.Write(data)
}

func writeError(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.ErrStatus
	status.Kind, status.APIVersion = "Status", "v1"
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}
