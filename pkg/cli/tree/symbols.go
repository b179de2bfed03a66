package tree

import "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"

// Style says how a piece of text is meant; what it looks like is the terminal's matter.
type Style string

const (
	// Plain is text without emphasis.
	Plain Style = ""
	// Faint is what may be overlooked.
	Faint Style = "faint"
	// Strong is what should be found at once.
	Strong Style = "strong"
)

// PhaseStyle is the style of what belongs to a phase of a node or of a workflow.
func PhaseStyle[P ~string](phase P) Style { return Style(phase) }

// symbols are the characters that trees are drawn with.
type symbols struct {
	phase                                map[v1alpha1.NodePhase]string
	suspended, more, ellipsis, times     string
	tee, last, bar, blank                string
	forkTee, forkLast, midBar, midBlank  string
	lastBar, lastBlank                   string
	barLeft, barFull, barEmpty, barRight string
}

var unicode = symbols{
	phase: map[v1alpha1.NodePhase]string{
		v1alpha1.NodePending: "◷", v1alpha1.NodeRunning: "●", v1alpha1.NodeSucceeded: "✔", v1alpha1.NodeSkipped: "○",
		v1alpha1.NodeOmitted: "○", v1alpha1.NodeFailed: "✖", v1alpha1.NodeError: "⚠", "": "◷",
	},
	suspended: "‖", more: "⋮", ellipsis: "…", times: "×",
	tee: "├─", last: "└─", bar: "│ ", blank: "  ",
	forkTee: "├┬", forkLast: "└┬", midBar: "│├", midBlank: " ├", lastBar: "│└", lastBlank: " └",
	barLeft: "▕", barFull: "█", barEmpty: "░", barRight: "▏",
}

var ascii = symbols{
	phase: map[v1alpha1.NodePhase]string{
		v1alpha1.NodePending: ".", v1alpha1.NodeRunning: "*", v1alpha1.NodeSucceeded: "+", v1alpha1.NodeSkipped: "o",
		v1alpha1.NodeOmitted: "o", v1alpha1.NodeFailed: "x", v1alpha1.NodeError: "!", "": ".",
	},
	suspended: "=", more: ":", ellipsis: "...", times: "x",
	tee: "|-", last: "`-", bar: "| ", blank: "  ",
	forkTee: "|+", forkLast: "`+", midBar: "||", midBlank: " |", lastBar: "|`", lastBlank: " `",
	barLeft: "[", barFull: "#", barEmpty: ".", barRight: "]",
}

// glyph is the sign of a node.
func (s *symbols) glyph(n *v1alpha1.NodeStatus) string {
	if n.Type == v1alpha1.NodeTypeSuspend && n.Phase == v1alpha1.NodeRunning {
		return s.suspended
	}
	return s.phase[n.Phase]
}
