package nodes

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// page is a v1alpha1.NodePage whose nodes are still JSON. A transition of one node decodes and encodes that node alone,
// not the 63 others of its page. Of its metadata, namespace, name and creation time are stored.
type page struct {
	metav1.TypeMeta
	metav1.ObjectMeta

	index   int32
	records []record // in order of their ID
}

// record is one node of a page. The JSON is never changed in place, so copies may share it.
type record struct {
	id   string
	json []byte
}

type pageList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []page
}

var (
	_ runtime.Object = &page{}
	_ runtime.Object = &pageList{}
)

// DeepCopyObject implements runtime.Object.
func (p *page) DeepCopyObject() runtime.Object {
	out := *p
	p.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.records = slices.Clone(p.records)
	return &out
}

// DeepCopyObject implements runtime.Object.
func (l *pageList) DeepCopyObject() runtime.Object {
	out := &pageList{TypeMeta: l.TypeMeta, Items: make([]page, len(l.Items))}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopyObject().(*page)
	}
	return out
}

// newPage returns an empty page of a workflow.
func newPage(ref Ref, index int32, now time.Time) *page {
	return &page{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:         ref.Namespace,
			Name:              string(ref.UID) + "/" + pageName(index),
			CreationTimestamp: metav1.NewTime(now),
		},
		index: index,
	}
}

// change returns a copy of the page with the change made.
func (p *page) change(set []record, removed []string) *page {
	out := &page{ObjectMeta: p.ObjectMeta, index: p.index, records: make([]record, 0, len(p.records)+len(set))}
	replaced := make(map[string]int, len(set))
	for i := range set {
		replaced[set[i].id] = i
	}
	for _, r := range p.records {
		if _, ok := replaced[r.id]; !ok && !slices.Contains(removed, r.id) {
			out.records = append(out.records, r)
		}
	}
	out.records = append(out.records, set...)
	slices.SortFunc(out.records, compareRecords)
	return out
}

// encodeNodes turns the nodes of a change into records. They must belong to the page.
func encodeNodes(index int32, nodes []v1alpha1.NodeStatus) ([]record, error) {
	records := make([]record, 0, len(nodes))
	for i := range nodes {
		n := nodes[i]
		if n.ID == "" {
			return nil, fmt.Errorf("page %d: node %d has no id", index, i)
		}
		if n.Ordinal < 0 || n.Ordinal/v1alpha1.NodesPerPage != int64(index) {
			return nil, fmt.Errorf("page %d: node %s has ordinal %d, which belongs to page %d", index, n.ID, n.Ordinal, n.Ordinal/v1alpha1.NodesPerPage)
		}
		n.Children, n.OutboundNodes = nil, nil
		data, err := json.Marshal(&n)
		if err != nil {
			return nil, fmt.Errorf("page %d: node %s cannot be encoded: %w", index, n.ID, err)
		}
		records = append(records, record{id: n.ID, json: data})
	}
	slices.SortFunc(records, compareRecords)
	for i := 1; i < len(records); i++ {
		if records[i].id == records[i-1].id {
			return nil, fmt.Errorf("page %d: node %s is given twice", index, records[i].id)
		}
	}
	return records, nil
}

// decodeNodes returns the nodes of a page in order of creation.
func (p *page) decodeNodes() ([]v1alpha1.NodeStatus, error) {
	nodes := make([]v1alpha1.NodeStatus, len(p.records))
	for i, r := range p.records {
		if err := json.Unmarshal(r.json, &nodes[i]); err != nil {
			return nil, fmt.Errorf("stored page %d: node %s is damaged: %w", p.index, r.id, err)
		}
	}
	slices.SortFunc(nodes, func(a, b v1alpha1.NodeStatus) int { return int(a.Ordinal - b.Ordinal) })
	return nodes, nil
}

func compareRecords(a, b record) int {
	switch {
	case a.id < b.id:
		return -1
	case a.id > b.id:
		return 1
	}
	return 0
}
