package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"fairlead.dev/fairlead/pkg/cli/tree"
)

// Columns of a list of workflows in their order, by what the server calls them. Those that only -o wide prints stand before the
// message, which may be of any length.
var (
	listColumns     = []string{"Name", "Status", "Age", "Duration", "Priority", "Progress", "Message"}
	wideListColumns = []string{"Name", "Status", "Age", "Duration", "Priority", "Progress", "Nodes", "Finished", "Entrypoint", "Parameters", "Message"}
)

// columnGap is how many spaces are between columns, as in kubectl's tables.
const columnGap = 3

// styled is text in a table.
type styled struct {
	text  string
	style tree.Style
}

// workflowRows makes a table of workflows, titles included.
func (o *listOptions) workflowRows(table *metav1.Table, rows []tableRow) [][]styled {
	names := listColumns
	if o.output.format() == wide {
		names = wideListColumns
	}
	at := map[string]int{}
	for i, column := range table.ColumnDefinitions {
		at[column.Name] = i
	}
	// A server of another version may lack a column.
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, known := at[name]; return !known })

	var lines [][]styled
	line := func(namespace, labels string, cell func(name string) styled) {
		var cells []styled
		if o.allNamespaces {
			cells = append(cells, styled{text: namespace})
		}
		for _, name := range names {
			cells = append(cells, cell(name))
		}
		if o.showLabels {
			cells = append(cells, styled{text: labels})
		}
		lines = append(lines, cells)
	}
	if !o.noHeaders {
		line("NAMESPACE", "LABELS", func(name string) styled { return styled{text: strings.ToUpper(name)} })
	}
	for i := range rows {
		r := &rows[i]
		line(r.meta.Namespace, labels.FormatLabels(r.meta.Labels), func(name string) styled {
			if at[name] >= len(r.row.Cells) {
				return styled{}
			}
			cell := styled{text: strings.Join(strings.Fields(fmt.Sprint(r.row.Cells[at[name]])), " ")}
			if name == "Status" {
				phase, _, _ := strings.Cut(cell.text, " ")
				cell.style = tree.PhaseStyle(phase)
			}
			return cell
		})
	}
	return lines
}

// printColumns aligns columns. On a terminal lines are cut where it ends: a table whose lines are broken is none.
func (e *environment) printColumns(lines [][]styled) {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell.text))
		}
	}
	screen := e.screen()
	var out strings.Builder
	for _, line := range lines {
		left, gap := screen.Width(), 0
		for i, cell := range line {
			width := uniseg.StringWidth(cell.text)
			if width > 0 {
				text := cell.text
				if screen.Terminal {
					text = tree.Cut(text, left-gap)
				}
				if text == "" {
					break
				}
				out.WriteString(strings.Repeat(" ", gap) + screen.Paint(cell.style, text))
				left, gap = left-gap-width, 0
			}
			// Spaces are owed until something follows.
			gap += widths[i] - width + columnGap
		}
		out.WriteByte('\n')
	}
	e.printf("%s", out.String())
}
