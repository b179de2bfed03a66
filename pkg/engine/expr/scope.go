// Package expr is the language of workflows: `{{name}}` tags, `{{=expression}}` tags, `when` conditions and bare
// expressions. Everything that can be compiled is compiled once and kept by a Cache.
package expr

// State tells what a Scope knows about a name.
type State int

const (
	// Unknown means that there is no such variable.
	Unknown State = iota
	// Known means that the variable has a value.
	Known
	// Absent means that the variable is declared but its producer was skipped or left it out (PRM-20). Not the same as empty.
	Absent
	// Late means that the variable gets its value in a later pass (VAR-30); its tag stays as it is.
	Late
)

// Value is what a Scope knows about a name.
type Value struct {
	Text  string
	State State
}

// Text makes a known value.
func Text(s string) Value { return Value{Text: s, State: Known} }

// Scope gives values to names. Names are those of simple tags, such as `steps.a.outputs.parameters.p`.
type Scope interface {
	// Get gives the value of one name.
	Get(name string) Value
	// Below lists the names that start with prefix and a dot, in a fixed order, as far as a scope can tell them.
	Below(prefix string) []string
}

// Scopes asks several scopes in turn; the first that knows a name wins.
type Scopes []Scope

// Get implements Scope.
func (s Scopes) Get(name string) Value {
	for _, scope := range s {
		if v := scope.Get(name); v.State != Unknown {
			return v
		}
	}
	return Value{}
}

// Below implements Scope.
func (s Scopes) Below(prefix string) []string {
	var names []string
	for _, scope := range s {
		names = append(names, scope.Below(prefix)...)
	}
	return names
}

// Map is a Scope of fixed names.
type Map map[string]string

// Get implements Scope.
func (m Map) Get(name string) Value {
	if v, ok := m[name]; ok {
		return Text(v)
	}
	return Value{}
}

// Below implements Scope.
func (m Map) Below(prefix string) []string { return below(m, prefix) }
