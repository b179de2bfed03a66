package volume

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// PRM-14: the last 256 KiB, whatever the sizes of the pieces are, whole characters, one newline dropped.
func TestTail(t *testing.T) {
	cases := map[string]struct {
		pieces []string
		want   func(all string) string
	}{
		"nothing": {want: func(string) string { return "" }},
		"little":  {pieces: []string{"a", "b\n"}, want: func(string) string { return "ab" }},
		"exactly": {pieces: []string{strings.Repeat("x", ResultBytes)}, want: func(all string) string { return all }},
		"more":    {pieces: []string{strings.Repeat("0123456789", ResultBytes/5), "end"}, want: func(all string) string { return all[len(all)-ResultBytes:] }},
		"around": {pieces: lines(40000), want: func(all string) string {
			return strings.TrimSuffix(all[len(all)-ResultBytes:], "\n")
		}},
		"cut character": {pieces: []string{strings.Repeat("é", ResultBytes), "x"}, want: func(all string) string { return all[len(all)-ResultBytes+1:] }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := Of(t.TempDir(), "main")
			if err := dir.Create(); err != nil {
				t.Fatal(err)
			}
			tail, err := dir.NewTail()
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range c.pieces {
				if n, err := tail.Write([]byte(p)); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
			}
			got, err := dir.ReadResult()
			if err != nil || got == nil {
				t.Fatal(got, err)
			}
			if want := c.want(strings.Join(c.pieces, "")); *got != want {
				t.Errorf("%d bytes, want %d; ends %q", len(*got), len(want), (*got)[max(0, len(*got)-30):])
			}
		})
	}
}

func lines(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("line %d of many\n", i)
	}
	return all
}

// Links that lead out of a mirrored volume are not followed.
func TestReadStaysInside(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if f := Read(root.OpenFile, "out", 1000); f.Problem == "" || f.Content != "" {
		t.Errorf("%+v", f)
	}
}
