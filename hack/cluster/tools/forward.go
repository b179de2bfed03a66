package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// runForward carries TCP connections into another network namespace. A socket
// belongs to the namespace it was opened in: the listener is opened here, then
// the process starts itself anew inside the namespace with that listener as an
// inherited file, so that it accepts outside and dials inside.
func runForward(args []string) error {
	fs := newFlags("forward")
	listen := fs.String("listen", "", "address to listen on, in this namespace")
	netns := fs.String("netns", "", "file of the network namespace to connect from, such as /proc/PID/ns/net")
	to := fs.String("to", "", "address to connect to, in that namespace")
	inherited := fs.Int("listener-fd", 0, "set by the command itself: the listener's file descriptor")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *inherited > 0 {
		l, err := net.FileListener(os.NewFile(uintptr(*inherited), "listener"))
		if err != nil {
			return err
		}
		return forward(l, *to)
	}
	if err := need(fs, "listen", "netns", "to"); err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	// Dup clears close-on-exec.
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return err
	}
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	argv := []string{"nsenter", "--net=" + *netns, self, "forward", "-listener-fd", strconv.Itoa(fd), "-to", *to}
	return fmt.Errorf("starting nsenter: %w", syscall.Exec(nsenter, argv, os.Environ()))
}

// forward serves connections until the listener fails.
func forward(l net.Listener, to string) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			target, err := net.DialTimeout("tcp", to, 5*time.Second)
			if err != nil {
				log.Print(err)
				return
			}
			defer target.Close()
			join(c.(*net.TCPConn), target.(*net.TCPConn))
		}()
	}
}

// join copies both ways until both sides have ended, passing each end on.
func join(a, b *net.TCPConn) {
	done := make(chan struct{})
	copyOne := func(to, from *net.TCPConn) {
		if _, err := io.Copy(to, from); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			log.Print(err)
		}
		_ = to.CloseWrite()
		done <- struct{}{}
	}
	go copyOne(a, b)
	go copyOne(b, a)
	<-done
	<-done
}
