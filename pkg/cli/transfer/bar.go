package transfer

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows how far a download is.
type Bar interface {
	// Set tells how many bytes are there.
	Set(bytes int64)
	// Close takes the bar away.
	Close()
}

// Discard shows nothing.
var Discard Bar = discard{}

type discard struct{}

// Set implements Bar.
func (discard) Set(int64) {}

// Close implements Bar.
func (discard) Close() {}

// NewBar draws a bar, with a size of -1 a counter.
func NewBar(out io.Writer, title string, size int64, colours, ascii bool) Bar {
	theme := progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "▕", BarEnd: "▏"}
	if ascii {
		theme = progressbar.ThemeASCII
	}
	return &terminalBar{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription(title),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionEnableColorCodes(colours),
		progressbar.OptionSetTheme(theme),
	)}
}

type terminalBar struct{ bar *progressbar.ProgressBar }

// Set implements Bar. What the bar cannot draw is not worth an error.
func (b *terminalBar) Set(bytes int64) { _ = b.bar.Set64(bytes) }

// Close implements Bar.
func (b *terminalBar) Close() { _ = b.bar.Clear() }

// Bytes writes a size for people.
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, suffix := float64(n)/unit, 0
	for value >= unit && suffix < 4 {
		value /= unit
		suffix++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[suffix])
}
