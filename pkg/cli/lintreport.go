package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/cli/tree"
	"fairlead.dev/fairlead/pkg/lint"
)

func (o *lintOptions) report(objects int, problems []problem) error {
	slices.SortStableFunc(problems, func(a, b problem) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	mistakes, warnings := 0, 0
	for _, p := range problems {
		if p.Severity == lint.Error {
			mistakes++
		} else {
			warnings++
		}
	}
	switch o.format {
	case "json":
		if problems == nil {
			problems = []problem{}
		}
		data, err := json.MarshalIndent(problems, "", "    ")
		if err != nil {
			return err
		}
		o.printf("%s\n", data)
	case "simple":
		for _, p := range problems {
			o.printf("%s:%d: %s: %s%s\n", p.Source, p.Line, p.Severity, p.object("%s/%s: "), p.text())
		}
	default:
		o.pretty(objects, problems, mistakes, warnings)
	}
	if mistakes > 0 || o.warnings && warnings > 0 {
		return &failure{"mistakes were found"}
	}
	return nil
}

func (p *problem) text() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// object is what has the problem, unless it was no object.
func (p *problem) object(format string) string {
	if p.Kind == "" {
		return ""
	}
	return fmt.Sprintf(format, p.Kind, p.Name)
}

// pretty prints the problems below the objects that have them.
func (o *lintOptions) pretty(objects int, problems []problem, mistakes, warnings int) {
	s := o.screen()
	signs := map[lint.Severity]string{lint.Error: "✖", lint.Warning: "⚠"}
	good := "✔"
	if o.ascii {
		signs, good = map[lint.Severity]string{lint.Error: "x", lint.Warning: "!"}, "+"
	}
	// Those of one object stand together, below its name.
	var titles []string
	lines := map[string][]string{}
	for i := range problems {
		p := &problems[i]
		title := fmt.Sprintf("%s:%d:%s", p.Source, p.Line, p.object(" %s %s"))
		if _, known := lines[title]; !known {
			titles = append(titles, title)
		}
		lines[title] = append(lines[title], fmt.Sprintf("  %s %s", s.Paint(tree.Style(p.Severity), signs[p.Severity]), p.text()))
	}
	for _, title := range titles {
		o.printf("%s\n%s\n", s.Paint(tree.Strong, strings.TrimSuffix(title, ":")), strings.Join(lines[title], "\n"))
	}
	summary := fmt.Sprintf("%s %s, no mistakes", s.Paint("Succeeded", good), count(objects, "object"))
	if mistakes > 0 {
		summary = fmt.Sprintf("%s %s in %s", s.Paint("error", signs[lint.Error]), count(mistakes, "mistake"), count(objects, "object"))
	}
	if warnings > 0 {
		summary += ", " + count(warnings, "warning")
	}
	o.printf("%s\n", summary)
	if o.dryRun != dryRunServer && !o.defaults.given() && slices.ContainsFunc(problems, remediable) {
		o.printf("What the controller's workflowDefaults give is not missing when its ConfigMap is there too: see --controller-config.\n")
	}
}

// remediable tells mistakes that workflowDefaults could remedy.
func remediable(p problem) bool {
	return p.Severity == lint.Error && strings.HasSuffix(p.Path, ".entrypoint") || strings.HasSuffix(p.Path, ".image") || strings.HasPrefix(p.Path, "spec.arguments.")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
