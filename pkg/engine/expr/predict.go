package expr

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/ohler55/ojg/jp"
)

// predictable are the functions that give the same for the same arguments, at little cost, whatever these are.
var predictable = map[string]bool{
	"asInt": true, "asFloat": true, "toJson": true, "jsonpath": true, "int": true, "float": true, "string": true, "len": true,
	"upper": true, "lower": true, "trim": true, "trimPrefix": true, "trimSuffix": true, "hasPrefix": true, "hasSuffix": true,
	"indexOf": true, "lastIndexOf": true, "abs": true, "ceil": true, "floor": true, "round": true, "max": true, "min": true,
	"type": true, "toJSON": true, "fromJSON": true, "keys": true, "values": true, "first": true, "last": true, "get": true,
}

// mostPredicted is how long a predictable expression is, in bytes.
const mostPredicted = 1000

// Predictable tells whether the expression can be evaluated before the run by anybody who knows its variables: it always gives
// the same for the same values, and takes no time to speak of. What it says may come from anybody.
func (p *Program) Predictable() bool {
	if len(p.source) > mostPredicted {
		return false
	}
	tree, err := parser.Parse(p.source)
	if err != nil {
		return false
	}
	v := &predictor{ok: true}
	ast.Walk(&tree.Node, v)
	return v.ok
}

type predictor struct{ ok bool }

// Visit implements ast.Visitor.
func (v *predictor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.NilNode, *ast.IdentifierNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.UnaryNode, *ast.ChainNode, *ast.MemberNode, *ast.ConditionalNode, *ast.ArrayNode, *ast.MapNode, *ast.PairNode:
	case *ast.BinaryNode:
		v.ok = v.ok && n.Operator != ".."
	case *ast.BuiltinNode:
		v.ok = v.ok && predictable[n.Name]
	case *ast.CallNode:
		callee, named := n.Callee.(*ast.IdentifierNode)
		v.ok = v.ok && named && predictable[callee.Value]
	default:
		v.ok = false
	}
}

// Mistakes says which calls in the expression fail whatever its variables hold: their own arguments are to blame.
func (p *Program) Mistakes() []error {
	if !callsThatFail.MatchString(p.source) {
		return nil
	}
	tree, err := parser.Parse(p.source)
	if err != nil {
		return nil
	}
	m := &mistakes{}
	ast.Walk(&tree.Node, m)
	return m.found
}

var callsThatFail = regexp.MustCompile(`jsonpath|asInt|asFloat|int|float|fromJSON`)

type mistakes struct{ found []error }

// Visit implements ast.Visitor.
func (m *mistakes) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BuiltinNode:
		m.call(n.Name, n.Arguments)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			m.call(callee.Value, n.Arguments)
		}
	}
}

func (m *mistakes) call(name string, arguments []ast.Node) {
	text := func(i int) (string, bool) {
		if i >= len(arguments) {
			return "", false
		}
		constant, ok := arguments[i].(*ast.StringNode)
		if !ok {
			return "", false
		}
		return constant.Value, true
	}
	var err error
	switch name {
	case "jsonpath":
		if path, ok := text(1); ok {
			if _, err = jp.ParseString(path); err != nil {
				err = fmt.Errorf("jsonpath %q: %w", path, err)
			}
		}
		if data, ok := text(0); ok && !json.Valid([]byte(data)) {
			err = fmt.Errorf("jsonpath: the first argument %q is not JSON", data)
		}
	case "fromJSON":
		if data, ok := text(0); ok && !json.Valid([]byte(data)) {
			err = fmt.Errorf("fromJSON: %q is not JSON", data)
		}
	case "asInt", "int":
		if number, ok := text(0); ok {
			_, err = asInt(number)
		}
	case "asFloat", "float":
		if number, ok := text(0); ok {
			_, err = asFloat(number)
		}
	}
	if err != nil {
		m.found = append(m.found, err)
	}
}
