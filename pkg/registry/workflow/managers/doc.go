// Package managers notes in metadata.managedFields who changed an object through a subresource that acts. For creations, updates
// and patches of the objects themselves the generic server does so; what verbs do it does not see.
package managers
