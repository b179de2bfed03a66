package embedded

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/klog/v2"
)

func start(t *testing.T, dir string) *Server {
	t.Helper()
	server, err := Start(t.Context(), Options{DataDir: dir, UnsafeNoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func TestDataSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	for round, want := range []string{"", "kept"} {
		server := start(t, dir)
		if err := server.Check(nil); err != nil {
			t.Fatalf("round %d: health check: %v", round, err)
		}
		client, err := server.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Get(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		value := ""
		if len(got.Kvs) > 0 {
			value = string(got.Kvs[0].Value)
		}
		if value != want {
			t.Errorf("round %d: got %q, want %q", round, value, want)
		}
		if _, err := client.Put(t.Context(), "key", "kept"); err != nil {
			t.Fatal(err)
		}
		client.Close()
		server.Close()
		if err := server.Check(nil); err == nil {
			t.Errorf("round %d: a closed server must not be healthy", round)
		}
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	// flock is held by the open file, so a second open in this process conflicts as one of another process would.
	_, err := Start(t.Context(), Options{DataDir: dir, LockTimeout: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d on", os.Getpid())) {
		t.Fatalf("want a message that names the other process, got %v", err)
	}
	if err := first.Check(nil); err != nil {
		t.Errorf("the first server must not notice: %v", err)
	}
}

// A pod that is replaced may still be closing its store when its successor starts.
func TestSuccessorWaitsForItsPredecessor(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	started := make(chan error, 1)
	go func() {
		second, err := Start(context.Background(), Options{DataDir: dir, UnsafeNoFsync: true})
		if err == nil {
			second.Close()
		}
		started <- err
	}()
	first.Close()
	if err := <-started; err != nil {
		t.Error(err)
	}
}

func TestDataDirectoriesThatDoNotSuitSockets(t *testing.T) {
	for _, name := range []string{strings.Repeat("long/", 40), "a,b=c", "100%"} {
		dir := filepath.Join(t.TempDir(), name)
		server := start(t, dir)
		sockets := server.socketDir
		if sockets == "" {
			t.Fatalf("%s: the sockets should be elsewhere", dir)
		}
		server.Close()
		if _, err := os.Stat(sockets); !os.IsNotExist(err) {
			t.Errorf("the directory of the sockets must be removed: %v", err)
		}
	}
}

func TestNoErrorsInTheLogOfAnOrderlyRun(t *testing.T) {
	var log bytes.Buffer
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	_ = flags.Set("logtostderr", "false")
	_ = flags.Set("stderrthreshold", "FATAL")
	klog.SetOutput(&log)
	t.Cleanup(func() {
		klog.SetOutput(os.Stderr)
		_ = flags.Set("logtostderr", "true")
	})
	server := start(t, t.TempDir())
	client, err := server.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	client.Close()
	server.Close()
	klog.Flush()
	for line := range strings.Lines(log.String()) {
		if strings.HasPrefix(line, "E") {
			t.Errorf("error-level line: %s", line)
		}
	}
}

func TestStartFailures(t *testing.T) {
	if _, err := Start(t.Context(), Options{}); err == nil {
		t.Error("no data directory: want an error")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{DataDir: file}); err == nil {
		t.Error("data directory is a file: want an error")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := Start(cancelled, Options{DataDir: dir}); err == nil {
		t.Error("cancelled: want an error")
	}
	start(t, dir) // nothing of the failed start holds the directory
}

func TestWorthDefragmenting(t *testing.T) {
	for _, tc := range []struct {
		size, inUse int64
		want        bool
	}{
		{100 << 20, 1 << 20, false},
		{1 << 30, 1 << 29, false},
		{1 << 30, 400 << 20, true},
		{400 << 20, 300 << 20, false},
	} {
		if got := worthDefragmenting(tc.size, tc.inUse); got != tc.want {
			t.Errorf("size %d, in use %d: got %v", tc.size, tc.inUse, got)
		}
	}
}

func TestDefragmentKeepsData(t *testing.T) {
	server := start(t, t.TempDir())
	client, err := server.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Put(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if err := server.Defragment(); err != nil {
		t.Fatal(err)
	}
	got, err := client.Get(t.Context(), "a")
	if err != nil || len(got.Kvs) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
}
