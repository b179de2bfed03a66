// Package lint says what is wrong with objects of the workflow API, alone and together with the objects that they refer to:
// the same findings in a server's admission and offline, for files. What an object alone tells is checked by
// pkg/apis/workflow/validation; here come references, the variables that each text can use, expressions, conditions, and
// what is never reached or used. The package is pure: a Lookup gives it what others have stored.
package lint
