package apiserver

import "bytes"

// The members that are left out, each only where it belongs to a type of Kubernetes that writes it unasked.
var (
	blankName      = []byte(`"name":""`)
	blankResources = []byte(`"resources":{}`)
	blankStatus    = []byte(`"status":{}`)
)

// dropBlanks returns JSON, as the encoder writes it, without the blanks; the same slice when there are none. What users fill as
// they like is not touched: labels, items of loops, plugins. Neither is the status, which no manifest has.
func dropBlanks(data []byte) []byte {
	if !bytes.Contains(data, blankName) && !bytes.Contains(data, blankResources) && !bytes.Contains(data, blankStatus) {
		return data
	}
	s := blankScan{data: data}
	s.run()
	if s.out == nil {
		return data
	}
	return append(s.out, data[s.copied:]...)
}

// place says what may be a blank in an object or in the objects of a list.
type place byte

const (
	elsewhere    place = iota
	templates          // a template, or a list of them
	oneContainer       // a container without a name
	containers         // a list of containers, which have names
	claims             // a list of claim templates
	claimSpec          // what a claim asks for
)

// inner is the place that a member's value is.
func inner(outer place, key []byte) place {
	switch string(key) {
	case "templates", "inline", "templateDefaults":
		return templates
	case "container", "script":
		if outer == templates {
			return oneContainer
		}
	case "containers", "initContainers", "sidecars":
		return containers
	case "volumeClaimTemplates":
		return claims
	case "spec":
		if outer == claims {
			return claimSpec
		}
		return outer
	case "workflowSpec", "items", "steps", "tasks", "dag", "containerSet":
		return outer
	}
	return elsewhere
}

// free tells whether users may write what they like into the value of this member.
func free(key []byte) bool {
	switch string(key) {
	case "metadata", "withItems", "plugin", "status":
		return true
	}
	return false
}

func (p place) blank(member []byte) bool {
	switch p {
	case oneContainer:
		return bytes.HasPrefix(member, blankName) || bytes.HasPrefix(member, blankResources)
	case containers, claimSpec:
		return bytes.HasPrefix(member, blankResources)
	case claims:
		return bytes.HasPrefix(member, blankStatus)
	}
	return false
}

// blankScan goes through the JSON once.
type blankScan struct {
	data   []byte
	at     int
	depth  int // of the object that is gone through; 1: the whole
	out    []byte
	copied int // how much of data is in out, or left out
}

func (s *blankScan) run() { s.value(elsewhere) }

// value goes over the value that begins at s.at.
func (s *blankScan) value(where place) {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '{':
			s.object(where)
			return
		case '[':
			s.at++
			for s.at < len(s.data) && s.data[s.at] != ']' {
				s.value(where)
				if s.at < len(s.data) && s.data[s.at] != ']' {
					s.at++ // the comma
				}
			}
			s.at++
			return
		case '"':
			s.text()
			return
		case ',', ']', '}':
			return
		}
		s.at++
	}
}

func (s *blankScan) object(where place) {
	s.at++
	s.depth++
	defer func() { s.depth-- }()
	for s.at < len(s.data) && s.data[s.at] != '}' {
		if where.blank(s.data[s.at:]) {
			s.drop()
			continue
		}
		key := s.text()
		s.at++ // the colon
		if s.depth == 1 && string(key) == "status" {
			s.at = len(s.data) // the last member of all our kinds, and by far the longest
			return
		}
		if free(key) {
			s.skip()
		} else {
			s.value(inner(where, key))
		}
		if s.at < len(s.data) && s.data[s.at] == ',' {
			s.at++
		}
	}
	s.at++
}

// drop leaves out the member at s.at, and one comma.
func (s *blankScan) drop() {
	begin := s.at
	s.text()
	s.at++
	s.skip()
	if s.out == nil {
		s.out = make([]byte, 0, len(s.data))
	}
	s.out = append(s.out, s.data[s.copied:begin]...)
	switch {
	case s.at < len(s.data) && s.data[s.at] == ',':
		s.at++
	case s.out[len(s.out)-1] == ',':
		s.out = s.out[:len(s.out)-1]
	}
	s.copied = s.at
}

// skip goes over the value at s.at, whatever is in it.
func (s *blankScan) skip() {
	for depth := 0; s.at < len(s.data); {
		switch s.data[s.at] {
		case '"':
			s.text()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
			s.at++
		case ',':
			if depth == 0 {
				return
			}
			s.at++
		default:
			s.at++
		}
		if depth == 0 && s.at < len(s.data) && (s.data[s.at] == ',' || s.data[s.at] == '}' || s.data[s.at] == ']') {
			return
		}
	}
}

// text goes over the string at s.at and returns what is between its quotes, as it is written.
func (s *blankScan) text() []byte {
	begin := s.at + 1
	for at := begin; at < len(s.data); at++ {
		next := bytes.IndexByte(s.data[at:], '"')
		if next < 0 {
			break
		}
		at += next
		escapes := 0
		for at-escapes > begin && s.data[at-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			s.at = at + 1
			return s.data[begin:at]
		}
	}
	s.at = len(s.data)
	return nil
}
