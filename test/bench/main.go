package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// options are the command line.
type options struct {
	kubeconfig string
	output     string
	only       string
	goBench    string
	image      string
	local      bool

	rounds     int
	chain      int
	burst      int
	throughput int
	gapRuns    int
	gapSteps   int
	gapLife    time.Duration
	fanout     int
	timeout    time.Duration
}

func (o *options) addFlags(fs *flag.FlagSet) {
	fs.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "the cluster; it must be yours to load")
	fs.StringVar(&o.output, "output", "_output/bench", "directory for results.json")
	fs.StringVar(&o.only, "only", "", "sections to run, separated by commas: chain, burst, kinds, throughput, gap, fanout, writes (default: all)")
	fs.StringVar(&o.goBench, "go-bench", "", "file with output of `go test -bench`, to put into results.json as well")
	fs.StringVar(&o.image, "image", "busybox", "image of the pods that really run; it must have `true`")
	fs.BoolVar(&o.local, "local-cluster", false, "the cluster is the one of hack/cluster: say in the output what that means")
	fs.IntVar(&o.rounds, "rounds", 3, "how often to measure workflows and bare pods in turn (1-20)")
	fs.IntVar(&o.chain, "chain", 10, "length of the chain that really runs (1-50)")
	fs.IntVar(&o.burst, "burst", 100, "workflows that really run at once (1-500)")
	fs.IntVar(&o.throughput, "throughput", 500, "one-pod workflows at once on the fake nodes (1-5000)")
	fs.IntVar(&o.gapRuns, "gap-runs", 50, "runs in flight while gaps between steps are measured (1-500)")
	fs.IntVar(&o.gapSteps, "gap-steps", 10, "steps of each of those runs (2-100)")
	fs.DurationVar(&o.gapLife, "gap-pod-life", 2*time.Second, "how long the pods of those runs live on average (up to 1m)")
	fs.IntVar(&o.fanout, "fanout", 1000, "pods of the one workflow that fans out (1-5000)")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Minute, "end of the whole program, whatever is left to measure (at most 2h)")
}

// validate refuses counts that would make this a tool for something else.
func (o *options) validate() error {
	for _, limit := range []struct {
		flag            string
		value, min, max int
	}{
		{"rounds", o.rounds, 1, 20}, {"chain", o.chain, 1, 50}, {"burst", o.burst, 1, 500}, {"throughput", o.throughput, 1, 5000},
		{"gap-runs", o.gapRuns, 1, 500}, {"gap-steps", o.gapSteps, 2, 100}, {"fanout", o.fanout, 1, 5000},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			return fmt.Errorf("--%s=%d is out of range, it goes from %d to %d", limit.flag, limit.value, limit.min, limit.max)
		}
	}
	if o.gapLife <= 0 || o.gapLife > time.Minute {
		return fmt.Errorf("--gap-pod-life=%s is out of range, it goes up to 1m", o.gapLife)
	}
	if o.timeout <= 0 || o.timeout > 2*time.Hour {
		return fmt.Errorf("--timeout=%s is out of range, it goes up to 2h", o.timeout)
	}
	for _, name := range o.sections() {
		if sections[name] == nil {
			return fmt.Errorf("--only: no section %q", name)
		}
	}
	if o.kubeconfig == "" {
		return fmt.Errorf("--kubeconfig or KUBECONFIG has to name a cluster")
	}
	return nil
}

// order is how the sections run: what really runs first, then what only the fake nodes carry.
var order = []string{"chain", "burst", "kinds", "throughput", "gap", "fanout", "writes"}

var sections = map[string]func(*bench, context.Context) error{
	"chain":      (*bench).runChain,
	"burst":      (*bench).runBurst,
	"kinds":      (*bench).runKinds,
	"throughput": (*bench).runThroughput,
	"gap":        (*bench).runGap,
	"fanout":     (*bench).runFanout,
	"writes":     (*bench).runWrites,
}

func (o *options) sections() []string {
	if o.only == "" {
		return order
	}
	return strings.Split(o.only, ",")
}

func main() {
	var o options
	o.addFlags(flag.CommandLine)
	flag.Parse()
	if err := o.validate(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	// The libraries log broken connections of port forwards, which the end of each of them is. What matters is returned.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	err := run(ctx, &o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) (err error) {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	if err := b.report.describeMachine(ctx, b); err != nil {
		return err
	}
	if o.goBench != "" {
		if err := b.report.addGoBenchmarks(o.goBench); err != nil {
			return err
		}
	}
	defer func() {
		// What was measured before an error is worth keeping.
		if e := b.report.write(filepath.Join(o.output, "results.json")); err == nil {
			err = e
		}
	}()
	defer b.close()
	for _, name := range o.sections() {
		fmt.Printf("\n== %s\n", name)
		if err := sections[name](b, ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.report.printSection(os.Stdout, name)
	}
	b.report.printNotes(os.Stdout)
	return nil
}
