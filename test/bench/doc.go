// Command bench measures Fairlead in a cluster that it is installed in, side by side with bare pods, and prints tables.
// `make bench` runs it on a local cluster.
//
// Some figures need pods that cost nothing, so that it is not the kubelet that is measured: for those the program makes
// nodes of its own and is their kubelet (fakekubelet.go). All it makes lies in namespaces named bench-* and on nodes
// named fairlead-bench-*, and is deleted at the end. How many objects it makes and how long it takes is bounded.
package main
