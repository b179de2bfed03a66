package screen

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func environment(set ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(set); i += 2 {
			if set[i] == name {
				return set[i+1]
			}
		}
		return ""
	}
}

func TestScreen(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer master.Close()
	defer terminal.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 10, Cols: 33}); err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tests := []struct {
		name              string
		screen            *Screen
		terminal, colours bool
		width             int
	}{
		{"terminal", New(terminal, false, environment("TERM", "xterm")), true, true, 33},
		{"flag", New(terminal, true, environment("TERM", "xterm")), true, false, 33},
		{"NO_COLOR", New(terminal, false, environment("NO_COLOR", "1")), true, false, 33},
		{"dumb terminal", New(terminal, false, environment("TERM", "dumb")), false, false, 0},
		{"file", New(file, false, environment()), false, false, 0},
		{"buffer", New(&bytes.Buffer{}, false, environment()), false, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.screen
			if s.Terminal != test.terminal || s.Colours != test.colours || s.Width() != test.width {
				t.Errorf("terminal %v, colours %v, width %d", s.Terminal, s.Colours, s.Width())
			}
			if coloured := strings.Contains(s.Paint("Failed", "x")+s.Tint("pod", "y")+s.Strong("z"), "\x1b"); coloured != test.colours {
				t.Errorf("coloured: %v", coloured)
			}
			if got := s.Paint("no such style", "x"); got != "x" {
				t.Errorf("%q", got)
			}
		})
	}
}

// What is drawn again takes the place of what was there, and nothing else.
func TestArea(t *testing.T) {
	var out bytes.Buffer
	area := Fixed(&out, 20, 4).NewArea()
	steps := []struct {
		do   func() error
		want string
	}{
		{func() error { return area.Draw([]string{"one", "two"}) }, "\x1b[?25l\rone\x1b[K\ntwo\x1b[K\n\x1b[J"},
		{func() error { return area.Draw([]string{"1", "2", "3", "4", "5"}) }, "\x1b[?25l\r\x1b[2A1\x1b[K\n2\x1b[K\n3\x1b[K\n\x1b[J"},
		{func() error { return area.Draw([]string{"x"}) }, "\x1b[?25l\r\x1b[3Ax\x1b[K\n\x1b[J"},
		{func() error { return area.Close([]string{"a", "b", "c", "d", "e"}) }, "\r\x1b[1Aa\x1b[K\nb\x1b[K\nc\x1b[K\nd\x1b[K\ne\x1b[K\n\x1b[J\x1b[?25h"},
		{func() error { return area.Close(nil) }, "\x1b[?25h"},
	}
	for i, step := range steps {
		out.Reset()
		if err := step.do(); err != nil || out.String() != step.want {
			t.Errorf("step %d: got %q, %v; want %q", i, out.String(), err, step.want)
		}
	}
}

// A terminal breaks lines anew when it becomes narrower; the area begins above all of their parts. Colours take no place.
func TestAreaOnANarrowerScreen(t *testing.T) {
	var out bytes.Buffer
	width := 20
	s := &Screen{Writer: &out, Terminal: true, size: func() (int, int) { return width, 12 }}
	area := s.NewArea()
	if err := area.Draw([]string{"\x1b[32mexactly 10\x1b[0m", "", "四四四四四四", "one line of 20 signs"}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		width int
		up    string
	}{{20, "\r\x1b[4A"}, {10, "\r\x1b[6A"}, {4, "\r\x1b[11A"}} {
		width = step.width
		var text strings.Builder
		if area.up(&text); text.String() != step.up {
			t.Errorf("%d columns: %q, want %q", step.width, text.String(), step.up)
		}
	}
}
