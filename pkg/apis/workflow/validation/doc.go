// Package validation says what is wrong with objects of the workflow API: objects in, errors and warnings out, no client.
// References to other objects are not followed here. The numbers (V-001 …) are those of the list of validation rules.
package validation
