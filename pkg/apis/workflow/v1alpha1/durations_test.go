package v1alpha1

import (
	"testing"
	"time"
)

// RES-14
func TestDurations(t *testing.T) {
	type parser = func(string) (time.Duration, error)
	for _, tc := range []struct {
		family  string
		parse   parser
		in      string
		want    time.Duration
		wantErr string
	}{
		{"seconds or Go", ParseDuration, "90", 90 * time.Second, ""},
		{"seconds or Go", ParseDuration, "0", 0, ""},
		{"seconds or Go", ParseDuration, "1h30m", 90 * time.Minute, ""},
		{"seconds or Go", ParseDuration, "500ms", 500 * time.Millisecond, ""},
		{"seconds or Go", ParseDuration, "1d", 0, "not a duration"},
		{"seconds or Go", ParseDuration, "1.5", 0, "not a duration"},
		{"seconds or Go", ParseDuration, "", 0, "not a duration"},
		{"seconds or Go", ParseDuration, "9223372036854775807", 0, "too long"},
		{"unit needed", ParseTimeout, "10s", 10 * time.Second, ""},
		{"unit needed", ParseTimeout, "1h", time.Hour, ""},
		{"unit needed", ParseTimeout, "10", 0, `write "10s"`},
		{"unit needed", ParseTimeout, "2d", 0, "not a duration"},
		{"days too", ParseTTL, "30d", 720 * time.Hour, ""},
		{"days too", ParseTTL, "12h", 12 * time.Hour, ""},
		{"days too", ParseTTL, "1h30m", 90 * time.Minute, ""},
		{"days too", ParseTTL, "5s", 5 * time.Second, ""},
		{"days too", ParseTTL, "1.5d", 0, "not a duration"},
		{"days too", ParseTTL, "30", 0, "not a duration"},
		{"days too", ParseTTL, "999999999d", 0, "too long"},
	} {
		t.Run(tc.family+" "+tc.in, func(t *testing.T) {
			got, err := tc.parse(tc.in)
			checkError(t, err, tc.wantErr)
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
