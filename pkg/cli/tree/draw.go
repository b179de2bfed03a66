package tree

import (
	"time"

	"github.com/rivo/uniseg"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	// manySteps is from how many nodes on what has gone well is folded.
	manySteps = 200
	// siblings is how many members of a group are drawn before the rest is counted.
	siblings = 20
)

// Options say how to draw.
type Options struct {
	// Now is the time that running steps have taken until.
	Now time.Time
	// Full draws every node. Otherwise big groups are drawn in part, and what is left out is counted.
	Full bool
	// Lines, unless 0, is how many lines the tree may have at most; groups are folded until it fits.
	Lines int
	// Width, unless 0, is how many columns a line may have at most.
	Width int
	// ASCII draws without characters beyond ASCII.
	ASCII bool
	// Wide adds columns: pod, host and node ID.
	Wide bool
	// Short leaves out columns, and all of the heading but one line.
	Short bool
	// Keep, unless nil, picks the nodes to draw, with what they are inside of.
	Keep func(*v1alpha1.NodeStatus) bool
	// Paint, unless nil, gives text the look of a style.
	Paint func(Style, string) string
}

func (o *Options) symbols() *symbols {
	if o.ASCII {
		return &ascii
	}
	return &unicode
}

// clip cuts text that is too wide, and marks that it did.
func (o *Options) clip(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	ellipsis := o.symbols().ellipsis
	if room := width - uniseg.StringWidth(ellipsis); room > 0 {
		return Cut(text, room) + ellipsis
	}
	return Cut(text, width)
}

func (o *Options) paint(style Style, text string) string {
	if o.Paint == nil || text == "" || style == Plain {
		return text
	}
	return o.Paint(style, text)
}

// Draw returns the lines of the tree of a workflow, with a line of titles on top; none while there are no nodes. The nodes are
// in record form.
func Draw(workflow *v1alpha1.Workflow, nodes map[string]v1alpha1.NodeStatus, options Options) []string {
	roots := plant(nodes)
	kept := roots[:0]
	for _, root := range roots {
		if root.prune(options.Keep) {
			kept = append(kept, root)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	d := &drawing{workflow: workflow, nodes: nodes, options: &options, symbols: options.symbols(), limit: siblings, fold: len(nodes) > manySteps}
	if options.Full {
		d.limit, d.fold = len(nodes), false
	}
	d.roots(kept)
	for _, limit := range []int{10, 5, 3, 2, 1} {
		if options.Lines <= 0 || len(d.rows) < options.Lines {
			break
		}
		d.limit, d.fold, d.rows = limit, true, nil
		d.roots(kept)
	}
	lines := d.lines()
	if options.Lines > 0 && len(lines) > options.Lines {
		left := len(lines) - options.Lines + 1
		lines = append(lines[:options.Lines-1], options.paint(Faint, options.symbols().more+" "+thousands(left)+" more lines"))
	}
	return lines
}

// drawing is a tree being drawn.
type drawing struct {
	workflow *v1alpha1.Workflow
	nodes    map[string]v1alpha1.NodeStatus
	options  *Options
	symbols  *symbols
	// limit is how many members of a group are drawn.
	limit int
	// fold leaves out the inside of what has succeeded.
	fold bool
	rows []row
}

func (d *drawing) roots(roots []*branch) {
	for _, root := range roots {
		d.draw(root, "", "")
	}
}

// draw draws a branch: before is what stands left of it, below what stands left of what is inside.
func (d *drawing) draw(b *branch, before, below string) {
	note := ""
	kids := b.kids
	if d.fold && b.node.Phase == v1alpha1.NodeSucceeded && len(kids) > 0 && d.options.Keep == nil {
		note, kids = "("+b.tally.steps()+")", nil
	}
	d.rows = append(d.rows, d.nodeRow(b, before, note))
	shown, hidden := choose(b, kids, d.limit)
	tail := tailOf(shown)
	for i, kid := range shown {
		first := i == 0 || kid.group == 0 || shown[i-1].group != kid.group
		final := i == len(shown)-1 || kid.group == 0 || shown[i+1].group != kid.group
		mark, inside := d.connect(hidden.total() == 0 && i >= tail, first, final)
		d.draw(kid, below+mark, below+inside)
	}
	if hidden.total() > 0 {
		d.rows = append(d.rows, row{cells: []cell{
			{text: below + d.symbols.last + d.symbols.more + " " + hidden.summary(), style: Faint},
		}})
	}
}

// tailOf is where the last group of the kids begins; nothing of another group follows after it.
func tailOf(kids []*branch) int {
	tail := len(kids) - 1
	for tail > 0 && kids[tail].group != 0 && kids[tail-1].group == kids[tail].group {
		tail--
	}
	return tail
}

// connect returns what joins a kid to its branch, and what runs down beside the inside of the kid. Last is true when
// nothing follows after the kid's group, first and final tell the kid's place within the group.
func (d *drawing) connect(last, first, final bool) (mark, inside string) {
	s := d.symbols
	pick := func(ifLast, otherwise string) string {
		if last {
			return ifLast
		}
		return otherwise
	}
	line := pick(s.blank[:1], s.bar[:len(s.bar)-1])
	switch {
	case first && final:
		return pick(s.last, s.tee), pick(s.blank, s.bar)
	case first:
		return pick(s.forkLast, s.forkTee), line + s.bar[:len(s.bar)-1]
	case final:
		return pick(s.lastBlank, s.lastBar), line + " "
	default:
		return pick(s.midBlank, s.midBar), line + s.bar[:len(s.bar)-1]
	}
}
