package quant

import (
	"math"

	"github.com/snug-nn/snug/ir"
)

// halve lets the sums of n, biases added, be halved before they are scaled, when
// that is what lets a kernel requantize them in 16 bits: a sum of 16 bits and a
// bias of 16 bits have 17, and half of that has 16 again. An output level is
// tens of units of a sum, so the bit does not count.
func halve(n *ir.Node) {
	s := n.Sum
	if !s.Acc.Short() || s.Rung == "observed" { // nothing is known of its windows
		return
	}
	overflows := false
	for c, w := range windows(n) {
		pre := w.Preload(16)
		bias := int64(s.Bias[c]) - pre
		if bias < math.MinInt16 || bias > math.MaxInt16 || s.Shift[c] < 1 {
			return
		}
		overflows = overflows || w.Lo+int64(s.Bias[c]) < math.MinInt16 || w.Hi+int64(s.Bias[c]) > math.MaxInt16
	}
	if !overflows {
		return
	}
	s.Half = true
	for c := range s.Shift {
		s.Shift[c]--
	}
}

// biasRoom is what is left of 16 bits for a bias, before its correction.
const biasRoom = 31000

// raiseFloors raises the least scale of every row of c, the first of which is
// channel first of n, whose bias would not fit 16 bits beside a sum of 16 bits,
// and reports whether there was one. A coarser unit costs such a row little: its
// outputs are far from zero, and levels that reach there are far apart.
func (s *state) raiseFloors(n *ir.Node, p *product, c *choice, first int) bool {
	if !n.Sum.Acc.Short() || p.exact != nil || s.o.Rung == "observed" {
		return false
	}
	in, raised := n.In[0].Format, false
	levels := n.InputLevels(first/p.m, in)
	for i, scale := range c.scales {
		q := make([]int64, p.k)
		sum := int64(0)
		for j, v := range c.q[i*p.k : (i+1)*p.k] {
			q[j] = int64(v)
			sum += q[j]
		}
		window := windowOf(q, levels)
		bias := math.Abs(float64(n.In[2].Const.Real[first+i])/scale - float64(in.Zero*sum+window.Preload(16)))
		if window.Width() > 0 && bias > biasRoom {
			p.floor[i] = scale * bias / biasRoom * 1.05
			raised = true
		}
	}
	return raised
}

// windows returns the window of every channel of n, whose weights are integers.
func windows(n *ir.Node) []ir.Bound {
	w, m := n.In[1].Const.Int, n.In[1].Shape[0]
	all := make([]ir.Bound, 0, m)
	k, perGroup := len(w)/m, m/n.Attrs.Group
	for g := range n.Attrs.Group {
		levels := n.InputLevels(g, n.In[0].Format)
		for c := g * perGroup; c < (g+1)*perGroup; c++ {
			all = append(all, windowOf(w[c*k:(c+1)*k], levels))
		}
	}
	return all
}
