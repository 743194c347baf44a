package quant

import (
	"errors"
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
)

// maxOperand and minOperand bound the bits of data and weights that the
// layer-wise search tries.
const maxOperand, minOperand = 8, 2

// operands is how many numbers of bits that are.
const operands = maxOperand - minOperand + 1

// A pair is one configuration of a layer: the fixed point format of its data
// and, for each convolution that reads it, the bits of the weights.
type pair struct {
	format  ir.Format
	weights []int
}

// layerwise is the search of arXiv 2004.11783: layer after layer, in order, it
// tries the pairs of data and weight bits that use the accumulator fully, and
// keeps the one with which the network, real from there on, answers most often
// as it does in full precision on the calibration set. Scales are powers of two,
// one a tensor.
func (r *intRun) layerwise(c *class, v *ir.Value, real func() (realOf, error)) error {
	readers, _, err := r.readers(c, []writing{{v, real}})
	if err != nil {
		return err
	}
	pairs := r.s.filling(c, readers)
	if len(pairs) == 0 {
		return fmt.Errorf("no fixed point format of %d to %d bits fits an accumulator of %s (rung %s)", minOperand, maxOperand, r.s.o.Accum, r.s.o.Rung)
	}
	best, most := 0, result{-1, 0}
	for i := range pairs {
		got, err := r.answers(c, v, real, pairs[i].attempt(c), r.images())
		if err != nil {
			return err
		}
		if got.better(most) {
			best, most = i, got
		}
	}
	r.s.search.tried += len(pairs)
	r.s.search.layers++
	c.give(pairs[best].format)
	for i, n := range c.convs {
		r.s.search.bits[n] = pairs[best].weights[i]
	}
	return nil
}

// A search is what the layer-wise search did and chose.
type search struct {
	tried, layers int
	bits          map[*ir.Node]int // of the weights
}

// startLayerwise gives every class the format that it keeps when no convolution
// reads it.
func (s *state) startLayerwise(classes []*class) error {
	s.search.bits = map[*ir.Node]int{}
	for _, c := range classes {
		if c.fixed != nil {
			if _, frac := math.Modf(elementary.Log2(c.fixed.Scale())); frac != 0 || len(c.convs) > 0 {
				return errors.New("formats: --search layerwise: the network has formats of its own")
			}
			c.give(*c.fixed)
			continue
		}
		c.give(fixedPoint(maxOperand, c.lo, c.hi))
	}
	return nil
}

// fixedPoint is the signed format of b bits whose binary point leaves room for
// the range; without negative levels when nothing is negative.
func fixedPoint(b int, lo, hi float64) ir.Format {
	whole := math.Ceil(elementary.Log2(max(-lo, hi, 1e-9)))
	half := int64(1) << (b - 1)
	f := ir.Format{Levels: ir.Bound{Lo: -half, Hi: half - 1}, Scales: []float64{math.Ldexp(1, int(whole)-b+1)}}
	if lo >= 0 {
		f.Levels.Lo = 0
	}
	return f
}

// fixedWeights rounds all weights of n to b bits, at one scale that is a power
// of two.
func fixedWeights(n *ir.Node, b int) ([]float32, float64) {
	w := n.In[1].Const.Real
	top := float32(0)
	for _, v := range w {
		top = max(top, v, -v)
	}
	most := float32(int(1)<<(b-1) - 1)
	scale := math.Ldexp(1, int(math.Ceil(elementary.Log2(max(float64(top), 1e-9))))-b+1)
	q := make([]float32, len(w))
	inverse := float32(1 / scale)
	for i, v := range w {
		q[i] = roundEven(min(max(v*inverse, -most), most))
	}
	return q, scale
}

// filling lists, for each number of data bits, the most weight bits that the
// rung lets every reader have; a pair with fewer data bits and no more weight
// bits than another does not use the accumulator fully.
func (s *state) filling(c *class, readers []reader) []pair {
	var pairs []pair
	for b := maxOperand; b >= minOperand; b-- {
		p := pair{format: fixedPoint(b, c.lo, c.hi)}
		gains := len(pairs) == 0
		for i, rd := range readers {
			bits := maxOperand
			for bits >= minOperand && !s.holds(&rd, &p.format, bits) {
				bits--
			}
			if bits < minOperand {
				p.weights = nil
				break
			}
			p.weights = append(p.weights, bits)
			gains = gains || bits > pairs[len(pairs)-1].weights[i]
		}
		if len(p.weights) == len(readers) && gains {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// holds reports whether the rung lets a convolution have weights of some bits.
func (s *state) holds(rd *reader, f *ir.Format, bits int) bool {
	n := rd.node
	w, _ := fixedWeights(n, bits)
	m := n.In[1].Shape[0]
	k := len(w) / m
	if s.o.Rung == "observed" {
		x := make([]float32, len(rd.x))
		rd.quantize(x, f)
		y := make([]float32, m*rd.target.at.n)
		sumPatches(y, rd.target.at, w, n.Attrs.Group, x)
		limit := math.Ldexp(1, s.o.Accum.Total()-1)
		for _, v := range y {
			if float64(v) < -limit || float64(v) > limit-1 {
				return false
			}
		}
		return true
	}
	g := s.budget(n, 0, f)
	if s.o.Rung == "type" {
		return int64(1)<<(bits-1)-1 <= g.cap
	}
	for c := range m {
		if g.over(w[c*k:(c+1)*k]) > 0 {
			return false
		}
	}
	return true
}

// attempt is what the network runs with when p is tried for class c.
func (p *pair) attempt(c *class) *attempt {
	a := &attempt{round: func(_ *ir.Value, x []float32) { roundReals(x, &p.format) }, weights: map[*ir.Node]*ir.Tensor{}}
	for i, n := range c.convs {
		q, scale := fixedWeights(n, p.weights[i])
		for j := range q {
			q[j] *= float32(scale)
		}
		a.weights[n] = &ir.Tensor{Elem: ir.Float32, Shape: n.In[1].Shape, Real: q}
	}
	return a
}
