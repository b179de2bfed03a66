package kind

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestTable(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	type column = Column[*v1alpha1.WorkflowTemplate]
	table := NewTableWithClock(clocktesting.NewFakePassiveClock(now),
		column{Name: "Wide", Wide: true, Cell: func(template *v1alpha1.WorkflowTemplate, _ time.Time) any { return "w" }},
		column{Name: "Since", Cell: func(template *v1alpha1.WorkflowTemplate, now time.Time) any {
			return Since(&metav1.Time{Time: now.Add(-time.Hour)}, now)
		}},
	)
	first := v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "7"}}
	second := v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "b", ResourceVersion: "8"}}
	list := &v1alpha1.WorkflowTemplateList{
		ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "more"}, Items: v1alpha1.WorkflowTemplates{first, second},
	}

	got, err := table.ConvertToTable(t.Context(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, definition := range got.ColumnDefinitions {
		headings = append(headings, fmt.Sprintf("%s/%s/%d", definition.Name, definition.Type, definition.Priority))
		if definition.Description == "" && definition.Name != "Wide" && definition.Name != "Since" {
			t.Errorf("column %s has no description", definition.Name)
		}
	}
	if want := []string{"Name/string/0", "Since/string/0", "Age/string/0", "Wide/string/1"}; !slices.Equal(headings, want) {
		t.Errorf("columns %q, want %q", headings, want)
	}
	if got.ResourceVersion != "9" || got.Continue != "more" {
		t.Errorf("list metadata is lost: %+v", got.ListMeta)
	}
	if len(got.Rows) != 2 {
		t.Fatalf("%d rows", len(got.Rows))
	}
	if want := []any{"b", "60m", "<unknown>", "w"}; !slices.Equal(got.Rows[1].Cells, want) {
		t.Errorf("cells %q, want %q", got.Rows[1].Cells, want)
	}

	// A watch asks for headings once.
	got, err = table.ConvertToTable(t.Context(), &first, &metav1.TableOptions{NoHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.ColumnDefinitions) != 0 || len(got.Rows) != 1 || got.ResourceVersion != "7" {
		t.Errorf("one object without headings: %+v", got)
	}

	if _, err := table.ConvertToTable(t.Context(), &v1alpha1.CronWorkflow{}, nil); err == nil {
		t.Error("an object of another kind must be an error, not a panic")
	}
}

func TestCells(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	if got := Since(nil, now); got != Unknown {
		t.Errorf("never: %q", got)
	}
	if got := Text(""); got != Unknown {
		t.Errorf("no text: %q", got)
	}
	if got := Text("x"); got != "x" {
		t.Errorf("text: %q", got)
	}
}
