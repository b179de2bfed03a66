package expr

import "testing"

// Whoever writes an expression has it evaluated when it is predictable, so none of those may take more than its values are long.
func TestPredictable(t *testing.T) {
	for source, want := range map[string]bool{
		"a.b == 'x' ? 1 : 2": true, "toJson(fromJSON(a.b))": true, "jsonpath(a, '$.b[0].c')": true, "a | jsonpath('b')": true,
		"toJson(toJson(toJson(a)))": false, "jsonpath(a, '$..*..*')": false, "jsonpath(a, b)": false, "a matches '(x{30}){30}'": false,
		"1..1000": false, "filter(a, # > 1)": false, "repeat(a, 1000)": false, "sprig.uuidv4()": false, "now()": false, "let x = a; x": false,
	} {
		program, err := new(Cache).Program(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := program.Predictable(); got != want {
			t.Errorf("%s: %v, want %v", source, got, want)
		}
	}
}
