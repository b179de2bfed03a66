package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// pipeBytes is how far the command may be ahead of the log; what any user may ask of Linux.
const pipeBytes = 1 << 20

// capture passes an output of the command on, unchanged, and keeps its end, or all of it.
type capture struct {
	writer, reader *os.File
	out            io.Writer
	// tail keeps the end, log everything; each may be nil.
	tail  *volume.Tail
	log   *os.File
	ended chan struct{}
}

// captures are those of one run of the command.
type captures []*capture

// capture makes the pipes that are needed; stdout and stderr are what the command gets instead of this process' own.
func (r *runner) capture() (all captures, stdout, stderr uintptr, err error) {
	own := func(f, standard *os.File) *os.File {
		if f == nil {
			return standard
		}
		return f
	}
	out, errors := own(r.Stdout, os.Stdout), own(r.Stderr, os.Stderr)
	stdout, stderr = out.Fd(), errors.Fd()
	result := r.work.Result && r.Container == task.Main
	if !result && r.log == nil {
		return nil, stdout, stderr, nil
	}
	first, err := newCapture(out, r.log)
	if err != nil {
		return nil, 0, 0, err
	}
	all, stdout = captures{first}, first.writer.Fd()
	if result {
		if first.tail, err = r.dir.NewTail(); err != nil {
			all.close()
			return nil, 0, 0, err
		}
	}
	if r.log != nil {
		second, err := newCapture(errors, r.log)
		if err != nil {
			all.close()
			return nil, 0, 0, err
		}
		all, stderr = append(all, second), second.writer.Fd()
	}
	return all, stdout, stderr, nil
}

// close gives back what captures hold that were not, or only partly, made.
func (all captures) close() {
	for _, c := range all {
		c.writer.Close()
		c.close()
	}
}

func (all captures) start() {
	for _, c := range all {
		c.start()
	}
}

func (all captures) finish() {
	for _, c := range all {
		c.finish()
	}
}

func newCapture(out, log *os.File) (*capture, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// A pipe of the default size works as well, only slower.
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), syscall.F_SETPIPE_SZ, pipeBytes)
	// The command must not meet a standard output that says "try again".
	if err := syscall.SetNonblock(int(writer.Fd()), false); err != nil {
		reader.Close()
		writer.Close()
		return nil, err
	}
	return &capture{writer: writer, reader: reader, out: out, log: log, ended: make(chan struct{})}, nil
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
	if c.log != nil {
		if _, err := c.log.Write(data); err != nil {
			fmt.Fprintln(os.Stderr, "fairlead: the log cannot be kept for its archive:", err)
			c.log = nil
		}
	}
}

// finish passes on what the command had written when it ended. Processes that it left behind may hold the pipe open; they
// end with this process, and what they would have written is not waited for.
func (c *capture) finish() {
	defer c.close()
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

// close gives back the files of this run; the log is for all of them.
func (c *capture) close() {
	c.reader.Close()
	if c.tail != nil {
		c.tail.Close()
	}
}
