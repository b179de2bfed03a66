package expr

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
)

// Type says what a variable will hold.
type Type int

const (
	// AnyType may hold anything.
	AnyType Type = iota
	// TextType holds a string, as most variables do.
	TextType
	// IntType holds a whole number.
	IntType
	// BoolType holds true or false.
	BoolType
	// ObjectType has members, which may hold anything.
	ObjectType
)

// Types says what variables hold, by name; a member is a Type, or Types for an object. Members that are not listed may hold
// anything.
type Types map[string]any

// CheckTypes finds operations that do not fit what the variables hold, such as adding a number to a text. With want
// BoolType it also finds results that are never true or false, and with TextType those that are never a text.
func (p *Program) CheckTypes(variables Types, want Type) error {
	_, err := p.check(variables, want)
	return err
}

// ResultKind tells what the expression gives, as far as its operations tell; Interface: anything.
func (p *Program) ResultKind(variables Types) reflect.Kind {
	is, err := p.check(variables, AnyType)
	if err != nil || is == nil {
		return reflect.Interface
	}
	return is.Kind()
}

func (p *Program) check(variables Types, want Type) (reflect.Type, error) {
	env := variables.asMap()
	for name, function := range functionTypes() {
		if name == "sprig" && !strings.Contains(p.source, name) {
			continue // there are many of them
		}
		if _, shadowed := env[name]; !shadowed {
			env[name] = function
		}
	}
	config := conf.New(env)
	config.Strict = false // names that are not listed may hold anything
	for _, number := range numberTypes() {
		config.Functions[number.Name] = number
	}
	switch want {
	case BoolType:
		config.Expect, config.ExpectAny = reflect.Bool, true
	case TextType:
		config.Expect, config.ExpectAny = reflect.String, true
	}
	tree, err := parser.ParseWithConfig(p.source, config)
	if err != nil {
		return nil, oneLine(err)
	}
	is, err := checker.Check(tree, config)
	if err != nil {
		return nil, oneLine(err)
	}
	return is, nil
}

func (t Types) asMap() types.Map {
	m := types.Map{types.Extra: types.Any}
	for name, member := range t {
		switch is := member.(type) {
		case Types:
			m[name] = is.asMap()
		case Type:
			m[name] = is.asType()
		default:
			m[name] = types.Any
		}
	}
	return m
}

func (t Type) asType() types.Type {
	switch t {
	case TextType:
		return types.String
	case IntType:
		return types.Int
	case BoolType:
		return types.Bool
	case ObjectType:
		return types.Map{types.Extra: types.Any}
	}
	return types.Any
}

// numberTypes are the functions that make numbers of texts and numbers, and of nothing else.
var numberTypes = sync.OnceValue(func() []*builtin.Function {
	return []*builtin.Function{
		{Name: "asInt", Types: []reflect.Type{reflect.TypeFor[func(string) int](), reflect.TypeFor[func(int) int](), reflect.TypeFor[func(float64) int]()}},
		{Name: "asFloat", Types: []reflect.Type{reflect.TypeFor[func(string) float64](), reflect.TypeFor[func(int) float64](), reflect.TypeFor[func(float64) float64]()}},
	}
})

// functionTypes are the types of the functions of environment.
var functionTypes = sync.OnceValue(func() types.Map {
	m := types.Map{}
	for name, function := range environment() {
		m[name] = types.TypeOf(function)
	}
	sprig := types.Map{types.Extra: types.Any}
	for name, function := range sprigFunctions() {
		sprig[name] = types.TypeOf(function)
	}
	m["sprig"] = sprig
	return m
})

// Functions lists the functions that expressions have beside those of the language, sorted; those of sprig begin with
// `sprig.`.
var Functions = sync.OnceValue(func() []string {
	var names []string
	for name := range environment() {
		if name != "sprig" {
			names = append(names, name)
		}
	}
	for name := range sprigFunctions() {
		names = append(names, "sprig."+name)
	}
	slices.Sort(names)
	return names
})

// UnknownFunctions lists the functions of sprig that an expression uses and that do not exist, in order.
func (p *Program) UnknownFunctions() []string {
	if !strings.Contains(p.source, "sprig") {
		return nil
	}
	tree, err := parser.Parse(p.source)
	if err != nil {
		return nil
	}
	finder := &sprigFinder{}
	ast.Walk(&tree.Node, finder)
	return finder.unknown
}

type sprigFinder struct{ unknown []string }

// Visit implements ast.Visitor.
func (f *sprigFinder) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	base, ok := member.Node.(*ast.IdentifierNode)
	if !ok || base.Value != "sprig" {
		return
	}
	name, ok := member.Property.(*ast.StringNode)
	if !ok {
		return
	}
	if _, known := sprigFunctions()[name.Value]; !known {
		f.unknown = append(f.unknown, "sprig."+name.Value)
	}
}

// Filled puts texts in the place of the tags of a plain string, so that what is left can be looked at. value gets a tag as it
// stands in the text.
func (c *Cache) Filled(text string, value func(raw string) string) string {
	var out strings.Builder
	for _, p := range c.parse(quote(text)) {
		if p.kind == literal {
			out.WriteString(p.text)
		} else {
			filling := quote(value(unescaped(p.raw)))
			out.WriteString(filling[1 : len(filling)-1])
		}
	}
	var plain string
	if err := json.Unmarshal([]byte(out.String()), &plain); err != nil {
		return text
	}
	return plain
}
