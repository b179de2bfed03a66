package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/install"
)

// rule is one rule of validation with manifests that break it and manifests that keep it. Each manifest is given by the part
// that matters; see manifest.
type rule struct {
	// Rule is the number of the rule.
	Rule string `json:"rule"`
	// Says is the rule in a few words.
	Says string `json:"says"`
	// Wrong are refused, or at least warned of, for what they find.
	Wrong []manifest `json:"wrong,omitempty"`
	// Right are accepted.
	Right []manifest `json:"right,omitempty"`
	// Tested are the test files, from the root of the repository, of rules that something else than this check enforces.
	Tested []string `json:"tested,omitempty"`
}

// manifest is an object, written as what distinguishes it from one in which everything is right.
type manifest struct {
	// Object is a whole object of any kind.
	Object string `json:"object,omitempty"`
	// Spec is the spec of a workflow; With are fields beside entrypoint and templates.
	Spec string `json:"spec,omitempty"`
	With string `json:"with,omitempty"`
	// Template are the fields of the template that a workflow runs; Steps and Tasks those that it consists of.
	Template string `json:"template,omitempty"`
	Steps    string `json:"steps,omitempty"`
	Tasks    string `json:"tasks,omitempty"`
	// Finds are all errors, in order, and Warns some of the warnings, each as "path | part of the message".
	Finds []string `json:"finds,omitempty"`
	Warns []string `json:"warns,omitempty"`
	// Undecodable is part of the message when the object cannot even be read.
	Undecodable string `json:"undecodable,omitempty"`
}

// besides are templates that steps and tasks can run.
const besides = `
	{name: leaf, container: {image: i}},
	{name: take, inputs: {parameters: [{name: p}]}, container: {image: i, args: ["{{inputs.parameters.p}}"]}},
	{name: give, container: {image: i}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}], artifacts: [{name: f, path: /f}]}},
	{name: read, inputs: {artifacts: [{name: f, path: /f}]}, container: {image: i}},
	{name: serve, daemon: true, container: {image: i}},
	{name: wait, suspend: {}}`

func (m manifest) text() string {
	workflow := func(spec string) string {
		return "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w, labels: {team: a}}, spec: " + spec + "}"
	}
	template := func(fields string) string {
		return workflow("{entrypoint: m, templates: [{name: m, " + fields + "}, " + besides + "]}")
	}
	switch {
	case m.Object != "":
		return m.Object
	case m.Spec != "":
		return workflow(m.Spec)
	case m.With != "":
		return workflow("{entrypoint: m, templates: [{name: m, container: {image: i}}], " + m.With + "}")
	case m.Template != "":
		return template(m.Template)
	case m.Steps != "":
		return template("steps: [" + m.Steps + "]")
	}
	return template("dag: {tasks: [" + m.Tasks + "]}")
}

// loadRules reads the rules under testdata/rules, in the order of their numbers.
func loadRules(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules found (%v)", err)
	}
	var rules []rule
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var part []rule
		if err := yaml.UnmarshalStrict(data, &part); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		rules = append(rules, part...)
	}
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.Rule, b.Rule) })
	return rules
}

// Every rule refuses what breaks it, at the field that does, and accepts what keeps it.
func TestRules(t *testing.T) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	lookup := testLookup(t)
	check := func(t *testing.T, m manifest) {
		data, err := yaml.YAMLToJSON([]byte(strings.ReplaceAll(m.text(), "\t", " ")))
		if err != nil {
			t.Fatalf("%v in %s", err, m.text())
		}
		object, _, err := decoder.Decode(data, nil, nil)
		if m.Undecodable != "" || err != nil {
			if err == nil || m.Undecodable == "" || !strings.Contains(err.Error(), m.Undecodable) {
				t.Fatalf("decoded with %v, want an error with %q", err, m.Undecodable)
			}
			return
		}
		if accessor, ok := object.(metav1.Object); ok && !strings.Contains(m.Object, "ClusterWorkflowTemplate") {
			accessor.SetNamespace("ns")
		}
		errs, warnings := Object(object, lookup)
		var found []string
		for _, err := range errs {
			found = append(found, err.Field+" | "+err.ErrorBody())
			if os.Getenv("FAIRLEAD_SHOW_FINDINGS") != "" {
				t.Log(err)
			}
		}
		match(t, "error", found, m.Finds)
		for _, want := range m.Warns {
			path, part, _ := strings.Cut(want, " | ")
			if !slices.ContainsFunc(warnings, func(w string) bool { return strings.HasPrefix(w, path+": ") && strings.Contains(w, part) }) {
				t.Errorf("no warning %s among %q", want, warnings)
			}
		}
	}
	for _, rule := range loadRules(t) {
		t.Run(rule.Rule, func(t *testing.T) {
			for i, m := range rule.Wrong {
				t.Run(fmt.Sprintf("wrong %d", i+1), func(t *testing.T) {
					if len(m.Finds)+len(m.Warns) == 0 && m.Undecodable == "" {
						t.Error("say what is found")
					}
					check(t, m)
				})
			}
			for i, m := range rule.Right {
				t.Run(fmt.Sprintf("right %d", i+1), func(t *testing.T) { check(t, m) })
			}
		})
	}
}

// ruleNumbers are the numbers that rules have, each once: testdata/numbers.
func ruleNumbers(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/numbers")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, line := range strings.Fields(string(data)) {
		var prefix string
		var first, last int
		if n, _ := fmt.Sscanf(line, "%1s-%03d..%03d", &prefix, &first, &last); n < 3 {
			t.Fatalf("testdata/numbers: %q is no range such as V-001..022", line)
		}
		for i := first; i <= last; i++ {
			numbers = append(numbers, fmt.Sprintf("V-%03d", i))
		}
	}
	return numbers
}

// No rule is forgotten: each is broken and kept above, or by the tests that it names, which have its number in a name or in a
// comment.
func TestEveryRuleIsTested(t *testing.T) {
	rules := map[string]rule{}
	for _, rule := range loadRules(t) {
		if _, twice := rules[rule.Rule]; twice {
			t.Errorf("%s stands there twice", rule.Rule)
		}
		rules[rule.Rule] = rule
	}
	numbers := ruleNumbers(t)
	for _, number := range numbers {
		rule, known := rules[number]
		delete(rules, number)
		switch {
		case !known:
			t.Errorf("%s has no test", number)
		case rule.Says == "":
			t.Errorf("%s says nothing", number)
		case len(rule.Tested) == 0 && len(rule.Right) == 0:
			t.Errorf("%s is never kept", number)
		case len(rule.Tested) == 0 && len(rule.Wrong) == 0 && !strings.HasPrefix(rule.Says, "allowed: "):
			t.Errorf("%s is never broken", number)
		}
		for _, file := range rule.Tested {
			data, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Errorf("%s: %v", number, err)
			} else if !regexp.MustCompile(`\b` + number + `\b`).Match(data) {
				t.Errorf("%s is not named in %s", number, file)
			}
		}
	}
	for number := range rules {
		t.Errorf("%s is no number of a rule", number)
	}
}
