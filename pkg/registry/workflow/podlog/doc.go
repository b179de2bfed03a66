// Package podlog merges the logs of all pods of a workflow into one stream: `workflows/{name}/log`.
//
// Every container's log is a stream of lines with timestamps, read from the kubelet in pieces of bounded size, so a line
// of many megabytes passes through without being held. Streams are merged by timestamp. Without follow the order is
// exact, up to the clocks of the nodes; with follow a line waits a moment for earlier lines of other pods. What the
// containers wrote is passed on byte for byte: carriage returns stay, and no newline is added to the end of the output
// when the last line has none. One is added only where the unfinished line of one pod is followed by a line of another.
//
// The server reads the logs with its own rights: whoever may get workflows/log of a workflow may read the logs of its
// pods, without a right on pods/log.
package podlog
