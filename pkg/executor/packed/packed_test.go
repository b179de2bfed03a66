package packed

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// TPL-02, EXE-15: what is packed comes out the same, in parts of the size that was asked for.
func TestPackAndOpen(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(source.IntN(256))
	}
	for name, text := range map[string]string{"short": "x", "repeated": strings.Repeat("é $(HOME)\n", 50_000), "noise": string(noise)} {
		parts, size, err := Pack("P_", text, 1000)
		if err != nil || len(parts) != (size+999)/1000 {
			t.Fatalf("%s: %d parts of %d bytes, %v", name, len(parts), size, err)
		}
		env := map[string]string{}
		for _, p := range parts {
			env[p.Name] = p.Value
		}
		r, err := Open("P_", func(n string) string { return env[n] })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%s: %d bytes of %d came back, %v", name, len(got), len(text), err)
		}
	}
}

func TestNothingPacked(t *testing.T) {
	if r, err := Open("P_", func(string) string { return "" }); r != nil || err != nil {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := Open("P_", func(n string) string { return map[string]string{"P_0": "no base64"}[n] }); err == nil || !strings.Contains(err.Error(), "P_") {
		t.Errorf("%v", err)
	}
	big := make([]byte, 2<<20)
	source := rand.New(rand.NewPCG(3, 4))
	for i := range big {
		big[i] = byte(source.IntN(256))
	}
	if parts, size, err := Pack("P_", string(big), 1000); parts != nil || size <= Limit || err != nil {
		t.Errorf("%d parts, %d bytes, %v", len(parts), size, err)
	}
}
