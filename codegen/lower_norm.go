package codegen

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/runtime/kern"
)

const (
	// normBits is the width of the factors of a normalisation: times a difference of
	// two int8 they fit 32 bits.
	normBits = 22
	// normCells is how many pieces an octave of the sums of squares is cut into: for an
	// exponent of 0.75 the straight lines are within 1/6000 of the factor.
	normCells = 32
)

// norm tabulates the factor of a local response normalisation over the sums of
// squares that the levels of its input can make.
func (l *lowering) norm(n *ir.Node) error {
	a, in, out := &n.Attrs, n.In[0].Format, n.Out[0].Format
	channels := n.In[0].Shape[1]
	top := max(in.Levels.Hi-in.Zero, in.Zero-in.Levels.Lo)
	most := int64(min(a.Size, channels)) * top * top
	if most >= 1<<30 {
		return fmt.Errorf("squares of %d channels with levels %s sum to %d, which leaves 30 bits", min(a.Size, channels), in.Levels, most)
	}
	alpha := float64(a.Alpha) / float64(a.Size) * in.Scale() * in.Scale()
	at := func(sum int64) float64 {
		return in.Scale() / out.Scale() / power(float64(a.Bias)+float64(alpha*float64(sum)), float64(a.Beta))
	}
	_, exp := math.Frexp(at(0))
	shift := min(normBits-exp, maxShift)
	var factor []int32
	for ; shift >= 0; shift-- {
		if factor = normTable(at, most, shift); factor != nil {
			break
		}
	}
	if factor == nil {
		return fmt.Errorf("the output's scale is %g times finer than the input's", at(0))
	}
	x, y := l.views[n.In[0]], l.place(n.Out[0])
	l.call(Call{Name: l.unique(n.Name), Layer: n.Name, Kernel: "lrn_s8", Src: []Ref{x.ref()}, Dst: y.ref(), Geometry: &kern.Norm{
		H: y.h, W: y.w, C: y.c, XRow: x.row, XCol: x.col, YRow: y.row, YCol: y.col,
		Before: min((a.Size-1)/2, channels), After: min(a.Size/2, channels), XZero: int32(in.Zero), Factor: factor,
		Shift: uint8(shift), Zero: int32(out.Zero), Lo: int32(out.Levels.Lo), Hi: int32(out.Levels.Hi)}})
	return nil
}

// normTable returns at*2^shift at the ends of all cells up to the sum most; nil when
// it leaves normBits, or the step from one end to the next, times a position between
// them, leaves 31 bits.
func normTable(at func(int64) float64, most int64, shift int) []int32 {
	octave := max(0, bits.Len64(uint64(most))-bits.Len(normCells))
	t := make([]int32, normCells*octave+int(most>>octave)+2)
	for i := range t {
		octave := max(0, i/normCells-1)
		v := math.Round(math.Ldexp(at(int64(i-normCells*octave)<<octave), shift))
		if v > 1<<normBits {
			return nil
		}
		t[i] = int32(v)
		// The cell before ends here; its octave may be one less.
		if i > 0 && int64(t[i-1]-t[i]+1)<<octave > math.MaxInt32 {
			return nil
		}
	}
	return t
}

// power is math.Pow, by roots, which are the same on all hosts, for the exponent
// that nearly every normalisation has.
func power(v, exponent float64) float64 {
	if exponent == 0.75 {
		root := math.Sqrt(v)
		return root * math.Sqrt(root)
	}
	return math.Pow(v, exponent)
}
