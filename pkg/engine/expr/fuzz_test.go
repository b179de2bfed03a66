package expr

import (
	"encoding/json"
	"testing"
)

// FuzzRender: whatever stands in a JSON string, what comes out is JSON again, and nothing panics.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{"", "{{a}}", "{{=a + 'x'}}", "{{a.{{b}}}}", "{{={'k': {'v': 1}}}}", "{{", "}}{{", "{{=}}", "{{ inputs.parameters.a }}", "\x00absent:a\x00", "{{=[1..3]}}"} {
		f.Add(seed, "v\"\n{{x}}")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		scope := Map{"a": value, "b": "c", "a.c": value, "inputs.parameters.a": value}
		for _, mode := range []Mode{Lenient, Strict} {
			rendered, err := (&Cache{}).Parse(quote(text)).Render(scope, mode)
			if err != nil {
				continue
			}
			var s string
			if err := json.Unmarshal([]byte(rendered), &s); err != nil {
				t.Fatalf("%q with %q gives %q: %v", text, value, rendered, err)
			}
		}
	})
}

// FuzzWhen: no condition panics, and a decided one is decided the same again.
func FuzzWhen(f *testing.F) {
	for _, seed := range []string{"", "a == b", "1 in (1, 2)", "x =~ '('", "'", "!(a", "1 / 0 == 1", "a ? b : c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, condition string) {
		first, err := When(condition)
		second, again := When(condition)
		if first != second || (err == nil) != (again == nil) {
			t.Fatalf("%q: %v %v, then %v %v", condition, first, err, second, again)
		}
	})
}
