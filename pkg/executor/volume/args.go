package volume

import (
	"encoding/json"
	"fmt"
	"os"
)

// WriteArgs keeps arguments of the container's command that are too long for a pod.
func (c Container) WriteArgs(args []string) error {
	data, err := json.Marshal(args)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file("args.json"), data, 0o644); err != nil {
		return err
	}
	return os.Chmod(c.file("args.json"), 0o644) // the umask may have taken it
}

// ReadArgs reads them.
func (c Container) ReadArgs() ([]string, error) {
	data, err := os.ReadFile(c.file("args.json"))
	if err != nil {
		return nil, err
	}
	var args []string
	if err := json.Unmarshal(data, &args); err != nil {
		return nil, fmt.Errorf("%s: %w", c.file("args.json"), err)
	}
	return args, nil
}
