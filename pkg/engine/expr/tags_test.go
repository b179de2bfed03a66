package expr

import (
	"testing"
)

func TestTags(t *testing.T) {
	c := &Cache{}
	for _, tc := range []struct {
		name, text string
		want       []string // raw tags
	}{
		{"VAR-27 no tags", `{ {x} }`, nil},
		{"one", `a {{ x }} b`, []string{`{{ x }}`}},
		{"EXP-04 quotes", `{{=inputs.parameters["a"]}}`, []string{`{{=inputs.parameters["a"]}}`}},
		{"VAR-28 nested", `{{a.{{b}}}}`, []string{`{{a.{{b}}}}`}},
		{"VAR-27 an opening without an end", `{{ {{x}}`, []string{`{{x}}`}},
		{"VAR-27 one brace short", `{{a}{{b}}}`, []string{`{{b}}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tags := c.Tags(tc.text)
			if len(tags) != len(tc.want) {
				t.Fatalf("%d tags in %q: %v", len(tags), tc.text, tags)
			}
			for i := range tags {
				if tags[i].Raw != tc.want[i] {
					t.Errorf("%q, want %q", tags[i].Raw, tc.want[i])
				}
			}
		})
	}
}

// An opening in one JSON string does not swallow what follows it.
func TestOpeningEndsWithItsString(t *testing.T) { // VAR-27
	c := &Cache{}
	text := c.Parse(`{"a":"{{ b","c":"{{x}}","d":{"e":{}}}`)
	rendered, err := text.Render(Map{"x": "1"}, Strict)
	if want := `{"a":"{{ b","c":"1","d":{"e":{}}}`; err != nil || rendered != want {
		t.Errorf("%s, %v; want %s", rendered, err, want)
	}
}

func TestCheckTypes(t *testing.T) {
	c := &Cache{}
	types := Types{"text": TextType, "n": IntType, "thing": AnyType, "object": Types{"text": TextType}}
	for source, fine := range map[string]bool{
		`text + "x"`: true, `text + 1`: false, `n + 1`: true, `thing + 1`: true, `thing.x.y`: true, `object.text + 1`: false,
		`object.other + 1`: true, `asInt(text) + 1`: true, `sprig.upper(text)`: true, `unknown.x`: true, `len(text) > 1`: true,
	} {
		program, err := c.Program(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := program.CheckTypes(types, AnyType); (err == nil) != fine {
			t.Errorf("%s: %v", source, err)
		}
	}
	for source, fine := range map[string]bool{`n > 1`: true, `n`: false, `thing`: true, `text`: false} {
		program, err := c.Program(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := program.CheckTypes(types, BoolType); (err == nil) != fine {
			t.Errorf("%s as a condition: %v", source, err)
		}
	}
}
