package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/cli/screen"
)

// CLI-11: the columns of a list, whatever order the server has them in.
func TestListColumns(t *testing.T) {
	table := &metav1.Table{}
	for _, name := range []string{"Name", "Status", "Progress", "Duration", "Message", "Age", "Entrypoint", "Parameters", "Priority"} {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: name})
	}
	rows := []tableRow{
		{meta: metav1.ObjectMeta{Name: "a", Namespace: "n1"}, row: metav1.TableRow{Cells: []any{"a", "Running (Suspended)", "1/2", "5s", "", "6s", "main", "x=1", 0}}},
		{meta: metav1.ObjectMeta{Name: "長い名前", Namespace: "n2", Labels: map[string]string{"k": "v"}}, row: metav1.TableRow{Cells: []any{"長い名前", "Failed", "0/1", "1m", "two\nlines that are long", "2m", "main", "x=1", 3}}},
		{meta: metav1.ObjectMeta{Name: "old"}, row: metav1.TableRow{Cells: []any{"old", "Succeeded"}}},
	}
	for _, tc := range []struct {
		name   string
		change func(*listOptions)
		want   string
	}{
		{"as it is", func(*listOptions) {}, `
NAME       STATUS                AGE   DURATION   PRIORITY   PROGRESS   MESSAGE
a          Running (Suspended)   6s    5s         0          1/2
長い名前   Failed                2m    1m         3          0/1        two lines that are long
old        Succeeded`},
		{"all namespaces, labels, no titles", func(o *listOptions) { o.allNamespaces, o.showLabels, o.noHeaders = true, true, true }, `
n1   a          Running (Suspended)   6s   5s   0   1/2                             <none>
n2   長い名前   Failed                2m   1m   3   0/1   two lines that are long   k=v
     old        Succeeded                                                           <none>`},
		{"wide", func(o *listOptions) { *o.output.flags.OutputFormat = wide }, `
NAME       STATUS                AGE   DURATION   PRIORITY   PROGRESS   ENTRYPOINT   PARAMETERS   MESSAGE
a          Running (Suspended)   6s    5s         0          1/2        main         x=1
長い名前   Failed                2m    1m         3          0/1        main         x=1          two lines that are long
old        Succeeded`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			o := &listOptions{
				environment: newEnvironment(genericiooptions.IOStreams{Out: &out, ErrOut: &out}, testingclock.NewFakeClock(epoch)), output: newOutput("", wide),
			}
			tc.change(o)
			o.printColumns(o.workflowRows(table, rows))
			if got := "\n" + strings.TrimSuffix(out.String(), "\n"); got != tc.want {
				t.Errorf("got%s\nwant%s", got, tc.want)
			}
			for width := 1; width < 60; width++ {
				out.Reset()
				o.out = screen.Fixed(&out, width, 10)
				o.printColumns(o.workflowRows(table, rows))
				for line := range strings.Lines(out.String()) {
					if got := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); got > width {
						t.Fatalf("%d columns on a screen of %d: %q", got, width, line)
					}
				}
			}
		})
	}
}
