package stage

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/executor/task"
	"fairlead.dev/fairlead/pkg/executor/volume"
)

// POD-01, TPL-02: init leaves the wrapper, the task, and a directory that any user can write; a long script comes whole.
func TestMain_Stages(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(dir, "shared")
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	source := strings.Repeat("echo 'quite a long script: é $(HOME)'\n", 20000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(source)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	encoded := base64.StdEncoding.EncodeToString(packed.Bytes())
	env := map[string]string{task.Env: `{"apiGroup":"argoproj.io","nodeID":"demo-1","containers":[{"name":"main"}]}`}
	for i := 0; len(encoded) > 0; i++ {
		n := min(len(encoded), 1000)
		env[task.ScriptEnv+strconv.Itoa(i)] = encoded[:n]
		encoded = encoded[n:]
	}
	options := Options{
		Shared: shared, Wrapper: program, Script: filepath.Join(dir, "script"),
		Getenv: func(name string) string { return env[name] },
	}
	if err := Main(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{
		filepath.Join(shared, task.Wrapper): 0o755, filepath.Join(shared, "task.json"): 0o644, options.Script: 0o755,
		filepath.Join(shared, "ctr", "main"): os.ModeDir | 0o777, filepath.Join(shared, "ctr", "main", "lock"): 0o666,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	if got, err := os.ReadFile(options.Script); err != nil || string(got) != source {
		t.Errorf("the script has %d bytes, want %d: %v", len(got), len(source), err)
	}
	if volume.Of(shared, "main").Ready() {
		t.Error("main is not ready before it started")
	}
}

// Mistakes are told, not staged.
func TestMain_Refuses(t *testing.T) {
	good := `{"nodeID":"demo-1"}`
	cases := map[string]struct {
		env  map[string]string
		want string
	}{
		"no task":        {map[string]string{}, task.Env + " is not set"},
		"damaged task":   {map[string]string{task.Env: "{"}, "cannot be read"},
		"damaged script": {map[string]string{task.Env: good, task.ScriptEnv + "0": "????"}, "script"},
		"no wrapper":     {map[string]string{task.Env: `{"containers":[{"name":"main"}]}`}, "no-such-file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			wrapper := filepath.Join(dir, "wrapper")
			if name == "no wrapper" {
				wrapper = filepath.Join(dir, "no-such-file")
			} else if err := os.WriteFile(wrapper, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			err := Main(t.Context(), Options{Shared: dir, Wrapper: wrapper, Script: filepath.Join(dir, "script"), Getenv: func(n string) string { return c.env[n] }})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q in it", err, c.want)
			}
		})
	}
}
