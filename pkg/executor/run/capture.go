package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"fairlead.dev/fairlead/pkg/executor/volume"
)

// pipeBytes is how far the command may be ahead of the log; what any user may ask of Linux.
const pipeBytes = 1 << 20

// capture passes the command's standard output on, unchanged, and keeps its end.
type capture struct {
	writer, reader *os.File
	out            io.Writer
	tail           *volume.Tail
	ended          chan struct{}
}

func newCapture(dir volume.Container, stdout *os.File) (*capture, error) {
	tail, err := dir.NewTail()
	if err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if stdout == nil {
		stdout = os.Stdout
	}
	// A pipe of the default size works as well, only slower.
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), syscall.F_SETPIPE_SZ, pipeBytes)
	// The command must not meet a standard output that says "try again".
	if err := syscall.SetNonblock(int(writer.Fd()), false); err != nil {
		return nil, err
	}
	return &capture{writer: writer, reader: reader, out: stdout, tail: tail, ended: make(chan struct{})}, nil
}

// start begins passing on. The command has the writing end by now.
func (c *capture) start() {
	c.writer.Close()
	go func() {
		defer close(c.ended)
		buffer := make([]byte, volume.ChunkBytes)
		for {
			n, err := c.reader.Read(buffer)
			c.pass(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
}

// pass writes to the log first: the log must not wait for the result.
func (c *capture) pass(data []byte) {
	if len(data) == 0 {
		return
	}
	if c.out != nil {
		if _, err := c.out.Write(data); err != nil {
			fmt.Fprintln(os.Stderr, "fairlead: the log takes no more output:", err)
			c.out = nil
		}
	}
	if c.tail != nil {
		if _, err := c.tail.Write(data); err != nil {
			fmt.Fprintln(os.Stderr, "fairlead: the result cannot be kept:", err)
			c.tail = nil
		}
	}
}

// finish passes on what the command had written when it ended. Processes that it left behind may hold the pipe open; they
// end with this process, and what they would have written is not waited for.
func (c *capture) finish() {
	_ = c.reader.SetReadDeadline(time.Unix(1, 0))
	<-c.ended
	_ = c.reader.SetReadDeadline(time.Time{})
	raw, err := c.reader.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, volume.ChunkBytes)
	for left := pipeBytes; left > 0; {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			for {
				n, err = syscall.Read(int(fd), buffer)
				if !errors.Is(err, syscall.EINTR) {
					return true // also when there is nothing: no waiting
				}
			}
		})
		if err != nil || n <= 0 {
			return
		}
		c.pass(buffer[:n])
		left -= n
	}
}
