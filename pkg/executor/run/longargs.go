package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// argBytes is one more than the length of the longest argument that Linux lets a command have.
const argBytes = 128 << 10

// withLongArgs appends the arguments that are in the shared volume because they were too long for the pod. One that is too
// long for Linux as well becomes a file, and the argument its name after an @ (EXE-15).
func (r *runner) withLongArgs(command []string) ([]string, error) {
	if !r.own.LongArgs {
		return command, nil
	}
	args, err := r.dir.ReadArgs()
	if err != nil {
		return nil, fmt.Errorf("the arguments cannot be read: %w", err)
	}
	for i, arg := range args {
		if len(arg) < argBytes {
			continue
		}
		file, err := r.keepArg(i, arg)
		if err != nil {
			return nil, fmt.Errorf("argument %d has %d bytes, and the file for it cannot be written: %w", i, len(arg), err)
		}
		args[i] = "@" + file
	}
	return append(command[:len(command):len(command)], args...), nil
}

// keepArg writes an argument into /tmp, or into the shared volume where an image has no /tmp that can be written to.
func (r *runner) keepArg(i int, arg string) (string, error) {
	name := "argo_arg_" + strconv.Itoa(i) + ".txt"
	file := filepath.Join("/tmp", name)
	if err := os.WriteFile(file, []byte(arg), 0o644); err == nil {
		return file, nil
	}
	file = filepath.Join(string(r.dir), name)
	return file, os.WriteFile(file, []byte(arg), 0o644)
}
