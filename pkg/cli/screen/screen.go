package screen

import (
	"hash/fnv"
	"io"
	"os"

	"golang.org/x/term"

	"fairlead.dev/fairlead/pkg/cli/tree"
)

// Screen is where a command writes to.
type Screen struct {
	io.Writer
	// Terminal is true when a person looks at it.
	Terminal bool
	// Colours says whether text may have colours.
	Colours bool
	// size returns columns and rows.
	size func() (int, int)
}

// fallbackWidth and fallbackHeight are for terminals that do not know their size.
const fallbackWidth, fallbackHeight = 80, 24

// New looks at a writer. Colours are for terminals, unless they are not wanted: by a flag, by NO_COLOR, or by TERM=dumb.
func New(out io.Writer, noColour bool, getenv func(string) string) *Screen {
	s := &Screen{Writer: out, size: func() (int, int) { return fallbackWidth, fallbackHeight }}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	dumb := getenv("TERM") == "dumb"
	s.Terminal = !dumb
	s.Colours = !dumb && !noColour && getenv("NO_COLOR") == ""
	s.size = func() (int, int) {
		width, height, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return fallbackWidth, fallbackHeight
		}
		return width, height
	}
	return s
}

// Fixed returns a screen of a fixed size, for tests.
func Fixed(out io.Writer, width, height int) *Screen {
	return &Screen{Writer: out, Terminal: true, size: func() (int, int) { return width, height }}
}

// Width is how many columns lines may have; 0 when nobody looks, and lines may be as long as they are.
func (s *Screen) Width() int {
	if !s.Terminal {
		return 0
	}
	width, _ := s.size()
	return width
}

// sequences are the colours of styles. All but bright black are among the eight that every terminal has.
var sequences = map[tree.Style]string{
	tree.Faint: "2", tree.Strong: "1",
	"Pending": "33", "Running": "36", "Succeeded": "32", "Failed": "31", "Error": "31", "Skipped": "2", "Omitted": "2",
	"warning": "33", "error": "31",
}

// Paint gives text the look of a style.
func (s *Screen) Paint(style tree.Style, text string) string {
	code, known := sequences[style]
	if !s.Colours || !known || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Tint gives text one of six colours, the same for the same key.
func (s *Screen) Tint(key, text string) string {
	if !s.Colours {
		return text
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return "\x1b[3" + string(rune('1'+h.Sum32()%6)) + "m" + text + "\x1b[0m"
}

// Strong makes text stand out.
func (s *Screen) Strong(text string) string { return s.Paint(tree.Strong, text) }
