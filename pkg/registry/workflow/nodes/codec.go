package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// format is the version of the layout that is written.
const format = 1

// pageCodec writes a page as the JSON of a v1alpha1.NodePage, with a line break after the brace that opens the nodes and
// after each node. Any JSON reader understands it; this codec finds the nodes by the line breaks, which encoded JSON never
// contains otherwise, and leaves them undecoded.
type pageCodec struct{}

var (
	_ runtime.Codec = pageCodec{}

	openNodes  = []byte(`,"nodes":{`)
	closeNodes = []byte("}}")
)

// pageHeader is what stands before the nodes.
type pageHeader struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Metadata   pageMetadata `json:"metadata"`
	Format     int32        `json:"format"`
	Index      int32        `json:"index"`
}

// pageMetadata is the stored part of a page's metadata.
type pageMetadata struct {
	Name              string      `json:"name"`
	Namespace         string      `json:"namespace"`
	CreationTimestamp metav1.Time `json:"creationTimestamp"`
}

// Encode implements runtime.Encoder.
func (pageCodec) Encode(obj runtime.Object, w io.Writer) error {
	p, ok := obj.(*page)
	if !ok {
		return fmt.Errorf("node pages: cannot store a %T", obj)
	}
	header, err := json.Marshal(pageHeader{
		APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "NodePage",
		Metadata: pageMetadata{Name: p.Name, Namespace: p.Namespace, CreationTimestamp: p.CreationTimestamp},
		Format:   format, Index: p.index,
	})
	if err != nil {
		return err
	}
	size := len(header) + len(openNodes) + len(closeNodes) + 1
	for _, r := range p.records {
		size += len(r.id) + len(r.json) + 8
	}
	data := make([]byte, 0, size)
	data = append(data, header[:len(header)-1]...)
	data = append(data, openNodes...)
	for i, r := range p.records {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, '\n')
		id, err := json.Marshal(r.id)
		if err != nil {
			return err
		}
		data = append(data, id...)
		data = append(data, ':')
		data = append(data, r.json...)
	}
	data = append(data, '\n')
	data = append(data, closeNodes...)
	_, err = w.Write(data)
	return err
}

// Identifier implements runtime.Encoder.
func (pageCodec) Identifier() runtime.Identifier { return "fairlead-node-pages" }

// Decode implements runtime.Decoder. The nodes keep pointing into data.
func (pageCodec) Decode(data []byte, _ *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	p, ok := into.(*page)
	if !ok {
		return nil, nil, fmt.Errorf("node pages: cannot decode into a %T", into)
	}
	first, rest, ok := bytes.Cut(data, []byte{'\n'})
	head, opened := bytes.CutSuffix(first, openNodes)
	if !ok || !opened {
		return nil, nil, fmt.Errorf("node pages: stored value is damaged: it begins with %.80q", data)
	}
	var header pageHeader
	if err := json.Unmarshal(append(bytes.Clone(head), '}'), &header); err != nil {
		return nil, nil, fmt.Errorf("node pages: stored value is damaged: %w", err)
	}
	if header.Format != format {
		return nil, nil, fmt.Errorf("node pages: stored value has format %d, this server knows %d", header.Format, format)
	}
	*p = page{index: header.Index, records: make([]record, 0, v1alpha1.NodesPerPage)}
	p.Name, p.Namespace, p.CreationTimestamp = header.Metadata.Name, header.Metadata.Namespace, header.Metadata.CreationTimestamp
	for {
		line, next, more := bytes.Cut(rest, []byte{'\n'})
		if !more {
			if !bytes.Equal(line, closeNodes) {
				return nil, nil, fmt.Errorf("node pages: stored page %d is cut off", header.Index)
			}
			gvk := v1alpha1.SchemeGroupVersion.WithKind("NodePage")
			return p, &gvk, nil
		}
		r, err := decodeRecord(bytes.TrimSuffix(line, []byte{','}))
		if err != nil {
			return nil, nil, fmt.Errorf("node pages: stored page %d is damaged: %w", header.Index, err)
		}
		p.records = append(p.records, r)
		rest = next
	}
}

// decodeRecord splits `"id":{...}`.
func decodeRecord(line []byte) (record, error) {
	end := bytes.IndexByte(line[min(1, len(line)):], '"') + 1
	if end > 0 && bytes.IndexByte(line[:end], '\\') < 0 {
		if value, ok := bytes.CutPrefix(line[end+1:], []byte{':'}); ok {
			return record{id: string(line[1:end]), json: value}, nil
		}
	}
	// An ID with escaped characters: let the JSON reader find its end.
	reader := json.NewDecoder(bytes.NewReader(line))
	var id string
	if err := reader.Decode(&id); err != nil {
		return record{}, err
	}
	value, ok := bytes.CutPrefix(line[reader.InputOffset():], []byte{':'})
	if !ok {
		return record{}, fmt.Errorf("no value after %q", id)
	}
	return record{id: id, json: value}, nil
}
