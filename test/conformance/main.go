package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// examplesEnv is the environment variable that says where the examples are. Default: shared/examples beside the repository.
const examplesEnv = "FAIRLEAD_EXAMPLES"

// options are the command line.
type options struct {
	kubeconfig string
	examples   string
	output     string
	only       string
	parallel   int
	timeout    time.Duration
	keep       bool
	all        bool
}

func (o *options) addFlags(fs *flag.FlagSet) {
	examples := os.Getenv(examplesEnv)
	if examples == "" {
		examples = filepath.Join("..", "shared", "examples")
	}
	fs.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "the cluster")
	fs.StringVar(&o.examples, "examples", examples, "directory of the examples, with EXPECTED.tsv and truth/")
	fs.StringVar(&o.output, "output", "_output/conformance", "directory for table.txt, junit.xml and the trees that differ")
	fs.StringVar(&o.only, "only", "", "regular expression: run only the files whose path matches")
	fs.IntVar(&o.parallel, "parallel", 6, "how many examples run at a time (1-32)")
	fs.DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long one example may take")
	fs.BoolVar(&o.keep, "keep", false, "leave the namespaces in the cluster")
	fs.BoolVar(&o.all, "all", false, "run also what asks for something that this version does not have")
}

func (o *options) validate() error {
	if o.kubeconfig == "" {
		return fmt.Errorf("--kubeconfig or KUBECONFIG has to name a cluster; `make conformance` brings one up")
	}
	if _, err := os.Stat(filepath.Join(o.examples, catalogueFile)); err != nil {
		return fmt.Errorf("no examples at %s (%w): set %s or --examples to a directory that has them", o.examples, err, examplesEnv)
	}
	if o.parallel < 1 || o.parallel > 32 {
		return fmt.Errorf("--parallel=%d is out of range, it goes from 1 to 32", o.parallel)
	}
	if _, err := regexp.Compile(o.only); err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	return nil
}

//go:embed known.tsv
var knownTable string

func main() {
	var o options
	o.addFlags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run returns whether everything that ran is as expected.
func run(ctx context.Context, o options) (bool, error) {
	if err := o.validate(); err != nil {
		return false, err
	}
	known, err := parseKnown(knownTable)
	if err != nil {
		return false, err
	}
	library, err := loadLibrary(o.examples)
	if err != nil {
		return false, err
	}
	examples := library.runnable(regexp.MustCompile(o.only))
	c, err := connect(o.kubeconfig)
	if err != nil {
		return false, err
	}
	if err := c.labelNodes(ctx, nodeLabels); err != nil {
		return false, err
	}
	if err := c.listImages(ctx); err != nil {
		return false, err
	}
	repository, err := c.repository(ctx)
	if err != nil {
		return false, err
	}
	r := &runner{cluster: c, store: repository != nil, library: library, timeout: o.timeout, keep: o.keep, all: o.all, output: o.output}
	results := r.runAll(ctx, examples, o.parallel, known)
	return report(os.Stdout, o.output, results)
}

// runAll runs the examples, a few at a time, and returns what became of them in their order.
func (r *runner) runAll(ctx context.Context, examples []*example, parallel int, known known) []result {
	results := make([]result, len(examples))
	next := make(chan int)
	var done sync.WaitGroup
	var printing sync.Mutex
	finished := 0
	for range parallel {
		done.Go(func() {
			for i := range next {
				started := time.Now()
				res := r.run(ctx, examples[i])
				res.took = time.Since(started)
				results[i] = known.judge(res)
				printing.Lock()
				finished++
				fmt.Printf("[%d/%d] %s\n", finished, len(examples), results[i].line())
				printing.Unlock()
			}
		})
	}
	for i := range examples {
		next <- i
	}
	close(next)
	done.Wait()
	return results
}
