// Package sockets says where artifact drivers of others are reached. It is apart from package plugin, because the controller
// has to know it and talks to none.
package sockets

import "path"

const (
	// Dir is where the directories with the sockets are, one a driver, in the containers of drivers and in those that ask them.
	Dir = "/argo/artifact-drivers"
	// Name of the socket in its directory.
	Name = "socket"
)

// Of returns the socket of a driver.
func Of(driver string) string { return path.Join(Dir, driver, Name) }
