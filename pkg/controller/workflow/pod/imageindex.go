package pod

import "strings"

// anyTag ends a name in the index that stands for all tags of an image.
const anyTag = ":*"

// imageCommand is what the index of images says about an image: under its name as it stands in the template, else under its
// name with * for the tag. An image that is named by its digest is found by its full name only, as the digest says which one
// is meant.
func (s Settings) imageCommand(image string) (ImageCommand, bool) {
	if found, ok := s.Images[image]; ok {
		return found, true
	}
	if strings.Contains(image, "@") {
		return ImageCommand{}, false
	}
	name := image
	// A colon before the last slash is that of a registry's port.
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		name = image[:i]
	}
	found, ok := s.Images[name+anyTag]
	return found, ok
}
