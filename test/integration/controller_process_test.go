package integration

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/cmd/fairlead-controller/app"
)

// controllerArguments, in the environment, turns this test binary into a controller with these arguments.
const controllerArguments = "FAIRLEAD_TEST_CONTROLLER"

// TestControllerProcess is not a test but the controller that other tests start as a process of its own, so that they can
// really kill it.
func TestControllerProcess(t *testing.T) {
	arguments, ok := os.LookupEnv(controllerArguments)
	if !ok {
		t.Skip("only other tests start this")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := app.Main(ctx, strings.Fields(arguments)); err != nil {
		t.Fatal(err)
	}
}

// controllerProcess is a running controller.
type controllerProcess struct {
	command *exec.Cmd
	output  *lockedBuffer
	ended   chan struct{}
}

// lockedBuffer is what a process says. The buffer is not embedded: io.Copy would then find its ReadFrom, past the lock.
type lockedBuffer struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.String()
}

// startController starts a controller that serves nothing; the test kills it at its end.
func startController(t testing.TB, kubeconfig string, flags ...string) *controllerProcess {
	t.Helper()
	arguments := append([]string{"--kubeconfig=" + kubeconfig, "--healthz-bind-address=", "--metrics-bind-address="}, flags...)
	p := &controllerProcess{output: &lockedBuffer{}, ended: make(chan struct{})}
	p.command = exec.Command(os.Args[0], "-test.run=^TestControllerProcess$", "-test.v")
	p.command.Env = append(os.Environ(), controllerArguments+"="+strings.Join(arguments, " "))
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("controller %d said:\n%s", p.command.Process.Pid, p.output)
		}
	})
	return p
}

func (p *controllerProcess) signal(s syscall.Signal) { _ = p.command.Process.Signal(s) }

// kill ends the process as a lost machine would, and waits until it is gone.
func (p *controllerProcess) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// alive returns a function that fails the test when one of the controllers has ended.
func alive(t testing.TB, processes ...*controllerProcess) func() {
	return func() {
		for _, p := range processes {
			select {
			case <-p.ended:
				t.Fatalf("a controller ended by itself:\n%s", p.output)
			default:
			}
		}
	}
}
