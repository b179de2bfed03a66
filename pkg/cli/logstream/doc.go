// Package logstream copies the log of a workflow to where a person reads it. A stream that is cut is taken up again where it
// ended: every line is asked for with its pod and time, and lines that came already are left out.
package logstream
