package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKnownTable(t *testing.T) {
	if _, err := parseKnown(knownTable); err != nil {
		t.Error(err)
	}
	for name, content := range map[string]string{
		"no reason":   "file\treason\na.yaml\t\n",
		"no heading":  "a.yaml\tlots\n",
		"many cells":  "file\treason\na.yaml\tlots\tmore\n",
		"only a file": "file\treason\na.yaml\n",
	} {
		if _, err := parseKnown(content); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestReportFailsOnWhatIsNotKnown(t *testing.T) {
	differs := result{path: "a.yaml"}.of(differences{tree: []string{"WF: phase", "WF: message"}})
	tests := []struct {
		name    string
		results []result
		wantOK  bool
		want    []string
	}{
		{"same and skipped", []result{result{path: "s.yaml"}.of(differences{}), result{path: "k.yaml"}.skipped("needs more")}, true,
			[]string{"2 examples: 1 same, 0 tree differs, 0 phase differs, 0 not run, 1 skipped; 0 of the differences known, 0 not", "k.yaml  needs more"}},
		{"known", []result{known{"a.yaml": "draws lots"}.judge(differs)}, true, []string{"known: draws lots [WF: phase (and 1 more)]", "1 of the differences known"}},
		{"not known", []result{known{"b.yaml": "draws lots"}.judge(differs)}, false, []string{"tree differs", "  WF: message\n"}},
		{"phase", []result{result{path: "p.yaml"}.of(differences{phase: "Failed, want Succeeded"})}, false, []string{"phase differs"}},
		{"error", []result{result{path: "e.yaml"}.failed(errors.New("refused"))}, false, []string{"not run", "refused"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			ok, err := report(io.Discard, dir, test.results)
			if err != nil || ok != test.wantOK {
				t.Errorf("ok %v (%v), want %v", ok, err, test.wantOK)
			}
			content, err := os.ReadFile(filepath.Join(dir, "table.txt"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(string(content), want) {
					t.Errorf("table lacks %q:\n%s", want, content)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "junit.xml")); err != nil {
				t.Error(err)
			}
		})
	}
}
