package eval

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
)

// eachScale calls f for every run of elements [from, to) that share scale s
// and zero point zero; shapes has seen to it that the scales match the axis.
func eachScale(n *ir.Node, in []*ir.Tensor, f func(from, to int, s float32, zero int64)) {
	x, scale := in[0], in[1]
	inner := x.Len() // one scale: one run
	if scale.Len() != 1 {
		axis := n.Attrs.Axis
		if axis < 0 {
			axis += len(x.Shape)
		}
		inner = ir.NumElements(x.Shape[axis+1:])
	}
	for i := 0; inner > 0 && i < x.Len()/inner; i++ {
		c, zero := i%scale.Len(), int64(0)
		if len(in) > 2 && in[2] != nil {
			zero = in[2].Int[c]
		}
		f(i*inner, (i+1)*inner, scale.Real[c], zero)
	}
}

// quantize rounds half to even, adds the zero point and saturates. NaN, which
// no integer stands for, becomes the zero point.
func quantize(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0].Real, out[0].Int
	w, ok := wholes[out[0].Elem]
	if !ok {
		return fmt.Errorf("to type %s", out[0].Elem)
	}
	eachScale(n, in, func(from, to int, s float32, zero int64) {
		for i := from; i < to; i++ {
			q := math.RoundToEven(float64(x[i] / s))
			if math.IsNaN(q) {
				q = 0
			}
			y[i] = int64(min(max(q+float64(zero), float64(w.lo)), float64(w.hi)))
		}
	})
	return nil
}

// dequantize subtracts in integers, so that an int32 rounds once.
func dequantize(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	q, y := in[0].Int, out[0].Real
	eachScale(n, in, func(from, to int, s float32, zero int64) {
		for i := from; i < to; i++ {
			y[i] = float32(q[i]-zero) * s
		}
	})
	return nil
}

// bipolar is the sign of x, that of zero being one, times the scale.
func bipolar(x, scale float32) float32 {
	if x >= 0 {
		return scale
	}
	return -scale
}

// rounders are the rounding modes of Quant.
var rounders = map[string]func(float64) float64{"ROUND": math.RoundToEven, "FLOOR": math.Floor, "CEIL": math.Ceil, "ROUND_TO_ZERO": math.Trunc}

// quant rounds to integers of a few bits and back to the reals that they mean, in
// float32 as the exporters do. NaN becomes the zero point.
func quant(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, scale, zero, bits, y := in[0], in[1], in[2], in[3], out[0]
	if bits.Len() != 1 {
		return fmt.Errorf("bit width of shape %v, want one number", bits.Shape)
	}
	lo, hi, err := ir.QuantRange(bits.Real[0], n.Attrs.Signed, n.Attrs.Narrow)
	if err != nil {
		return err
	}
	round := rounders[n.Attrs.Mode]
	if round == nil {
		return fmt.Errorf("rounding mode %q", n.Attrs.Mode)
	}
	step := func(f func(a, b float32) float32, a, b *ir.Tensor) {
		runOf(f).apply(y.Real, y.Shape, a.Real, a.Shape, b.Real, b.Shape)
	}
	step(func(a, b float32) float32 { return a / b }, x, scale)
	step(func(a, b float32) float32 {
		if a != a {
			a = 0
		}
		return float32(round(min(max(float64(a+b), lo), hi)))
	}, y, zero)
	step(func(a, b float32) float32 { return a - b }, y, zero)
	step(func(a, b float32) float32 { return a * b }, y, scale)
	return nil
}
