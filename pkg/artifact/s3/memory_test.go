package s3_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/test/s3server"
)

// watched notes the most memory in use while it is read.
type watched struct {
	io.Reader
	reads int
	most  *atomic.Uint64
}

func (w *watched) Read(p []byte) (int, error) {
	if w.reads++; w.reads%64 == 1 {
		note(w.most)
	}
	// Small reads, as a pipe gives them: memory is looked at between them.
	return w.Reader.Read(p[:min(len(p), 32<<10)])
}

func note(most *atomic.Uint64) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if in := stats.HeapInuse; in > most.Load() {
		most.Store(in)
	}
}

// Issue 4: memory does not depend on the size: 200 MB and 20 MB take about the same, within the executor's 64 MiB.
func TestConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: fairlead-store, a server of its own, is not started")
	}
	server := s3server.Store(t)
	ctx := context.Background()
	driver := driverFor(t, server, at(server, "x"))
	for _, size := range []int64{20 << 20, 200 << 20} {
		runtime.GC()
		var most atomic.Uint64
		must(t, driver.SaveStream(ctx, at(server, "large"), &watched{Reader: io.LimitReader(zeros{}, size), most: &most}))
		t.Logf("stream of %d MiB: %d MiB in use at most", size>>20, most.Load()>>20)
		if most.Load() > 48<<20 {
			t.Errorf("storing a stream of %d MiB took %d MiB", size>>20, most.Load()>>20)
		}

		most.Store(0)
		file, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
		must(t, err)
		must(t, file.Truncate(size))
		must(t, file.Close())
		runtime.GC()
		done := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-done:
					return
				default:
					note(&most)
					runtime.Gosched()
				}
			}
		}()
		must(t, driver.Save(ctx, at(server, "file"), file.Name()))
		loaded := filepath.Join(t.TempDir(), "loaded")
		must(t, driver.Load(ctx, at(server, "file"), loaded))
		close(done)
		<-stopped
		t.Logf("file of %d MiB: %d MiB in use at most", size>>20, most.Load()>>20)
		if most.Load() > 48<<20 {
			t.Errorf("storing and loading a file of %d MiB took %d MiB", size>>20, most.Load()>>20)
		}
		info, err := os.Stat(loaded)
		must(t, err)
		if info.Size() != size {
			t.Errorf("%d bytes came back of %d", info.Size(), size)
		}
		stream, attributes, err := driver.Open(ctx, at(server, "large"), artifact.Whole)
		must(t, err)
		stream.Close()
		if attributes.Size != size {
			t.Errorf("%d bytes are stored of %d", attributes.Size, size)
		}
	}
}
