package tree

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// listing is everything below a directory: mode, name, content or target.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		line := fmt.Sprintf("%v %s", info.Mode(), rel)
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			line += " " + string(content)
		case info.Mode()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(name)
			line += " " + target
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sample is a directory with all that an artifact may have.
func sample(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "sub", "empty"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "a"), []byte("content"), 0o640))
	must(os.WriteFile(filepath.Join(dir, "nothing"), nil, 0o600))
	for i, name := range []string{"two\nlines", "-rf", `back\slash`, "ünï €日本", " blank ", "*?[a]", "..dots..", "tab\tand\rreturn", strings.Repeat("l", 200), "deep/" + strings.Repeat("down/", 60) + "leaf"} {
		must(os.MkdirAll(filepath.Dir(filepath.Join(dir, "names", name)), 0o755))
		must(os.WriteFile(filepath.Join(dir, "names", name), []byte{byte('0' + i)}, 0o644))
	}
	must(os.WriteFile(filepath.Join(dir, "sub", "program"), []byte("#!"), 0o755))
	must(os.Chmod(filepath.Join(dir, "sub", "program"), 0o755))
	must(os.Symlink("../a", filepath.Join(dir, "sub", "link")))
	must(os.Chmod(filepath.Join(dir, "sub", "empty"), 0o700))
	must(os.Chmod(filepath.Join(dir, "sub"), 0o555))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "sub"), 0o755) })
	return dir
}

// ART-06, ART-07: files, modes, links, empty files and directories go through every kind of archive unchanged.
func TestRoundTrips(t *testing.T) {
	source := sample(t)
	want := listing(t, source)
	parent := openRoot(t, filepath.Dir(source))
	archives := map[string]func(t *testing.T, into *os.Root){
		"tar": func(t *testing.T, into *os.Root) {
			var packed bytes.Buffer
			if err := WriteTar(&packed, Files(parent, "sample"), "sample"); err != nil {
				t.Fatal(err)
			}
			if err := Untar(&packed, into); err != nil {
				t.Fatal(err)
			}
		},
		"tar of a tar file": func(t *testing.T, into *os.Root) {
			f, err := os.CreateTemp(t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := WriteTar(f, Files(parent, "sample"), "sample"); err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := WriteTar(&again, NewTarFile(f), "other"); err != nil {
				t.Fatal(err)
			}
			if err := Untar(&again, into); err != nil {
				t.Fatal(err)
			}
		},
		"zip": func(t *testing.T, into *os.Root) {
			f, err := os.CreateTemp(t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := WriteZip(f, Files(parent, "sample"), "sample"); err != nil {
				t.Fatal(err)
			}
			if err := Unzip(f, into); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, archive := range archives {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			root := openRoot(t, dir)
			if err := root.Mkdir("staging", 0o755); err != nil {
				t.Fatal(err)
			}
			into, err := root.OpenRoot("staging")
			if err != nil {
				t.Fatal(err)
			}
			defer into.Close()
			archive(t, into)
			top, err := Unwrapped(root, "staging")
			if err != nil {
				t.Fatal(err)
			}
			if err := Move(root, top, "result"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "result", "sub"), 0o755) })
			if got := listing(t, filepath.Join(dir, "result")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// ART-07: a single entry is unwrapped, several are not.
func TestUnwrapped(t *testing.T) {
	root := openRoot(t, t.TempDir())
	for _, c := range []struct {
		files []string
		want  string
	}{{nil, "d0"}, {[]string{"a"}, "d1/a"}, {[]string{"a", "b"}, "d2"}, {[]string{"a", "b", "c"}, "d3"}} {
		dir := fmt.Sprintf("d%d", len(c.files))
		if err := root.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range c.files {
			if err := root.WriteFile(dir+"/"+name, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := Unwrapped(root, dir); err != nil || got != c.want {
			t.Errorf("%v: %s, %v; want %s", c.files, got, err, c.want)
		}
	}
}

// ART-07: what leads out of the artifact is refused, and nothing outside is touched.
func TestTrap24_UntarRefusesEscapes_ART07(t *testing.T) {
	regular := func(name string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 4}
	}
	directory := func(name string) tar.Header {
		return tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: 0o755}
	}
	link := func(name, target string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
	}
	cases := map[string][]tar.Header{
		"path":                 {regular("../evil")},
		"path within":          {regular("a/../../evil")},
		"absolute link":        {link("a", "/etc/passwd")},
		"link upwards":         {link("a/b", "../../evil")},
		"file through a link":  {link("a", ".."), regular("a/evil")},
		"hard link to outside": {{Name: "a", Typeflag: tar.TypeLink, Linkname: "../secret"}},
		"hard link to a link":  {directory("a"), regular("x"), link("a/l", "../x"), {Name: "out", Typeflag: tar.TypeLink, Linkname: "a/l"}},
		"directory":            {{Name: "../evil/", Typeflag: tar.TypeDir, Mode: 0o755}},
		"link through a link":  {directory("a/b"), link("a/b/top", "../.."), link("esc", "a/b/top/.."), regular("f")},
		"link behind a link":   {directory("a/b"), link("a/b/top", "../.."), link("a/b/top/esc", "../.."), regular("f")},
		"links in a row":       {directory("a/b"), link("a/b/up", ".."), link("a/b/upper", "up/.."), link("esc", "a/b/upper/../x"), regular("f")},
		"a link that comes in the place of a directory": {link("esc", "a/b/../../f"), directory("c"), link("a", "c"), link("c/b", ".."), regular("f")},
		"out of the one directory":                      {directory("top"), link("top/esc", "../x")},
		"nothing but a link":                            {link("top", "x")},
	}
	for name, headers := range cases {
		t.Run(name, func(t *testing.T) {
			outside := t.TempDir()
			if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
				t.Fatal(err)
			}
			inside := filepath.Join(outside, "inside")
			if err := os.Mkdir(inside, 0o755); err != nil {
				t.Fatal(err)
			}
			var packed bytes.Buffer
			w := tar.NewWriter(&packed)
			for i := range headers {
				if err := w.WriteHeader(&headers[i]); err != nil {
					t.Fatal(err)
				}
				if headers[i].Size > 0 {
					if _, err := io.WriteString(w, "evil"); err != nil {
						t.Fatal(err)
					}
				}
			}
			w.Close()
			if err := Untar(&packed, openRoot(t, inside)); err == nil {
				t.Error("unpacked without a word")
			}
			if entries, _ := os.ReadDir(outside); len(entries) != 2 {
				t.Errorf("something was written outside: %v", entries)
			}
		})
	}
}

// ART-07: a hard link is another name of the same file; archives of other programs have them.
func TestUntarHardLinks(t *testing.T) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, h := range []*tar.Header{
		{Name: "top/a", Typeflag: tar.TypeReg, Mode: 0o640, Size: 4}, {Name: "top/sub/b", Typeflag: tar.TypeLink, Linkname: "top/a"},
		{Name: "top/./c", Typeflag: tar.TypeLink, Linkname: "./top/a"},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			_, _ = io.WriteString(w, "text")
		}
	}
	w.Close()
	dir := t.TempDir()
	if err := Untar(&packed, openRoot(t, dir)); err != nil {
		t.Fatal(err)
	}
	want := "-rw-r----- a text\n-rw-r----- c text\n-rw-r----- sub/b text\ndrwxr-xr-x .\ndrwxr-xr-x sub"
	if got := listing(t, filepath.Join(dir, "top")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// ART-07: links that stay inside are kept, whatever they lead through, and those that lead nowhere.
func TestUntarKeepsHarmlessLinks(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, h := range []tar.Header{
		{Name: "top/a/b/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "top/a/b/up", Typeflag: tar.TypeSymlink, Linkname: ".."},
		{Name: "top/through", Typeflag: tar.TypeSymlink, Linkname: "a/b/up/.."}, {Name: "top/nowhere", Typeflag: tar.TypeSymlink, Linkname: "a/none"},
		{Name: "top/circle", Typeflag: tar.TypeSymlink, Linkname: "circle"}, {Name: "top/a/shut/", Typeflag: tar.TypeDir, Mode: 0o000},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if err := Untar(&packed, openRoot(t, dir)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "top", "a", "shut"), 0o755) })
	for name, want := range map[string]string{"through": "a/b/up/..", "nowhere": "a/none", "circle": "circle"} {
		if got, err := os.Readlink(filepath.Join(dir, "top", name)); err != nil || got != want {
			t.Errorf("%s leads to %q, %v", name, got, err)
		}
	}
}

// What is unpacked, maybe as root, does not run with the rights of who unpacked it.
func TestUntarDropsSetuid(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	if err := w.WriteHeader(&tar.Header{Name: "tool", Typeflag: tar.TypeReg, Mode: 0o6755}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := Untar(&packed, openRoot(t, dir)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "tool")); err != nil || info.Mode() != 0o755 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// ART-07: the same for zip.
func TestUnzipRefusesEscapes(t *testing.T) {
	for _, link := range []bool{false, true} {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		w := zip.NewWriter(f)
		header := &zip.FileHeader{Name: "../evil"}
		if link {
			header.Name = "evil"
			header.SetMode(fs.ModeSymlink | 0o777)
		}
		to, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(to, "/etc/passwd")
		w.Close()
		if err := Unzip(f, openRoot(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), "leads out") {
			t.Errorf("link %v: %v", link, err)
		}
		f.Close()
	}
}

// ART-01, VOL-06: an artifact that comes into a directory that is there joins it.
func TestMoveJoins(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	for name, content := range map[string]string{"from/a": "new", "from/sub/b": "new", "to/a": "old", "to/keep": "old", "to/sub/c": "old"} {
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := root.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Move(root, "from", "to"); err != nil {
		t.Fatal(err)
	}
	want := `-rw-r--r-- to/a new
-rw-r--r-- to/keep old
-rw-r--r-- to/sub/b new
-rw-r--r-- to/sub/c old
drwxr-xr-x .
drwxr-xr-x to
drwxr-xr-x to/sub`
	got := listing(t, dir)
	if !strings.Contains(got, strings.Split(want, "\n")[0]) || strings.Count(got, "\n") != strings.Count(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// ART-14: the mode is that of the artifact, and of all below it if wanted.
func TestChmod(t *testing.T) {
	for _, recurse := range []bool{false, true} {
		dir := t.TempDir()
		root := openRoot(t, dir)
		if err := root.MkdirAll("d/e", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := root.WriteFile("d/e/f", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Chmod(root, "d", 0o711, recurse); err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o644)
		if recurse {
			want = 0o711
		}
		if info, err := root.Stat("d/e/f"); err != nil || info.Mode().Perm() != want {
			t.Errorf("recurse %v: %v, %v", recurse, info, err)
		}
		if info, err := root.Stat("d"); err != nil || info.Mode().Perm() != 0o711 {
			t.Errorf("recurse %v: %v, %v", recurse, info, err)
		}
	}
}

// A link out of a volume is never read through.
func TestFilesStayInside(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := t.TempDir()
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	if err := WriteTar(io.Discard, Files(openRoot(t, inside), "link"), "x"); err == nil {
		t.Error("read a file outside of the volume")
	}
}
