// Package e2e holds the tests against a real cluster that Fairlead is installed in. They are built with the tag e2e and
// run by `make e2e`, which brings up a cluster where KUBECONFIG names none. They make namespaces named e2e-* and delete
// them, and restart the Fairlead pods; they touch nothing else.
package e2e
