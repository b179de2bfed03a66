package v1alpha1

import "testing"

func TestProgress(t *testing.T) { // NOD-08
	for text, valid := range map[string]bool{
		"0/1": true, "1/1": true, "3/10": true,
		"0/0": false, "2/1": false, "-1/1": false, "1": false, "": false, "a/b": false, "1/2/3": false, "1/ 2": false,
	} {
		if _, got := ParseProgress(text); got != valid {
			t.Errorf("%q is valid: %v", text, got)
		}
	}
	sum := ProgressZero.Add("1/2").Add("0/3").Add("nonsense")
	if sum != "1/5" || sum.N() != 1 || sum.M() != 5 {
		t.Errorf("sum: %s", sum)
	}
	if done := sum.Complete(); done != "5/5" {
		t.Errorf("complete: %s", done)
	}
	if p, ok := NewProgress(2, 1); ok {
		t.Errorf("made %s", p)
	}
}
