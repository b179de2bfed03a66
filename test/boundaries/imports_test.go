// Package boundaries holds the rules about who may import whom (.golangci.yml has the direct ones as well, for the
// editor). Here they are checked on what is really linked in, imports of imports included.
package boundaries

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "fairlead.dev/fairlead/"

// rule forbids packages below From to import, or to link, packages below any of the others. A path ends at a slash or at
// the end of the import path: "net" does not mean "net/netip".
type rule struct {
	name   string
	from   []string
	except []string
	// direct: must not import it in its own (non-test) files.
	direct []string
	// linked: must not depend on it in any number of steps, the libraries apart.
	linked []string
}

// libraries lie below a path that rules forbid and are none of what the rules mean: they parse texts, and talk to nobody.
var libraries = []string{"k8s.io/client-go/util/jsonpath", "k8s.io/client-go/third_party/forked/golang/template"}

var rules = []rule{
	{
		name:   "nobody links Kubernetes itself or controller-runtime",
		from:   []string{module},
		linked: []string{"k8s.io/kubernetes", "sigs.k8s.io/controller-runtime"},
	},
	{
		name:   "API types know nothing of ours",
		from:   []string{module + "pkg/apis"},
		linked: []string{module + "pkg/engine", module + "pkg/registry", module + "pkg/apiserver", module + "pkg/storage", module + "pkg/controller", module + "pkg/executor", module + "pkg/artifact", module + "pkg/cli", module + "pkg/generated", "k8s.io/client-go", "k8s.io/apiserver"},
	},
	{
		name:   "the engine is pure: API types and plain libraries, no client, no clock, no input or output, no logging",
		from:   []string{module + "pkg/engine"},
		direct: []string{"os", "net", "net/http", "log", "log/slog", "io/ioutil", "math/rand", "math/rand/v2", "crypto/rand", "k8s.io/klog", "k8s.io/utils/clock"},
		linked: []string{module + "pkg/registry", module + "pkg/apiserver", module + "pkg/storage", module + "pkg/controller", module + "pkg/executor", module + "pkg/artifact", module + "pkg/cli", module + "pkg/generated", "k8s.io/client-go", "k8s.io/apiserver"},
	},
	{
		name:   "lint is pure: the server's admission and the plugin run the same",
		from:   []string{module + "pkg/lint"},
		direct: []string{"os", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "k8s.io/klog"},
		linked: []string{module + "pkg/registry", module + "pkg/apiserver", module + "pkg/storage", module + "pkg/controller", module + "pkg/executor", module + "pkg/artifact", module + "pkg/cli", module + "pkg/generated", "k8s.io/client-go", "k8s.io/apiserver"},
	},
	{
		name:   "storage knows neither kinds nor registries",
		from:   []string{module + "pkg/storage"},
		linked: []string{module + "pkg/apis", module + "pkg/engine", module + "pkg/registry", module + "pkg/apiserver", module + "pkg/controller"},
	},
	{
		name:   "registries and the server never see the controller",
		from:   []string{module + "pkg/registry", module + "pkg/apiserver"},
		linked: []string{module + "pkg/controller", module + "pkg/executor", module + "pkg/cli"},
	},
	{
		name:   "the controller never sees the server's side",
		from:   []string{module + "pkg/controller", module + "cmd/fairlead-controller"},
		linked: []string{module + "pkg/registry", module + "pkg/apiserver", module + "pkg/storage", "k8s.io/apiserver", "go.etcd.io/etcd"},
	},
	{
		name:   "what runs in pods and on desks stays small",
		from:   []string{module + "pkg/executor", module + "pkg/cli", module + "pkg/artifact", module + "cmd/fairlead-executor", module + "cmd/fairlead-run", module + "cmd/kubectl-workflow"},
		linked: []string{module + "pkg/registry", module + "pkg/apiserver", module + "pkg/storage", module + "pkg/controller", "k8s.io/apiserver", "go.etcd.io/etcd"},
	},
	{
		name:   "the wrapper in users' containers knows neither the network nor Kubernetes",
		from:   []string{module + "pkg/executor/run", module + "cmd/fairlead-run"},
		linked: []string{"net/http", "net", "k8s.io"},
	},
	{
		name:   "one package speaks S3",
		from:   []string{module},
		except: []string{module + "pkg/artifact/s3"},
		direct: []string{"github.com/minio/minio-go"},
	},
	{
		name:   "one package embeds etcd",
		from:   []string{module},
		except: []string{module + "pkg/storage", module + "test"},
		direct: []string{"go.etcd.io/etcd/server"},
	},
}

// pkg is the part of `go list -json` that the rules look at.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = "../.."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	for decoder := json.NewDecoder(out); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v\n%s", err, stderr.String())
		}
		packages = append(packages, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return packages
}

// below tells whether an import path is one of the roots or lies under it.
func below(path string, roots []string) bool {
	for _, root := range roots {
		root = strings.TrimSuffix(root, "/")
		if path == root {
			return true
		}
		// The standard library has no dot in its first element: there, only the very package is meant.
		if strings.HasPrefix(path, root+"/") && strings.Contains(strings.SplitN(root, "/", 2)[0], ".") {
			return true
		}
	}
	return false
}

// violations returns what a package does against a rule, as sentences.
func (r rule) violations(p pkg) []string {
	if !below(p.ImportPath, r.from) || below(p.ImportPath, r.except) {
		return nil
	}
	var found []string
	for _, path := range p.Imports {
		if below(path, r.direct) {
			found = append(found, p.ImportPath+" imports "+path)
		}
	}
	for _, path := range p.Deps {
		if below(path, r.linked) && !below(path, libraries) {
			found = append(found, p.ImportPath+" depends on "+path+" (`go list -deps` or `go mod why` show the way)")
		}
	}
	return found
}

func TestImportBoundaries(t *testing.T) {
	readSources(t)
	packages := listPackages(t)
	if len(packages) == 0 {
		t.Fatal("go list found no package of ours")
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range packages {
				for _, violation := range r.violations(p) {
					t.Error(violation)
				}
			}
		})
	}
}

func TestRulesFindViolations(t *testing.T) {
	for _, test := range []struct {
		name string
		p    pkg
		want int
	}{
		{"engine with a client", pkg{ImportPath: module + "pkg/engine/graph", Deps: []string{"k8s.io/client-go/rest"}}, 1},
		{"engine that reads files", pkg{ImportPath: module + "pkg/engine", Imports: []string{"os"}}, 1},
		{"engine that parses addresses", pkg{ImportPath: module + "pkg/engine", Imports: []string{"net/netip", "strings"}}, 0},
		{"controller with the generic server far below", pkg{ImportPath: module + "pkg/controller/workflow", Deps: []string{"k8s.io/apiserver/pkg/server"}}, 1},
		{"controller with a package that only begins alike", pkg{ImportPath: module + "pkg/controller/workflow", Deps: []string{"k8s.io/apiserverless"}}, 0},
		{"API types with a client", pkg{ImportPath: module + "pkg/apis/workflow/validation", Deps: []string{"k8s.io/client-go/rest"}}, 1},
		{"API types with a parser of client-go", pkg{ImportPath: module + "pkg/apis/workflow/validation", Deps: []string{"k8s.io/client-go/util/jsonpath"}}, 0},
		{"s3 in its place", pkg{ImportPath: module + "pkg/artifact/s3", Imports: []string{"github.com/minio/minio-go/v7"}}, 0},
		{"s3 elsewhere", pkg{ImportPath: module + "pkg/executor", Imports: []string{"github.com/minio/minio-go/v7"}}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []string
			for _, r := range rules {
				found = append(found, r.violations(test.p)...)
			}
			if len(found) != test.want {
				t.Errorf("found %q, want %d", found, test.want)
			}
		})
	}
}
