// Package exampletest gives tests the public example manifests, where a checkout of them is at hand. Only tests import it.
package exampletest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DirectoryEnv is the environment variable that says where the examples are. Default: shared/examples beside the repository.
const DirectoryEnv = "FAIRLEAD_EXAMPLES"

// Document is one YAML document of one file.
type Document struct {
	// File is the path below the directory of examples.
	File string
	// Index is the place in the file, from 0.
	Index int
	// APIVersion and Kind are what the document says it is.
	APIVersion, Kind string
	// JSON is the document as JSON.
	JSON []byte
}

// InvalidByDesign names examples that no server accepts as they are, with the reason. They still decode.
var InvalidByDesign = map[string]string{
	"fun-with-gifs.yaml": "generateName is written below labels, so the object has no name",
	"k8s-jobs.yaml":      "the object has no name",
}

// duplicateKeys names examples that give a key twice. The last one counts, as it does for kubectl.
var duplicateKeys = map[string]bool{"k8s-patch-json-workflow.yaml": true}

// Directory returns where the examples are. It skips the test where there are none.
func Directory(t *testing.T) string {
	t.Helper()
	directory := directory()
	if _, err := os.Stat(directory); err != nil {
		t.Skipf("no example manifests at %s; set %s to a directory that has them", directory, DirectoryEnv)
	}
	return directory
}

// Load returns the documents of the workflow API in all examples, ordered by file. It skips the test where there are none.
func Load(t *testing.T) []Document {
	t.Helper()
	directory := Directory(t)
	var documents []Document
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		file, err := filepath.Rel(directory, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		documents = append(documents, parse(t, file, content)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) == 0 {
		t.Fatalf("no example manifest of %s below %s", v1alpha1.DefaultGroupName, directory)
	}
	return documents
}

// Location returns where the examples would be, whether they are there or not.
func Location() string { return directory() }

func directory() string {
	if directory := os.Getenv(DirectoryEnv); directory != "" {
		return directory
	}
	_, file, _, _ := runtime.Caller(0)
	if !filepath.IsAbs(file) { // -trimpath: tests run in the directory of their package
		working, _ := os.Getwd()
		file = working
		for filepath.Base(file) != "pkg" && file != filepath.Dir(file) {
			file = filepath.Dir(file)
		}
		return filepath.Join(file, "..", "..", "shared", "examples")
	}
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..", "..", "shared", "examples")
}

// parse splits a file and keeps the documents of the workflow API, moved to the group of this process.
func parse(t *testing.T, file string, content []byte) []Document {
	t.Helper()
	var documents []Document
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer func() { _ = reader.Close() }()
	buffer := make([]byte, len(content)+1)
	for index := 0; ; index++ {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var kind struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := yaml.Unmarshal(buffer[:n], &kind); err != nil {
			t.Fatalf("%s, document %d: %v", file, index, err)
		}
		if !strings.HasPrefix(kind.APIVersion, v1alpha1.DefaultGroupName+"/") {
			continue
		}
		toJSON := yaml.YAMLToJSONStrict
		if duplicateKeys[file] {
			toJSON = yaml.YAMLToJSON
		}
		data, err := toJSON(buffer[:n])
		if err != nil {
			t.Fatalf("%s, document %d: %v", file, index, err)
		}
		moved := v1alpha1.SchemeGroupVersion.String()
		data = bytes.Replace(data, []byte(`"apiVersion":"`+kind.APIVersion+`"`), []byte(`"apiVersion":"`+moved+`"`), 1)
		documents = append(documents, Document{File: file, Index: index, APIVersion: moved, Kind: kind.Kind, JSON: data})
	}
}
