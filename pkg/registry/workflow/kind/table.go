package kind

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"
)

// Unknown stands in cells that have nothing to show.
const Unknown = "<none>"

// Column is one column between a table's name and age.
type Column[T any] struct {
	// Heading; kubectl prints it in capitals.
	Name string
	// OpenAPI type of the cells: `string`, `integer`, `boolean`. Default: `string`.
	Type string
	// What the column shows, in a sentence.
	Description string
	// Shown only with `-o wide`, after the age.
	Wide bool
	// The cell of an object, at that time.
	Cell func(object T, now time.Time) any
}

type table[T any] struct {
	columns []Column[T]
	clock   clock.PassiveClock
}

// NewTable prints objects of a kind as rows: name, the columns, age, the wide columns.
func NewTable[T any](columns ...Column[T]) rest.TableConvertor {
	return NewTableWithClock(clock.RealClock{}, columns...)
}

// NewTableWithClock is NewTable with a clock for the columns.
func NewTableWithClock[T any](clock clock.PassiveClock, columns ...Column[T]) rest.TableConvertor {
	return &table[T]{columns: columns, clock: clock}
}

// ConvertToTable prints an object or a list.
func (t *table[T]) ConvertToTable(_ context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	result := &metav1.Table{}
	if list, err := meta.ListAccessor(object); err == nil {
		result.ResourceVersion = list.GetResourceVersion()
		result.Continue = list.GetContinue()
		result.RemainingItemCount = list.GetRemainingItemCount()
	} else if common, err := meta.CommonAccessor(object); err == nil {
		result.ResourceVersion = common.GetResourceVersion()
	}
	if options, ok := tableOptions.(*metav1.TableOptions); !ok || !options.NoHeaders {
		result.ColumnDefinitions = t.definitions()
	}
	now := t.clock.Now()
	var err error
	result.Rows, err = metatable.MetaToTableRow(object, func(item runtime.Object, _ metav1.Object, name, age string) ([]any, error) {
		typed, ok := item.(T)
		if !ok {
			return nil, fmt.Errorf("cannot print %T in a table of %T", item, *new(T))
		}
		cells := append(make([]any, 0, len(t.columns)+2), name)
		cells = t.appendCells(cells, typed, now, false)
		cells = append(cells, age)
		return t.appendCells(cells, typed, now, true), nil
	})
	return result, err
}

func (t *table[T]) appendCells(cells []any, object T, now time.Time, wide bool) []any {
	for _, column := range t.columns {
		if column.Wide == wide {
			cells = append(cells, column.Cell(object, now))
		}
	}
	return cells
}

func (t *table[T]) definitions() []metav1.TableColumnDefinition {
	definitions := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: "Name of the object."},
	}
	definitions = t.appendDefinitions(definitions, false)
	definitions = append(definitions, metav1.TableColumnDefinition{
		Name: "Age", Type: "string", Description: "Time since the object was created.",
	})
	return t.appendDefinitions(definitions, true)
}

func (t *table[T]) appendDefinitions(definitions []metav1.TableColumnDefinition, wide bool) []metav1.TableColumnDefinition {
	for _, column := range t.columns {
		if column.Wide != wide {
			continue
		}
		definition := metav1.TableColumnDefinition{Name: column.Name, Type: column.Type, Description: column.Description}
		if definition.Type == "" {
			definition.Type = "string"
		}
		if wide {
			definition.Priority = 1
		}
		definitions = append(definitions, definition)
	}
	return definitions
}

// Text is the text, or Unknown when there is none.
func Text(text string) string {
	if text == "" {
		return Unknown
	}
	return text
}

// Since is how long ago that was, rounded for people, or Unknown when it never was.
func Since(then *metav1.Time, now time.Time) string {
	if then.IsZero() {
		return Unknown
	}
	return duration.HumanDuration(now.Sub(then.Time))
}
