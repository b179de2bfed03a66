package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const wide = "wide"

// output is the flag -o of a command, with formats of its own beside those that all commands of kubectl have.
type output struct {
	flags *genericclioptions.PrintFlags
	own   []string
}

// newOutput returns the flag. The operation, such as "created", stands behind names that are printed by default.
func newOutput(operation string, own ...string) *output {
	return &output{flags: genericclioptions.NewPrintFlags(operation), own: own}
}

func (o *output) addFlags(cmd *cobra.Command) {
	o.flags.AddFlags(cmd)
	formats := append(slices.Clone(o.own), o.flags.AllowedFormats()...)
	cmd.Flag("output").Usage = fmt.Sprintf("Output format. One of: (%s)", strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", fixed(formats...))
	before(cmd, o.validate)
}

// validate refuses a format before anything is done that would then be printed in none.
func (o *output) validate() error {
	if o.isOwn() {
		return nil
	}
	_, err := o.flags.ToPrinter()
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return fmt.Errorf("--output: %q is not one of %s", o.format(), strings.Join(append(slices.Clone(o.own), o.flags.AllowedFormats()...), ", "))
	}
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// format is what was given.
func (o *output) format() string { return *o.flags.OutputFormat }

// isOwn tells whether the command itself prints: no format was given, or one of its own.
func (o *output) isOwn() bool {
	template := o.flags.TemplatePrinterFlags.TemplateArgument
	return o.format() == "" && (template == nil || *template == "") || slices.Contains(o.own, o.format())
}

// print prints an object in the format that was given; by default as its name and the operation.
func (o *output) print(e *environment, object runtime.Object, remark string) error {
	if o.format() == "" && o.isOwn() {
		o.flags.NamePrintFlags.Operation += remark
		defer func() {
			o.flags.NamePrintFlags.Operation = strings.TrimSuffix(o.flags.NamePrintFlags.Operation, remark)
		}()
	}
	printer, err := o.flags.ToPrinter()
	if err != nil {
		return err
	}
	return printer.PrintObj(object, e.Out)
}

// tableRow is a row of a table of objects.
type tableRow struct {
	meta   metav1.ObjectMeta
	status v1alpha1.WorkflowStatus
	row    metav1.TableRow
}

// rowsOf reads the objects in the rows of a table: their metadata, and of whole workflows when they ended.
func rowsOf(table *metav1.Table) ([]tableRow, error) {
	rows := make([]tableRow, 0, len(table.Rows))
	for _, row := range table.Rows {
		object := struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
			Status   struct {
				FinishedAt metav1.Time `json:"finishedAt"`
			} `json:"status"`
		}{}
		if err := json.Unmarshal(row.Object.Raw, &object); err != nil {
			return nil, fmt.Errorf("cannot read a row of the server's table: %w", err)
		}
		r := tableRow{meta: object.Metadata, row: row}
		r.status.FinishedAt = object.Status.FinishedAt
		rows = append(rows, r)
	}
	return rows, nil
}

// printTable prints rows of a table as kubectl does.
func (e *environment) printTable(table *metav1.Table, rows []tableRow, options printers.PrintOptions) error {
	table.Rows = table.Rows[:0:0]
	for _, row := range rows {
		// The printer wants objects rather than their JSON, for namespaces and labels.
		row.row.Object.Object = &metav1.PartialObjectMetadata{ObjectMeta: row.meta}
		table.Rows = append(table.Rows, row.row)
	}
	out := printers.GetNewTabWriter(e.Out)
	if err := printers.NewTablePrinter(options).PrintObj(table, out); err != nil {
		return err
	}
	return out.Flush()
}

// metaObject is what most sorting looks at.
type metaObject interface {
	GetNamespace() string
	GetName() string
	GetCreationTimestamp() metav1.Time
}

// byAge orders newer objects before older ones; those of the same second by namespace and name.
func byAge(a, b metaObject) int {
	return cmp.Or(
		b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time),
		strings.Compare(a.GetNamespace(), b.GetNamespace()),
		strings.Compare(a.GetName(), b.GetName()),
	)
}
