package main

import (
	"math"
	"testing"
)

// TestDropOf holds drop and standard error to the definition, computed here from
// the counts of the two kinds of disagreement.
func TestDropOf(t *testing.T) {
	cases := []struct {
		name                          string
		both, onlyReal, onlyInt, none int
	}{
		{"the same", 7, 0, 0, 3},
		{"both ways", 80, 5, 3, 12},
		{"worse", 60, 20, 0, 20},
		{"always worse", 0, 9, 0, 0},
		{"one", 0, 1, 0, 0},
	}
	for _, c := range cases {
		var answers []answer
		add := func(n, real, integer int) {
			for range n {
				answers = append(answers, answer{real, integer})
			}
		}
		add(c.both, 1, 1)
		add(c.onlyReal, 1, 0)
		add(c.onlyInt, 0, 1)
		add(c.none, 0, 2)
		classes := make([]int, len(answers))
		for i := range classes {
			classes[i] = 1
		}
		n, b, w := float64(len(answers)), float64(c.onlyReal), float64(c.onlyInt)
		mean := (b - w) / n
		se := 0.0
		if n > 1 {
			squares := b*(1-mean)*(1-mean) + w*(1+mean)*(1+mean) + (n-b-w)*mean*mean
			se = math.Sqrt(squares / (n - 1) / n)
		}
		got := dropOf(answers, classes)
		if math.Abs(got.Points-100*mean) > 1e-9 || math.Abs(got.StdErr-100*se) > 1e-9 {
			t.Errorf("%s: %+v, want %g and %g", c.name, got, 100*mean, 100*se)
		}
	}
}
