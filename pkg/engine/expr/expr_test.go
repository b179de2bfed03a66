package expr

import (
	"strings"
	"testing"
)

func TestTrap01_Render_VAR26_VAR30(t *testing.T) {
	scope := Scopes{Map{
		"inputs.parameters.a":      "x\"y\n",
		"inputs.parameters.my-n.d": "dotted",
		"inputs.parameters.n":      "5",
		"workflow.parameters.w":    "n",
		"item":                     "i",
	}, late{"retries"}}
	for _, tc := range []struct{ text, want, err string }{
		{`"{{inputs.parameters.a}}"`, `"x\"y\n"`, ""},
		{`"{{ inputs.parameters.a }}"`, `"x\"y\n"`, ""},
		{`"{{inputs.parameters.my-n.d}}"`, `"dotted"`, ""},
		{`"{{inputs.parameters.{{workflow.parameters.w}}}}"`, `"5"`, ""},
		{`"{{ .Values.x }} {{foo}} {{"`, `"{{ .Values.x }} {{foo}} {{"`, ""},
		{`"{{retries}}"`, `"{{retries}}"`, ""},
		{`"{{inputs.parameters.none}}"`, "", "failed to resolve {{inputs.parameters.none}}"},
		{`"{{=asInt(inputs.parameters.n) + 1}}"`, `"6"`, ""},
		{`"{{=inputs.parameters['my-n.d']}}"`, `"dotted"`, ""},
		{`"{{=inputs.parameters[\"n\"] == '5' ? 'yes' : 'no'}}"`, `"yes"`, ""},
		{`"{{=sprig.upper(item)}}"`, `"I"`, ""},
		{`"{{=toJson({'k': {'v': item}})}}"`, `"{\"k\":{\"v\":\"i\"}}"`, ""},
		{`"{{=jsonpath('{\"a\":[1,2]}', '$.a[1]')}}"`, `"2"`, ""},
		{`"{{=inputs.parameters.none ?? 'd'}}"`, `"d"`, ""},
		{`"{{=inputs.parameters.none}}"`, "", "inputs.parameters.none is missing"},
		{`"{{=asInt(retries)+1}}"`, `"{{=asInt(retries)+1}}"`, ""},
		{`"{{=inputs.parameters.a > '0'}}"`, `"true"`, ""},
		{`"{{=let k = asInt(inputs.parameters.n); k * 2}}"`, `"10"`, ""},
		{`"{{=map([1,2], {# * 2})}}"`, `"[2,4]"`, ""},
		{`"{{=5 / 2}}"`, `"2.5"`, ""},
		{`"{{=int('3') in [3]}}"`, `"true"`, ""},
	} {
		c := &Cache{}
		got, err := c.Parse(tc.text).Render(scope, Strict)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: error %v, want %s", tc.text, err, tc.err)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v; want %s", tc.text, got, err, tc.want)
		}
	}
}

type late struct{ name string }

func (l late) Get(name string) Value {
	if name == l.name {
		return Value{State: Late}
	}
	return Value{}
}
func (l late) Below(string) []string { return nil }

type gone struct{ name string }

func (g gone) Get(name string) Value {
	if name == g.name {
		return Value{State: Absent}
	}
	return Value{}
}
func (g gone) Below(string) []string { return nil }

func TestTrap03_AbsentIsNotEmpty_PRM20(t *testing.T) {
	c := &Cache{}
	scope := gone{"steps.a.outputs.result"}
	got, err := c.RenderString("{{steps.a.outputs.result}}", scope, Strict)
	if name, ok := AbsentText(got); err != nil || !ok || name != "steps.a.outputs.result" {
		t.Errorf("%q %v", got, err)
	}
	got, _ = c.RenderString("x {{steps.a.outputs.result}}", scope, Strict)
	if _, ok := AbsentText(got); ok {
		t.Error("mixed text is not a lone reference")
	}
	if name, ok := FindAbsent(got); !ok || name != "steps.a.outputs.result" {
		t.Errorf("FindAbsent = %q", name)
	}
	got, err = c.RenderString("{{=steps.a.outputs.result ?? 'd'}}", scope, Strict)
	if err != nil || got != "d" {
		t.Errorf("%q %v", got, err)
	}
}

func TestTrap02_When_FLOW04(t *testing.T) {
	for _, tc := range []struct {
		when string
		want bool
		err  bool
	}{
		{"", true, false}, {"foo == foo", true, false}, {"heads != tails", true, false}, {"10 > 9", true, false},
		{`"a b" == "a b"`, true, false}, {"abc =~ '^a'", true, false}, {"a in (a, b)", true, false}, {"false", false, false},
		{"!(1 == 1) || 2 == 2", true, false}, {"1 + 1", false, true}, {"", true, false}, {"{{x}} == 1", false, true}, {"a ==", false, true},
	} {
		got, err := When(tc.when)
		if got != tc.want || (err != nil) != tc.err {
			t.Errorf("%q: %v %v", tc.when, got, err)
		}
	}
}

// EXP-05: what the workflow has not exported yet may be missing, with all that it would be a member of.
func TestGuardedOutputs_EXP05(t *testing.T) {
	var c Cache
	for source, want := range map[string]string{
		"workflow.outputs.parameters.g ?? 'd'": "d",
		"workflow.outputs.parameters.h ?? 'd'": "v",
	} {
		scope := Map{"workflow.name": "w"}
		if want == "v" {
			scope["workflow.outputs.parameters.h"] = "v"
		}
		program, err := c.Program(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := program.Text(scope); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
}
