package codegen

import (
	"fmt"
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

// Fill is the part of a register that the widest sum uses: of the accumulator, or of
// the narrow register between two flushes.
func Fill(c *Call) float64 {
	width, bits := c.Sum.Channels[Worst(c.Sum)].Window.Width(), c.Sum.Acc.Total()
	if c.Segment != (ir.Bound{}) {
		width, bits = c.Segment.Width(), segmentBits(c.Sum)
	}
	return float64(width) / (math.Ldexp(1, bits) - 1)
}

// segmentBits are those of the register that s is flushed from.
func segmentBits(s *ir.Sum) int { return min(s.Acc.Bits, 16) }

// Describe says what a call sums and why it fits, for the comment above it.
func Describe(c *Call) string {
	worst := Worst(c.Sum)
	ch := c.Sum.Channels[worst]
	text := fmt.Sprintf("%d channels, K = %d, inputs in %s. Worst channel %d: sum|w| = %d, sums in %s",
		len(c.Sum.Channels), c.Sum.K, c.Inputs(), worst, ch.L1, ch.Window)
	if c.Segment == (ir.Bound{}) {
		return text + fmt.Sprintf(", %.1f %% of %d bits.", 100*Fill(c), c.Sum.Acc.Total())
	}
	return text + fmt.Sprintf(". Segments: %d, the widest in %s, %.1f %% of %d bits.", Segments(c), c.Segment, 100*Fill(c), segmentBits(c.Sum))
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
