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

const (
	// mostPredicted is how long a predictable expression is, in bytes.
	mostPredicted = 1000
	// mostQuoted is how often a predictable expression writes JSON: within each other, every one doubles the quotes of the last.
	mostQuoted = 2
)

// Predictable tells whether the expression can be evaluated before the run by anybody who knows its variables: it always gives
// the same for the same values, and takes no time to speak of. What it says may come from anybody.
func (p *Program) Predictable() bool {
	p.predict.Do(func() {
		if len(p.source) > mostPredicted {
			return
		}
		tree, err := parser.Parse(p.source)
		if err != nil {
			return
		}
		v := &predictor{ok: true}
		ast.Walk(&tree.Node, v)
		p.predictable = v.ok && v.quoted <= mostQuoted
	})
	return p.predictable
}

type predictor struct {
	ok     bool
	quoted int
}

// Visit implements ast.Visitor.
func (v *predictor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.NilNode, *ast.IdentifierNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.UnaryNode, *ast.ChainNode, *ast.MemberNode, *ast.ConditionalNode, *ast.ArrayNode, *ast.MapNode, *ast.PairNode:
	case *ast.BinaryNode:
		v.ok = v.ok && n.Operator != ".." && n.Operator != "matches" // a pattern of a few letters can have thousands of states
	case *ast.BuiltinNode:
		v.call(n.Name, n.Arguments)
	case *ast.CallNode:
		callee, named := n.Callee.(*ast.IdentifierNode)
		if v.ok = v.ok && named; named {
			v.call(callee.Value, n.Arguments)
		}
	default:
		v.ok = false
	}
}

func (v *predictor) call(name string, arguments []ast.Node) {
	v.ok = v.ok && predictable[name]
	switch name {
	case "toJson", "toJSON":
		v.quoted++
	case "jsonpath":
		v.ok = v.ok && len(arguments) == 2 && namesOne(arguments[1])
	}
}

// namesOne tells paths that lead to one value: those to several may lead to more of them than data has letters.
func namesOne(path ast.Node) bool {
	text, constant := path.(*ast.StringNode)
	if !constant {
		return false
	}
	parsed, err := jp.ParseString(text.Value)
	return err == nil && parsed.Normal()
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
