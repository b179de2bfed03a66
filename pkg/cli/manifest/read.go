package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// maxSize is how much is read from one source: far more than a server takes.
const maxSize = 64 << 20

// Document is one object of a manifest.
type Document struct {
	// Source is the file or address, or "standard input".
	Source string
	// Line is the line in the source where the document begins, from 1.
	Line int
	// JSON is the document as JSON, before anything was changed.
	JSON []byte
	// Object is the document; its numbers are int64 or float64.
	Object *unstructured.Unstructured
	// Warnings tell of what is probably not meant, such as a key given twice, of which the last counts.
	Warnings []string
}

// String says where the document is.
func (d *Document) String() string { return fmt.Sprintf("%s:%d", d.Source, d.Line) }

// IsWorkflowAPI tells whether the document is of the workflow API, under its usual group or under one of those given.
func (d *Document) IsWorkflowAPI(groups ...string) bool {
	gv, err := schema.ParseGroupVersion(d.Object.GetAPIVersion())
	return err == nil && gv.Version == v1alpha1.Version && (gv.Group == v1alpha1.DefaultGroupName || slices.Contains(groups, gv.Group))
}

// errNoObject is the error for YAML or JSON that is something else than a manifest.
var errNoObject = errors.New("not a Kubernetes object")

// Reader reads manifests.
type Reader struct {
	// In is what `-` stands for.
	In io.Reader
	// HTTP fetches addresses. Default: http.DefaultClient.
	HTTP *http.Client
	// Directories says whether a source may be a directory: all .yaml, .yml and .json files below it are read.
	Directories bool
	// Broken, unless nil, is told of files and documents that cannot be read, which are then left out. Otherwise the first
	// of them is the error of Read.
	Broken func(source string, line int, err error)
}

// Text returns what one source holds, and what to call it: a path, an http or https address, or `-`.
func (r *Reader) Text(ctx context.Context, source string) (string, []byte, error) {
	return r.content(ctx, source)
}

// Read returns the documents of all sources in order: paths, http or https addresses, or `-`.
func (r *Reader) Read(ctx context.Context, sources []string) ([]*Document, error) {
	var documents []*Document
	for _, source := range sources {
		files, err := r.files(source)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name, data, err := r.content(ctx, file)
			if err != nil {
				return nil, err
			}
			found, err := r.parse(name, data, file != source)
			if err != nil {
				return nil, err
			}
			documents = append(documents, found...)
		}
	}
	return documents, nil
}

// files returns the files that a source stands for.
func (r *Reader) files(source string) ([]string, error) {
	if source == "-" || isAddress(source) {
		return []string{source}, nil
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{source}, nil
	}
	if !r.Directories {
		return nil, fmt.Errorf("%s is a directory; name the files to submit, such as %s", source, filepath.Join(source, "*.yaml"))
	}
	var files []string
	err = filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			if !entry.IsDir() {
				files = append(files, path)
			}
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no .yaml, .yml or .json file below %s", source)
	}
	return files, err
}

// UnreachableError tells that an address of a manifest could not be read.
type UnreachableError struct{ cause error }

// Error implements error. The cause has the address.
func (e *UnreachableError) Error() string { return "cannot read the manifest: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.cause }

func isAddress(source string) bool {
	return strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
}

func (r *Reader) content(ctx context.Context, source string) (string, []byte, error) {
	switch {
	case source == "-":
		if r.In == nil {
			return "", nil, errors.New("there is no standard input")
		}
		data, err := readLimited("standard input", r.In)
		return "standard input", data, err
	case isAddress(source):
		data, err := r.fetch(ctx, source)
		return source, data, err
	}
	file, err := os.Open(source)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := readLimited(source, file)
	return source, data, err
}

func (r *Reader) fetch(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	client := r.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, &UnreachableError{err}
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", address, answer.Status)
	}
	return readLimited(address, answer.Body)
}

func readLimited(name string, from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, maxSize>>20)
	}
	return data, nil
}

// parse returns the documents of YAML or JSON text; empty ones are left out, and lists are taken apart. Directories have files
// that are no manifests: in those that nobody named, what is no object is passed over.
func (r *Reader) parse(source string, data []byte, unnamed bool) ([]*Document, error) {
	var documents []*Document
	for _, part := range split(data) {
		line := part.line + leadingLines(part.text)
		found, err := parseOne(source, line, part.text)
		switch {
		case err == nil:
			documents = append(documents, found...)
		case unnamed && errors.Is(err, errNoObject):
		case r.Broken != nil:
			r.Broken(source, line, err)
		default:
			return nil, fmt.Errorf("%s:%d: %w", source, line, err)
		}
	}
	return documents, nil
}

// part is the text of one document, and the line where it begins.
type part struct {
	line int
	text []byte
}

// split cuts YAML text at the lines between documents.
func split(data []byte) []part {
	parts := []part{{line: 1}}
	for i, line := range bytes.SplitAfter(data, []byte("\n")) {
		last := &parts[len(parts)-1]
		if rest, found := bytes.CutPrefix(line, []byte("---")); found && (len(bytes.TrimSpace(rest)) == 0 || rest[0] == ' ' || rest[0] == '\t') {
			parts = append(parts, part{line: i + 1, text: append([]byte("   "), rest...)})
			continue
		}
		last.text = append(last.text, line...)
	}
	return parts
}

// leadingLines is how many lines of a document come before its first word.
func leadingLines(text []byte) int {
	lines := 0
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && trimmed[0] != '#' {
			return lines
		}
		lines++
	}
	return 0
}

func parseOne(source string, line int, text []byte) ([]*Document, error) {
	var warnings []string
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		// kubectl takes the last of keys that are given twice.
		var lenient error
		if data, lenient = yaml.YAMLToJSON(text); lenient != nil {
			return nil, err
		}
		warnings = append(warnings, strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:")), " "))
	}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, nil
	}
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(data, &object.Object); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoObject, err)
	}
	if object.GetKind() == "" || object.GetAPIVersion() == "" {
		return nil, fmt.Errorf("%w: apiVersion or kind is missing", errNoObject)
	}
	items, isList := object.Object["items"].([]any)
	if !isList || !strings.HasSuffix(object.GetKind(), "List") {
		return []*Document{{Source: source, Line: line, JSON: data, Object: object, Warnings: warnings}}, nil
	}
	var documents []*Document
	for _, item := range items {
		data, err := utiljson.Marshal(item)
		if err != nil {
			return nil, err
		}
		found, err := parseOne(source, line, data)
		if err != nil {
			return nil, err
		}
		documents = append(documents, found...)
	}
	return documents, nil
}
