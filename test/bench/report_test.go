package main

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	var times []time.Duration
	for i := 100; i >= 1; i-- {
		times = append(times, time.Duration(i))
	}
	for _, test := range []struct {
		q    float64
		want time.Duration
	}{{0, 1}, {0.5, 51}, {0.99, 100}, {1, 100}} {
		if got := quantile(times, test.q); got != test.want {
			t.Errorf("quantile %v = %d, want %d", test.q, got, test.want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("quantile of nothing is not zero")
	}
}

func TestGoBenchmarksAreRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go.txt")
	text := "goos: linux\nBenchmarkTransition/nodes=1000-2   \t     842\t   1410236 ns/op\t   50213 B/op\nPASS\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := r.addGoBenchmarks(file); err != nil {
		t.Fatal(err)
	}
	want := []measurement{
		{"go", "Transition/nodes=1000", 1410236, "ns/op", "842 iterations"},
		{"go", "Transition/nodes=1000", 50213, "B/op", "842 iterations"},
	}
	if len(r.Measurements) != 2 || r.Measurements[0] != want[0] || r.Measurements[1] != want[1] {
		t.Errorf("got %+v", r.Measurements)
	}
}

func TestOptionsAreBounded(t *testing.T) {
	good := options{kubeconfig: "x", rounds: 1, chain: 10, burst: 100, throughput: 500, gapRuns: 50, gapSteps: 10, gapLife: time.Second, fanout: 1000, timeout: time.Minute}
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*options){
		"too many":        func(o *options) { o.throughput = 1000000 },
		"none":            func(o *options) { o.burst = 0 },
		"for ever":        func(o *options) { o.timeout = 24 * time.Hour },
		"unknown section": func(o *options) { o.only = "chain,speed" },
		"no life":         func(o *options) { o.gapLife = 0 },
		"no cluster":      func(o *options) { o.kubeconfig = "" },
	} {
		o := good
		spoil(&o)
		if o.validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAtOnce(t *testing.T) {
	var n atomic.Int32
	if err := atOnce(1000, func(int) error { n.Add(1); return nil }); err != nil || n.Load() != 1000 {
		t.Errorf("%d calls, %v", n.Load(), err)
	}
	broken := errors.New("broken")
	if err := atOnce(1000, func(i int) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
}
