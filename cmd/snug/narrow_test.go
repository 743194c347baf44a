package main

import (
	"slices"
	"testing"
)

// TestNarrowestWidth: the least width that holds is found where holding is
// monotone, and taken where noise makes a width beside it hold; no width is tried
// twice but by name.
func TestNarrowestWidth(t *testing.T) {
	from := func(p int) []int {
		var all []int
		for ; p <= wide; p++ {
			all = append(all, p)
		}
		return all
	}
	cases := []struct {
		holds []int
		want  int
	}{
		{nil, 0},
		{from(17), 32},
		{from(16), 16},
		{from(8), 8},
		{from(9), 9},
		{from(12), 12},
		{from(13), 13},
		{append([]int{10}, from(12)...), 10}, // one below fails, two below holds
		{[]int{12, 14, 15, 16, 32}, 12},      // one above fails
	}
	for _, c := range cases {
		tried := map[int]bool{}
		got, err := narrowestWidth(func(p int) (bool, error) {
			if p < leastNarrow || p > mostNarrow && p != wide {
				t.Errorf("%v: tried %d", c.holds, p)
			}
			tried[p] = true
			return slices.Contains(c.holds, p), nil
		})
		if err != nil || got != c.want {
			t.Errorf("of %v: %d, %v, want %d", c.holds, got, err, c.want)
		}
		for _, p := range []int{got - 2, got - 1, got + 1} {
			if got != 0 && got != wide && p >= leastNarrow && p <= mostNarrow && !tried[p] {
				t.Errorf("of %v: %d was found, %d not tried", c.holds, got, p)
			}
		}
		if len(tried) > 8 {
			t.Errorf("of %v: tried %d widths", c.holds, len(tried))
		}
	}
}
