package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// measurement is one figure.
type measurement struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Detail  string  `json:"detail,omitempty"`
}

// report is what was measured, on what.
type report struct {
	Started      time.Time     `json:"started"`
	Machine      string        `json:"machine"`
	CPUs         int           `json:"cpus"`
	Load         string        `json:"loadAtStart"`
	Go           string        `json:"go"`
	Kubernetes   string        `json:"kubernetes"`
	Notes        []string      `json:"notes"`
	Measurements []measurement `json:"measurements"`
}

func newReport(o *options) *report {
	r := &report{Started: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(), Go: runtime.Version()}
	r.Notes = append(r.Notes, "Load, fake kubelet, Kubernetes and Fairlead share the CPUs of the machine where they all run on it.")
	if o.local {
		r.Notes = append(r.Notes, "The local cluster's own etcd keeps its data in memory and never waits for a disk (no fsync). Fairlead's embedded etcd writes to a directory of the machine and does fsync: its figures carry a cost that bare pods do not have here.")
	}
	return r
}

func (r *report) describeMachine(ctx context.Context, b *bench) error {
	version, err := b.kube.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("the cluster does not answer: %w", err)
	}
	r.Kubernetes = version.GitVersion
	r.Machine = cpuModel()
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	fmt.Printf("%d CPUs (%s), load %s; Kubernetes %s; %s\n", r.CPUs, r.Machine, r.Load, r.Kubernetes, r.Go)
	return context.Cause(ctx)
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	if m := regexp.MustCompile(`model name\s*:\s*(.*)`).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}

func (r *report) add(section, name string, value float64, unit, detail string) {
	r.Measurements = append(r.Measurements, measurement{section, name, value, unit, detail})
}

func (r *report) printSection(w io.Writer, section string) {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, m := range r.Measurements {
		if m.Section == section {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Name, number(m.Value), m.Unit, m.Detail)
		}
	}
	_ = table.Flush() // the writer is the terminal
}

// number shows three significant digits or the whole part, whichever is more.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

func (r *report) printNotes(w io.Writer) {
	fmt.Fprintln(w)
	for _, note := range r.Notes {
		fmt.Fprintln(w, "Note:", note)
	}
}

func (r *report) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Printf("\n%d figures in %s\n", len(r.Measurements), path)
	return nil
}

// goBenchmark is a line of `go test -bench`: a name, a count, then pairs of value and unit.
var goBenchmark = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s+(\d+)\s+(.*)$`)

// addGoBenchmarks takes the figures out of what `go test -bench` printed.
func (r *report) addGoBenchmarks(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		m := goBenchmark.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		pairs := strings.Fields(m[3])
		for i := 0; i+1 < len(pairs); i += 2 {
			value, err := strconv.ParseFloat(pairs[i], 64)
			if err != nil {
				return fmt.Errorf("%s: %q: %w", file, lines.Text(), err)
			}
			r.add("go", strings.TrimPrefix(m[1], "Benchmark"), value, pairs[i+1], m[2]+" iterations")
		}
	}
	return lines.Err()
}

// quantile is the q-th quantile (nearest rank) of some times, zero when there are none.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
