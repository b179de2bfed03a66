package examples

import (
	"os"
	"strconv"
	"testing"
)

// setting reads a number from the environment.
func setting(t testing.TB, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// rounds are how many random workflows a test makes, and the seed of the first. The environment asks for others by what the test is
// called there, such as FAIRLEAD_MUTANTS and FAIRLEAD_MUTANTS_SEED: one workflow again, or many more.
func rounds(t testing.TB, name string, usual int64) (first, count int64) {
	t.Helper()
	if testing.Short() {
		usual /= 8
	}
	first, count = setting(t, name+"_SEED", 1), setting(t, name, usual)
	t.Logf("%s_SEED=%d %s=%d", name, first, name, count)
	return first, count
}
