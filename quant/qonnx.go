package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// isQuantized reports whether n gives reals that stand for integers.
func isQuantized(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" || n.Op == "Quant" || n.Op == "BipolarQuant"
}

// quantNode is QONNX's Quant. Of a constant the integers are kept, as the network's
// own weights; an activation gets the format.
func quantNode(l *legalizer, n *ir.Node) error {
	scales, err := scales(n)
	if err != nil {
		return err
	}
	zero, bits := n.In[2].Const, n.In[3].Const
	if zero == nil || bits == nil || zero.Len() == 0 || bits.Len() != 1 {
		return errors.New("has a zero point or a bit width that is not constant")
	}
	if n.In[0].Const != nil {
		return l.quantConstant(n, scales)
	}
	lo, hi, err := ir.QuantRange(bits.Real[0], n.Attrs.Signed, n.Attrs.Narrow)
	if err != nil {
		return err
	}
	z := float64(zero.Real[0])
	switch {
	case len(scales) != 1 || zero.Len() != 1:
		return errors.New("has one scale a channel on an activation, want one")
	case n.Attrs.Mode != "ROUND":
		return fmt.Errorf("rounds an activation by %s, want ROUND", n.Attrs.Mode)
	case hi-lo > 255:
		return fmt.Errorf("has %g bits on an activation, want at most 8", bits.Real[0])
	case hi <= lo:
		return errors.New("has one level alone")
	case z != math.Trunc(z) || z < lo || z > hi:
		return fmt.Errorf("has the zero point %g, want a whole number of [%g,%g]", z, lo, hi)
	}
	if hi > 127 {
		lo, hi, z = lo-int8Shift, hi-int8Shift, z-int8Shift
	}
	return l.adopt(n.Out[0], n.In[0], ir.Format{Levels: ir.Bound{Lo: int64(lo), Hi: int64(hi)}, Zero: int64(z), Scales: scales})
}

// bipolarQuant is the sign: of a constant the integers are kept, for an activation
// it is a table with two results.
func bipolarQuant(l *legalizer, n *ir.Node) error {
	scales, err := scales(n)
	if err != nil {
		return err
	}
	if n.In[0].Const != nil {
		return l.quantConstant(n, scales)
	}
	if len(scales) != 1 {
		return errors.New("has one scale a channel on an activation, want one")
	}
	n.Out[0].Format = &ir.Format{Levels: ir.Bound{Lo: -1, Hi: 1}, Scales: scales}
	return unary(l, n)
}

// quantConstant gives n's output the reals of the quantized constant, and when they
// fit eight bits their integers: what is left after the scale is divided out.
func (l *legalizer) quantConstant(n *ir.Node, scales []float64) error {
	in := make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		in[i] = v.Const
	}
	out, err := eval.Node(n, in)
	if err != nil {
		return err
	}
	t, v := out[0], n.Out[0]
	v.Const, v.Shape, v.Elem = t, t.Shape, ir.Float32
	each := scaleIndex(t.Shape, n.In[1].Const.Shape)
	whole := make([]int64, t.Len())
	for i, x := range t.Real {
		q := math.Round(float64(x) / scales[each(i)])
		if q < -128 || q > 127 || float32(q)*float32(scales[each(i)]) != x {
			return nil // a bias of many bits: its reals are all that is needed
		}
		whole[i] = int64(q)
	}
	t.Int = whole
	v.Format = &ir.Format{Levels: ir.Bound{Lo: -128, Hi: 127}, Scales: scales}
	return nil
}

// scaleIndex returns the position in a tensor of shape scale, broadcast to shape,
// of element i.
func scaleIndex(shape, scale []int) func(i int) int {
	step := make([]int, len(shape)) // of each axis in scale
	at := 1
	for d := len(scale) - 1; d >= 0; d-- {
		if scale[d] > 1 {
			step[len(shape)-len(scale)+d] = at
		}
		at *= scale[d]
	}
	return func(i int) int {
		p := 0
		for d := len(shape) - 1; d >= 0; d-- {
			p += i % shape[d] * step[d]
			i /= shape[d]
		}
		return p
	}
}

// moveConstant applies an operator that only moves elements to quantized weights, whose
// integers move with them. Scales stay in the order of the outputs.
func moveConstant(l *legalizer, n *ir.Node) error {
	from, in := n.In[0], make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		if v == nil {
			continue
		}
		if v.Const == nil {
			return errors.New("has a shape that is not constant")
		}
		in[i] = v.Const
	}
	out, err := eval.Node(n, in)
	if err != nil {
		return err
	}
	v := n.Out[0]
	v.Const, v.Shape, v.Elem, v.Format = out[0], out[0].Shape, from.Elem, from.Format
	if from.Const.Int == nil || !from.Const.Elem.IsReal() {
		return nil
	}
	in[0] = &ir.Tensor{Elem: ir.Int64, Shape: from.Const.Shape, Int: from.Const.Int}
	if out, err = eval.Node(n, in); err != nil {
		return err
	}
	v.Const.Int = slices.Clone(out[0].Int)
	return nil
}
