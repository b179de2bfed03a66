package artifacttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// ObjectStore checks what every driver of an object store has to do: files, streams and directories there and back, parts of
// objects, listing and deletion. at gives the artifact for a key.
func ObjectStore(t *testing.T, driver artifact.Driver, at func(key string) *wfv1.Artifact) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), (20<<20)/16)
	for name, content := range map[string][]byte{"empty": nil, "small": []byte("small"), "sub/large one": large} {
		for _, key := range []string{"files/" + name, "streams/" + name} {
			path := filepath.Join(t.TempDir(), "file")
			if strings.HasPrefix(key, "files/") {
				must(os.WriteFile(path, content, 0o644))
				must(driver.Save(ctx, at(key), path))
			} else {
				must(driver.SaveStream(ctx, at(key), io.MultiReader(bytes.NewReader(content))))
			}
			must(driver.Load(ctx, at(key), path))
			got, err := os.ReadFile(path)
			must(err)
			if !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes came back of %d, or differ", key, len(got), len(content))
			}
		}
	}
	for _, test := range []struct {
		part artifact.Range
		want string
	}{
		{artifact.Whole, "small"}, {artifact.Range{Offset: 1, Length: 3}, "mal"}, {artifact.Range{Offset: 3, Length: -1}, "ll"},
		{artifact.Range{Offset: 3, Length: 100}, "ll"}, {artifact.Range{Length: 0}, ""},
	} {
		stream, attributes, err := driver.Open(ctx, at("files/small"), test.part)
		must(err)
		got, err := io.ReadAll(stream)
		must(err)
		stream.Close()
		if string(got) != test.want || attributes.Size != 5 || attributes.ETag == "" {
			t.Errorf("%+v: %q, %+v", test.part, got, attributes)
		}
	}

	// The second is what the body of a request ends with whose sender has gone away.
	for _, broken := range []error{errors.New("broken"), io.ErrUnexpectedEOF} {
		for _, before := range [][]byte{[]byte("small"), large} {
			if err := driver.SaveStream(ctx, at("partial"), io.MultiReader(bytes.NewReader(before), failing{broken})); !errors.Is(err, broken) {
				t.Errorf("a stream that fails after %d bytes with %q: %v", len(before), broken, err)
			}
			if _, _, err := driver.Open(ctx, at("partial"), artifact.Whole); !errors.Is(err, artifact.ErrNotFound) {
				t.Errorf("a stream that failed after %d bytes with %q left an object: %v", len(before), broken, err)
			}
		}
	}

	in := t.TempDir()
	must(os.MkdirAll(filepath.Join(in, "a", "void"), 0o755))
	must(os.WriteFile(filepath.Join(in, "a", "b c"), []byte("1"), 0o644))
	must(os.WriteFile(filepath.Join(in, "d"), nil, 0o644))
	must(driver.Save(ctx, at("tree"), in))
	must(driver.SaveStream(ctx, at("tree-other"), strings.NewReader("x")))
	out := filepath.Join(t.TempDir(), "out")
	must(driver.Load(ctx, at("tree"), out))
	var names []string
	must(filepath.WalkDir(out, func(path string, _ os.DirEntry, err error) error {
		relative, _ := filepath.Rel(out, path)
		names = append(names, relative)
		return err
	}))
	if got := strings.Join(names, "|"); got != ".|a|a/b c|a/void|d" {
		t.Errorf("the directory came back as %s", got)
	}
	objects, err := driver.List(ctx, at("tree"), 0)
	must(err)
	if len(objects) != 2 || objects[0].Key != "tree/a/b c" || objects[0].Size != 1 || objects[1].Key != "tree/d" {
		t.Errorf("List: %+v", objects)
	}
	if objects, err := driver.List(ctx, at("tree"), 1); err != nil || len(objects) != 1 || objects[0].Key != "tree/a/b c" {
		t.Errorf("List of one: %+v, %v", objects, err)
	}
	for key, want := range map[string]bool{"tree": true, "tree/": true, "tree/d": false, "nothing": false} {
		if is, err := driver.IsDirectory(ctx, at(key)); is != want || err != nil {
			t.Errorf("IsDirectory(%s) = %t, %v", key, is, err)
		}
	}
	must(driver.Delete(ctx, at("tree/")))
	must(driver.Delete(ctx, at("files/small")))
	must(driver.Delete(ctx, at("files/small")))
	for _, key := range []string{"tree", "files/small", "never"} {
		if err := driver.Load(ctx, at(key), filepath.Join(t.TempDir(), "x")); !errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("loading %s: %v", key, err)
		}
	}
	if objects, err := driver.List(ctx, at("tree-other"), 0); len(objects) != 1 || err != nil {
		t.Errorf("Delete of tree/ took tree-other: %v, %v", objects, err)
	}
	if err := driver.Delete(ctx, at("")); err == nil {
		t.Error("a whole bucket can be deleted")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
