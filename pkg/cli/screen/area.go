package screen

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
)

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// Area is a part of a terminal, at its end, that is drawn again and again. Its lines must not be wider than the screen.
type Area struct {
	screen *Screen
	// drawn are the widths of the lines on the screen.
	drawn []int
}

// NewArea begins an area at the cursor. Close gives the terminal back.
func (s *Screen) NewArea() *Area { return &Area{screen: s} }

// Size is how many columns and lines may be drawn. The last line stays free, for the cursor.
func (a *Area) Size() (width, lines int) {
	width, height := a.screen.size()
	return width, max(1, height-1)
}

// Draw replaces what the area shows.
func (a *Area) Draw(lines []string) error {
	_, most := a.Size()
	if len(lines) > most {
		lines = lines[:most]
	}
	var text strings.Builder
	text.WriteString(hideCursor)
	a.up(&text)
	for _, line := range lines {
		text.WriteString(line + clearLine + "\n")
	}
	text.WriteString(clearBelow)
	a.drawn = a.drawn[:0]
	for _, line := range lines {
		a.drawn = append(a.drawn, uniseg.StringWidth(colour.ReplaceAllString(line, "")))
	}
	_, err := io.WriteString(a.screen, text.String())
	return err
}

// colour is what a line has in it that takes no place.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// up moves the cursor to where the area begins. A screen that has become narrower has broken lines, and one that has become
// lower has lost the upper ones.
func (a *Area) up(text *strings.Builder) {
	text.WriteString("\r")
	width, most := a.Size()
	rows := 0
	for _, drawn := range a.drawn {
		rows += max(1, (drawn+width-1)/width)
	}
	if rows > 0 {
		fmt.Fprintf(text, "\x1b[%dA", min(rows, most))
	}
}

// Close ends the area with its last lines, of which there may be more than fit on the screen, and shows the cursor.
func (a *Area) Close(lines []string) error {
	var text strings.Builder
	if lines != nil {
		a.up(&text)
		for _, line := range lines {
			text.WriteString(line + clearLine + "\n")
		}
		text.WriteString(clearBelow)
	}
	text.WriteString(showCursor)
	_, err := io.WriteString(a.screen, text.String())
	return err
}
