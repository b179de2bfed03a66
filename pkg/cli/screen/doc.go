// Package screen knows what can be done with what a command writes to: whether it is a terminal, how large it is, which
// colours it gets, and how something on it is drawn again in its place.
package screen
