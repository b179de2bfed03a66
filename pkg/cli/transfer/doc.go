// Package transfer downloads files in parts: a connection that breaks, or is cut by a proxy after a minute, is taken up where it
// ended, and a file stands under its name only when it is whole.
package transfer
