package expr

import "github.com/expr-lang/expr"

// Transform evaluates an expression over one value, called data (TPL-11).
func Transform(source string, data any) (any, error) {
	env := environment()
	env["data"] = data
	program, err := expr.Compile(source, expr.AllowUndefinedVariables())
	if err != nil {
		return nil, oneLine(err)
	}
	result, err := expr.Run(program, env)
	if err != nil {
		return nil, oneLine(err)
	}
	return result, nil
}
