package expr

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// reference is a variable that an expression reads, as the path of its members.
type reference struct {
	path    []string
	guarded bool // under ?? or ?., so it need not exist (EXP-05)
	chained bool // asked for with ?., so what it is a member of need not exist either
}

// references lists the variables of an expression.
func references(source string) ([]reference, error) {
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, oneLine(err)
	}
	c := &collector{paths: map[ast.Node][]string{}, guarded: map[ast.Node]bool{}, chained: map[ast.Node]bool{}, declared: map[string]bool{}}
	ast.Walk(&tree.Node, c)
	var refs []reference
	for _, node := range c.order {
		path, ok := c.paths[node]
		if !ok || c.declared[path[0]] || ownFunction(path[0]) {
			continue
		}
		refs = append(refs, reference{path: path, guarded: c.guarded[node], chained: c.chained[node]})
	}
	return refs, nil
}

// collector finds identifiers and the members behind them. The walk visits operands before operators, so a member replaces
// the shorter path that it extends.
type collector struct {
	order    []ast.Node
	paths    map[ast.Node][]string
	guarded  map[ast.Node]bool
	chained  map[ast.Node]bool
	declared map[string]bool
}

// Visit implements ast.Visitor.
func (c *collector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		c.add(n, []string{n.Value})
	case *ast.MemberNode:
		c.member(n)
	case *ast.ChainNode:
		if path, ok := c.paths[n.Node]; ok {
			delete(c.paths, n.Node)
			c.add(n, path)
			c.inherit(n, n.Node)
		}
	case *ast.BinaryNode:
		if n.Operator == "??" {
			c.guard(n.Left)
		}
	case *ast.VariableDeclaratorNode:
		c.declared[n.Name] = true
	}
}

func (c *collector) member(n *ast.MemberNode) {
	base, ok := c.paths[n.Node]
	if !ok {
		return
	}
	if n.Optional {
		c.guarded[n.Node], c.chained[n.Node] = true, true
	}
	property, constant := n.Property.(*ast.StringNode)
	if !constant {
		return
	}
	delete(c.paths, n.Node)
	c.add(n, append(append([]string{}, base...), property.Value))
	c.inherit(n, n.Node)
}

func (c *collector) add(node ast.Node, path []string) {
	c.order = append(c.order, node)
	c.paths[node] = path
}

// inherit marks a node as the one that it extends is.
func (c *collector) inherit(node, from ast.Node) {
	c.guarded[node], c.chained[node] = c.guarded[node] || c.guarded[from], c.chained[node] || c.chained[from]
}

// guard marks everything inside an operand.
func (c *collector) guard(operand ast.Node) {
	ast.Walk(&operand, marker{c})
}

type marker struct{ c *collector }

// Visit implements ast.Visitor.
func (m marker) Visit(node *ast.Node) {
	if _, ok := m.c.paths[*node]; ok {
		m.c.guarded[*node] = true
	}
}
