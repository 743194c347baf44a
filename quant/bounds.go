package quant

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// bounds proves every sum, from the integers that will be emitted: the window
// of a channel is the sum of the intervals of its products, for inputs
// anywhere in their levels (papers: A2Q's bound is the symmetric case).
func bounds(s *state) error {
	for _, n := range s.g.Nodes {
		if n.Sum == nil {
			continue
		}
		if err := boundNode(n, n.Sum.Acc); err != nil {
			return &ir.Error{Pass: "bounds", Place: n.Name, Err: err}
		}
	}
	return nil
}

func boundNode(n *ir.Node, acc ir.Accum) error {
	w := n.In[1].Const
	k, perGroup := len(w.Int)/w.Shape[0], w.Shape[0]/n.Attrs.Group
	var levels []ir.Bound
	for c := range n.Sum.Channels {
		if c%perGroup == 0 {
			levels = n.InputLevels(c/perGroup, n.In[0].Format)
		}
		ch := &n.Sum.Channels[c]
		seen := ch.Window
		ch.L1, ch.Sum = 0, 0
		ch.Window = windowOf(w.Int[c*k:(c+1)*k], levels)
		for i, q := range w.Int[c*k : (c+1)*k] {
			term := straddle(levels[i]).Product(q)
			ch.L1 += max(q, -q)
			ch.Sum += q
			if acc.Wide != 0 && (term.Lo < -1<<(acc.Bits-1) || term.Hi > 1<<(acc.Bits-1)-1) {
				return fmt.Errorf("channel %d: weight %d times levels %s needs %d bits in one product, a segment has %d", c, q, levels[i], signedBits(term), acc.Bits)
			}
		}
		if err := epilogue(n.Sum, c); err != nil {
			return fmt.Errorf("channel %d: %w", c, err)
		}
		if n.Sum.Rung == "observed" {
			ch.Window = seen // what calibration met, which proves nothing
			continue
		}
		if bits := acc.Total() - n.Sum.Spare; !ch.Window.Fits(bits) {
			return fmt.Errorf("channel %d: window %s needs %d bits, the accumulator has %d: use --acc %d, or --acc 16:32", c, ch.Window, ch.Window.BitsFor(), bits, ch.Window.BitsFor()+n.Sum.Spare)
		}
	}
	return nil
}

// windowOf is the window of a row of integers for inputs in the levels of each.
func windowOf(w []int64, levels []ir.Bound) ir.Bound {
	var b ir.Bound
	for i, q := range w {
		b = b.Plus(straddle(levels[i]).Product(q))
	}
	return b
}

// straddle widens levels to hold zero, which makes any subset of a sum's terms
// stay inside the window; formatFor sees to it, a network's own format need not.
func straddle(b ir.Bound) ir.Bound { return ir.Bound{Lo: min(b.Lo, 0), Hi: max(b.Hi, 0)} }

// epilogue proves that sum + bias, moved left by a negative shift, stays in the
// 32 bits that a requantizer works in.
func epilogue(s *ir.Sum, c int) error {
	b := s.Channels[c].Window.Plus(ir.Bound{Lo: int64(s.Bias[c]), Hi: int64(s.Bias[c])})
	left := max(-int(s.Shift[c]), 0)
	lim := int64(1) << max(31-left, 0)
	if left > 30 || b.Lo < -lim || b.Hi > lim-1 {
		return fmt.Errorf("sum with bias %s, shifted left by %d, leaves 32 bits", b, left)
	}
	return nil
}

// signedBits is the width of the signed register that holds b.
func signedBits(b ir.Bound) int {
	n := 1
	for b.Lo < -(int64(1)<<(n-1)) || b.Hi > int64(1)<<(n-1)-1 {
		n++
	}
	return n
}
