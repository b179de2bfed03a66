package workflow

import (
	"cmp"
	"slices"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// updateBytes is about how much one NodesUpdate may carry; what is more goes in several, in order of creation.
const updateBytes = 1 << 20

// nodePages knows where the nodes of a run are stored and in which versions.
type nodePages struct {
	// versions are the resource versions of the stored pages by index; nil while the nodes are inside the object.
	versions map[int32]string
	// revision is the commit revision of the stored nodes; empty while they are inside the object.
	revision string
}

func (p *nodePages) paged() bool { return p.versions != nil }

// loaded takes over the versions of pages that were read.
func (p *nodePages) loaded(header *wfv1.Workflow, pages []wfv1.NodePageVersion) {
	storage := header.Status.NodeStorage
	if storage == nil {
		return
	}
	p.revision = storage.Revision
	p.versions = make(map[int32]string, len(pages))
	for _, page := range pages {
		p.versions[page.Index] = page.ResourceVersion
	}
}

// ahead tells whether a page is newer than the last commit: of the last decision only a part was stored, because its writer
// ended before the header was.
func (p *nodePages) ahead() bool {
	for _, version := range p.versions {
		if newer(version, p.revision) {
			return true
		}
	}
	return false
}

// stored takes over what the server answered to a write.
func (p *nodePages) stored(answer *wfv1.NodesUpdate) {
	if len(answer.Pages) > 0 && p.versions == nil {
		p.versions = make(map[int32]string, len(answer.Pages))
	}
	for _, page := range answer.Pages {
		if page.ResourceVersion != "" {
			p.versions[page.Index] = page.ResourceVersion
		}
	}
	if answer.Status != nil && answer.Status.NodeStorage != nil {
		p.revision = answer.Status.NodeStorage.Revision
		if p.versions == nil {
			p.versions = map[int32]string{}
		}
	}
}

// changes groups changed nodes by page and the pages into writes that are small enough to send, in order of creation: what
// is stored of a decision when the writer dies half-way is a state that could have been.
func (p *nodePages) changes(nodes []wfv1.NodeStatus, removed map[int32][]string) [][]wfv1.NodePageChange {
	byPage := map[int32]*wfv1.NodePageChange{}
	page := func(index int32) *wfv1.NodePageChange {
		change := byPage[index]
		if change == nil {
			change = &wfv1.NodePageChange{Index: index}
			byPage[index] = change
		}
		return change
	}
	for i := range nodes {
		change := page(pageOf(&nodes[i]))
		change.Set = append(change.Set, nodes[i])
	}
	for index, ids := range removed {
		page(index).Removed = ids
	}

	ordered := make([]wfv1.NodePageChange, 0, len(byPage))
	for _, change := range byPage {
		slices.SortFunc(change.Set, func(a, b wfv1.NodeStatus) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
		ordered = append(ordered, *change)
	}
	slices.SortFunc(ordered, func(a, b wfv1.NodePageChange) int { return cmp.Compare(a.Index, b.Index) })

	var writes [][]wfv1.NodePageChange
	size := 0
	for _, change := range ordered {
		bytes := 0
		for i := range change.Set {
			bytes += roughSize(&change.Set[i])
		}
		if len(writes) == 0 || size+bytes > updateBytes {
			writes = append(writes, nil)
			size = 0
		}
		writes[len(writes)-1] = append(writes[len(writes)-1], change)
		size += bytes
	}
	return writes
}

// version is what the server is to compare a page with; empty for a page that is not stored.
func (p *nodePages) version(index int32) string { return p.versions[index] }

func pageOf(n *wfv1.NodeStatus) int32 { return int32(n.Ordinal / wfv1.NodesPerPage) }

// roughSize estimates the bytes of a node on the wire from the parts of it that can be long.
func roughSize(n *wfv1.NodeStatus) int {
	size := 512 + 2*len(n.Name) + len(n.Message)
	for _, parent := range n.Parents {
		size += len(parent) + 3
	}
	if n.Inputs != nil {
		size += parametersSize(n.Inputs.Parameters)
	}
	if n.Outputs != nil {
		size += parametersSize(n.Outputs.Parameters)
		if n.Outputs.Result != nil {
			size += len(*n.Outputs.Result)
		}
	}
	return size
}

func parametersSize(parameters []wfv1.Parameter) int {
	size := 0
	for i := range parameters {
		size += 64 + len(parameters[i].Name)
		if v := parameters[i].Value; v != nil {
			size += len(*v)
		}
	}
	return size
}
