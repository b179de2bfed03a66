package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// report prints the table and the counts, and writes both and the junit file to dir. It returns whether all is as expected.
func report(w io.Writer, dir string, results []result) (bool, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	text := table(results)
	fmt.Fprint(w, "\n", text)
	if err := os.WriteFile(filepath.Join(dir, "table.txt"), []byte(text), 0o644); err != nil {
		return false, err
	}
	content, err := junit(results)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(dir, "junit.xml"), content, 0o644); err != nil {
		return false, err
	}
	for _, r := range results {
		if r.bad() {
			return false, nil
		}
	}
	return true, nil
}

// table lists every example, then every difference, then the counts.
func table(results []result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintln(&b, r.line())
	}
	for _, r := range results {
		if len(r.details) > 1 {
			fmt.Fprintf(&b, "\n%s: %s\n", r.path, r.outcome)
			for _, line := range r.details {
				fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(line, "\n", "\\n"))
			}
		}
	}
	counts := map[outcome]int{}
	knownOnes, bad := 0, 0
	for _, r := range results {
		counts[r.outcome]++
		if r.known != "" {
			knownOnes++
		}
		if r.bad() {
			bad++
		}
	}
	var parts []string
	for _, o := range outcomes {
		parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
	}
	fmt.Fprintf(&b, "\n%d examples: %s; %d of the differences known, %d not\n", len(results), strings.Join(parts, ", "), knownOnes, bad)
	return b.String()
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Seconds string     `xml:"time,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
	Output  string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit writes the results for tools that show test results. A known difference passes; its reason is the output.
func junit(results []result) ([]byte, error) {
	suite := junitSuite{Name: "conformance", Tests: len(results)}
	for _, r := range results {
		c := junitCase{Class: "conformance", Name: r.path, Seconds: fmt.Sprintf("%.3f", r.took.Seconds())}
		text := &junitText{Message: r.text, Text: strings.Join(r.details, "\n")}
		switch {
		case r.outcome == outcomeSkipped:
			c.Skipped = text
			suite.Skipped++
		case r.bad():
			c.Failure = text
			suite.Failures++
		case r.known != "":
			c.Output = "known: " + r.known + "\n" + text.Text
		}
		suite.Cases = append(suite.Cases, c)
	}
	content, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(content, '\n')...), nil
}
