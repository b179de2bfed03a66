package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

const (
	catalogueFile = "EXPECTED.tsv"
	truthDir      = "truth"
	// classLocal is the class of examples that need nothing from outside the cluster.
	classLocal = "local"
	// classStore is the class of examples that need an S3 store. The reference's records were made without one.
	classStore = "needs-s3"
)

// example is one file of the catalogue.
type example struct {
	// path is below the directory of examples.
	path string
	// documents are what the file holds, in order.
	documents []*unstructured.Unstructured
	// truth is what the reference made of it; nil where there is no record.
	truth *truth
	// class is what the catalogue says it needs.
	class string
}

// library is all examples by path.
type library struct {
	order    []string
	examples map[string]*example
}

// loadLibrary reads catalogue, manifests and records. A file that the catalogue names and that is not there is an error.
func loadLibrary(dir string) (*library, error) {
	content, err := os.ReadFile(filepath.Join(dir, catalogueFile))
	if err != nil {
		return nil, err
	}
	rows, err := parseTable(string(content), "path", "class")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", catalogueFile, err)
	}
	l := &library{examples: map[string]*example{}}
	for _, row := range rows {
		e := &example{path: row["path"], class: row["class"]}
		if e.documents, err = readDocuments(filepath.Join(dir, e.path)); err != nil {
			return nil, err
		}
		if e.truth, err = readTruth(filepath.Join(dir, truthDir, e.path+".json")); err != nil {
			return nil, err
		}
		l.order = append(l.order, e.path)
		l.examples[e.path] = e
	}
	return l, nil
}

// runnable returns the examples that need nothing from outside the cluster, in the order of the catalogue.
func (l *library) runnable(only *regexp.Regexp) []*example {
	var found []*example
	for _, path := range l.order {
		if e := l.examples[path]; (e.class == classLocal || e.class == classStore) && only.MatchString(path) {
			found = append(found, e)
		}
	}
	return found
}

// parseTable reads tab-separated rows under a line of column names, which has to have the columns given.
func parseTable(content string, columns ...string) ([]map[string]string, error) {
	lines := strings.Split(strings.TrimRight(content, "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	for _, column := range columns {
		if !strings.Contains("\t"+lines[0]+"\t", "\t"+column+"\t") {
			return nil, fmt.Errorf("no column %q in its first line", column)
		}
	}
	var rows []map[string]string
	for i, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) > len(names) {
			return nil, fmt.Errorf("line %d has %d cells for %d columns", i+2, len(cells), len(names))
		}
		row := map[string]string{}
		for j, cell := range cells {
			row[names[j]] = cell
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readDocuments(path string) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	objects, err := parseDocuments(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return objects, nil
}

// parseDocuments splits YAML documents and leaves out those with nothing in them. Of a key given twice the last counts.
func parseDocuments(content []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(raw); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}

func readTruth(path string) (*truth, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &truth{}
	if err := json.Unmarshal(content, t); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}
