package tree

import (
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"k8s.io/apimachinery/pkg/util/duration"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// cell is a piece of a row. Lead stands in front of the text and has no style.
type cell struct {
	lead, text string
	style      Style
	// more is text behind, in plain style.
	more string
}

func (c *cell) width() int { return uniseg.StringWidth(c.lead + c.text + c.more) }

// row is a line before its columns are aligned. One with a single cell goes over all columns.
type row struct {
	cells []cell
}

var (
	titles      = []string{"STEP", "TEMPLATE", "DURATION", "MESSAGE"}
	shortTitles = []string{"STEP", "DURATION"}
	wideTitles  = []string{"STEP", "TEMPLATE", "DURATION", "POD", "HOST", "NODE", "MESSAGE"}
)

func (d *drawing) nodeRow(b *branch, before, note string) row {
	n := b.node
	name := cell{lead: before, text: d.symbols.glyph(n), style: PhaseStyle(n.Phase), more: " " + d.name(b)}
	if note != "" {
		name.more += " " + note
	}
	if d.options.Short {
		return row{cells: []cell{name, {text: d.duration(n)}}}
	}
	cells := []cell{name, {text: templateOf(n)}, {text: d.duration(n)}}
	if d.options.Wide {
		cells = append(cells, cell{text: d.pod(b)}, cell{text: n.HostNodeName}, cell{text: n.ID})
	}
	message := cell{text: oneLine(Readable(n.Message, d.nodes)), style: Faint}
	if n.Phase.FailedOrError() {
		message.style = PhaseStyle(n.Phase)
	}
	return row{cells: append(cells, message)}
}

// name is what the step is called, and how many attempts it took.
func (d *drawing) name(b *branch) string {
	name := b.node.DisplayName
	if name == "" {
		name = b.node.Name
	}
	if b.node.Type == v1alpha1.NodeTypeRetry && len(b.kids) > 1 {
		name += " (" + thousands(len(b.kids)) + " attempts)"
	}
	return oneLine(name)
}

func templateOf(n *v1alpha1.NodeStatus) string {
	if ref := n.TemplateRef; ref != nil {
		return ref.Name + "/" + ref.Template
	}
	return n.TemplateName
}

// pod is the name of the pod of a step that has one.
func (d *drawing) pod(b *branch) string {
	n := b.node
	if n.Type != v1alpha1.NodeTypePod {
		return ""
	}
	template := n.TemplateName
	if n.TemplateRef != nil {
		template = n.TemplateRef.Template
	}
	return node.PodName(d.workflow.Annotations[v1alpha1.AnnotationKeyPodNameVersion], d.workflow.Name, n.Name, template)
}

// duration is how long a step took, or has taken so far; steps that never ran have none.
func (d *drawing) duration(n *v1alpha1.NodeStatus) string {
	if n.Phase == v1alpha1.NodeSkipped || n.Phase == v1alpha1.NodeOmitted {
		return ""
	}
	return Took(n.StartedAt.Time, n.FinishedAt.Time, d.options.Now)
}

// Took is how long something took that began and ended at these times, or has taken until now if it has not ended; empty
// when it has not begun.
func Took(began, ended, now time.Time) string {
	if began.IsZero() {
		return ""
	}
	if ended.IsZero() {
		ended = now
	}
	return duration.HumanDuration(max(0, ended.Sub(began)))
}

// oneLine makes text fit in a line.
func oneLine(text string) string {
	text = strings.TrimSpace(text)
	if !strings.ContainsFunc(text, control) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, control), " ")
}

// control tells characters that terminals obey rather than show.
func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// lines aligns the columns of a tree.
func (d *drawing) lines() []string {
	switch {
	case d.options.Short:
		return d.aligned(shortTitles)
	case d.options.Wide:
		return d.aligned(wideTitles)
	}
	return d.aligned(titles)
}

// aligned puts rows below titles.
func (d *drawing) aligned(names []string) []string {
	head := row{}
	for _, name := range names {
		head.cells = append(head.cells, cell{text: name})
	}
	rows := append([]row{head}, d.rows...)
	widths := make([]int, len(names))
	for i := range rows {
		if len(rows[i].cells) == 1 {
			continue
		}
		for column := range rows[i].cells {
			widths[column] = max(widths[column], rows[i].cells[column].width())
		}
	}
	d.share(widths)
	lines := make([]string, 0, len(rows))
	for i := range rows {
		lines = append(lines, d.line(&rows[i], widths))
	}
	return lines
}

// share takes from the names what the other columns need on a narrow screen: one long name must not hide them all.
func (d *drawing) share(widths []int) {
	if d.options.Width <= 0 {
		return
	}
	others := 0
	for _, width := range widths[1:] {
		if width > 0 {
			others += width + columnGap
		}
	}
	widths[0] = min(widths[0], max(d.options.Width-others, d.options.Width*namesAtLeast/100))
}

const (
	// columnGap is how many spaces are between columns.
	columnGap = 2
	// namesAtLeast is how much of the screen, in percent, long names may have whatever the other columns need.
	namesAtLeast = 50
)

// line puts the cells of a row side by side and cuts what is too long for the screen.
func (d *drawing) line(r *row, widths []int) string {
	var line strings.Builder
	left := d.options.Width
	if left <= 0 {
		left = 1 << 30
	}
	gap := 0
	for column := range r.cells {
		c := &r.cells[column]
		width := c.width()
		if width == 0 {
			gap += widths[column] + columnGap
			continue
		}
		if gap >= left {
			break
		}
		line.WriteString(strings.Repeat(" ", gap))
		left -= gap
		room := left
		if column == 0 && len(r.cells) > 1 {
			room = min(room, widths[0])
			width = min(width, room)
		}
		d.write(&line, c, room)
		if left -= width; left <= 0 {
			break
		}
		gap = columnGap
		if len(r.cells) > 1 {
			gap += widths[column] - width
		}
	}
	return line.String()
}

func (d *drawing) write(line *strings.Builder, c *cell, width int) {
	if c.width() <= width {
		line.WriteString(c.lead + d.options.paint(c.style, c.text) + c.more)
		return
	}
	ellipsis := d.symbols.ellipsis
	width -= uniseg.StringWidth(ellipsis)
	for _, part := range []struct {
		text  string
		style Style
	}{{c.lead, Plain}, {c.text, c.style}, {c.more, Plain}} {
		text := Cut(part.text, width)
		line.WriteString(d.options.paint(part.style, text))
		width -= uniseg.StringWidth(text)
		if text != part.text {
			break
		}
	}
	if width >= 0 {
		line.WriteString(ellipsis)
	}
}

// Cut returns as much of the text as fits into so many columns.
func Cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	rest, state, used := text, -1, 0
	for len(rest) > 0 {
		var cluster string
		var wide int
		cluster, rest, wide, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += wide; used > width {
			return text[:len(text)-len(rest)-len(cluster)]
		}
	}
	return text
}
