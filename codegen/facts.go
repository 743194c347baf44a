package codegen

import (
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

// Worst returns the channel with the widest window.
func Worst(s *ir.Sum) int {
	worst := 0
	for i, c := range s.Channels {
		if c.Window.Width() > s.Channels[worst].Window.Width() {
			worst = i
		}
	}
	return worst
}

// Fill is the part of the accumulator that channel c uses.
func Fill(s *ir.Sum, c int) float64 {
	return float64(s.Channels[c].Window.Width()) / (math.Ldexp(1, s.Acc.Total()) - 1)
}

// Segments counts the narrow sums that one dot product is cut into.
func Segments(c *Call) int {
	switch g := c.Geometry.(type) {
	case *kern.Conv:
		return max(segments(g.Pieces), 1)
	case *kern.Depthwise:
		return max(segments(g.Taps), 1)
	case *RingConv:
		return 1
	}
	return 0
}
