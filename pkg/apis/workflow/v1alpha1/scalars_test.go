package v1alpha1

import (
	"encoding/json"
	"strings"
	"testing"
)

// RES-09
func TestAnyStringUnmarshal(t *testing.T) {
	for _, tc := range []struct{ name, in, want, wantErr string }{
		{"string", `"a"`, "a", ""},
		{"escapes", `"a\n\u003c\""`, "a\n<\"", ""},
		{"empty string is a value", `""`, "", ""},
		{"integer", `5`, "5", ""},
		{"negative", `-5`, "-5", ""},
		{"exponent keeps its text", `1e3`, "1e3", ""},
		{"trailing zero keeps its text", `1.50`, "1.50", ""},
		{"integer beyond 64 bits", `123456789012345678901234567890`, "123456789012345678901234567890", ""},
		{"true", `true`, "true", ""},
		{"false", ` false `, "false", ""},
		{"null", `null`, "", ""},
		{"list", `[1]`, "", "not a list"},
		{"object", `{"a":1}`, "", "not an object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s AnyString
			err := json.Unmarshal([]byte(tc.in), &s)
			checkError(t, err, tc.wantErr)
			if string(s) != tc.want {
				t.Errorf("got %q, want %q", s, tc.want)
			}
		})
	}
}

// RES-09: read back as strings; absent, null and empty differ as they should.
func TestAnyStringInParameter(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{"name":"p","value":5}`, `{"name":"p","value":"5"}`},
		{`{"name":"p","value":""}`, `{"name":"p","value":""}`},
		{`{"name":"p","value":null}`, `{"name":"p"}`},
		{`{"name":"p"}`, `{"name":"p"}`},
		{`{"name":"p","enum":["a",1,true,null],"default":1e3}`, `{"name":"p","default":"1e3","enum":["a","1","true",""]}`},
	} {
		t.Run(tc.in, func(t *testing.T) {
			var p Parameter
			if err := json.Unmarshal([]byte(tc.in), &p); err != nil {
				t.Fatal(err)
			}
			out, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != tc.want {
				t.Errorf("got %s, want %s", out, tc.want)
			}
		})
	}
}

// RES-11
func TestItem(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		kind     ItemType
		text     string
	}{
		{"number", `1`, ItemNumber, "1"},
		{"number keeps its text", `1e3`, ItemNumber, "1e3"},
		{"big number", `12345678901234567890`, ItemNumber, "12345678901234567890"},
		{"bool", `false`, ItemBool, "false"},
		{"string", `"a b"`, ItemString, "a b"},
		{"string that looks like a number", `"1"`, ItemString, "1"},
		{"string that looks like a list", `"[1]"`, ItemString, "[1]"},
		{"null", `null`, ItemString, "null"},
		{"list", `[1, "a", {"k": "v"}]`, ItemList, `[1,"a",{"k":"v"}]`},
		{"map, keys sorted, nothing escaped", "{\"b\": \"\\u003ca>\",\n \"a\": 1.0}", ItemMap, `{"a":1.0,"b":"<a>"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			item, err := ParseItem(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if item.GetType() != tc.kind {
				t.Errorf("type %s, want %s", item.GetType(), tc.kind)
			}
			if item.String() != tc.text {
				t.Errorf("text %s, want %s", item.String(), tc.text)
			}
			// Storage escapes and the like must not change what a loop sees.
			stored, err := json.Marshal(struct{ Items []Item }{[]Item{item}})
			if err != nil {
				t.Fatal(err)
			}
			var back struct{ Items []Item }
			if err := json.Unmarshal(stored, &back); err != nil {
				t.Fatal(err)
			}
			if len(back.Items) != 1 || string(back.Items[0].Value) != string(item.Value) {
				t.Errorf("after storage: %s, before: %s", back.Items, item.Value)
			}
		})
	}
}

// RES-11
func TestItemMembers(t *testing.T) {
	object, _ := ParseItem(`{"os":"debian","v":9}`)
	members := object.GetMapVal()
	if got := members["os"]; got.String() != "debian" {
		t.Errorf("os: %s", got)
	}
	if got := members["v"]; got.String() != "9" || got.GetType() != ItemNumber {
		t.Errorf("v: %s", got)
	}
	if object.GetListVal() != nil {
		t.Error("an object is not a list")
	}
	list, _ := ParseItem(`["a",{"b":1}]`)
	if got := list.GetListVal(); len(got) != 2 || got[1].String() != `{"b":1}` {
		t.Errorf("list: %s", got)
	}
	if list.GetMapVal() != nil {
		t.Error("a list is not an object")
	}
	if _, err := ParseItem(`{"a":`); err == nil {
		t.Error("broken JSON must be an error")
	}
}

// RES-13
func TestPluginUnmarshal(t *testing.T) {
	for _, tc := range []struct{ name, in, plugin, wantErr string }{
		{"one key", `{"slack": {"text": "hi", "n": 1e3}}`, "slack", ""},
		{"V-115 no key", `{}`, "", "exactly one key"},
		{"V-115 two keys", `{"b": {}, "a": {}}`, "", `it has 2: ["a" "b"]`},
		{"string", `"slack"`, "", "not a string"},
		{"list", `["slack"]`, "", "not a list"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var holder struct {
				Plugin *Plugin `json:"plugin,omitempty"`
			}
			err := json.Unmarshal([]byte(`{"plugin":`+tc.in+`}`), &holder)
			checkError(t, err, tc.wantErr)
			if tc.wantErr != "" {
				return
			}
			name, err := holder.Plugin.Name()
			if err != nil || name != tc.plugin {
				t.Errorf("name %q, %v", name, err)
			}
			out, err := json.Marshal(holder)
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"plugin":{"slack":{"n":1e3,"text":"hi"}}}`; string(out) != want {
				t.Errorf("got %s, want %s", out, want)
			}
		})
	}
}

func TestAmount(t *testing.T) {
	for _, tc := range []struct{ in, want, wantErr string }{
		{`1.5`, `1.5`, ""},
		{`1e3`, `1e3`, ""},
		{`"2.5"`, `2.5`, ""},
		{`null`, `0`, ""},
		{`"x"`, ``, "must be a number"},
		{`true`, ``, "must be a number"},
		{`[1]`, ``, "must be a number"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			var a Amount
			err := json.Unmarshal([]byte(tc.in), &a)
			checkError(t, err, tc.wantErr)
			if err != nil {
				return
			}
			out, err := json.Marshal(a)
			if err != nil || string(out) != tc.want {
				t.Errorf("got %s %v, want %s", out, err, tc.want)
			}
		})
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatalf("unexpected error: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("got error %v, want one that contains %q", err, want)
	}
}
