package eval

import (
	"errors"
	"math"

	"github.com/snug-nn/snug/ir"
)

// unary applies f, computed in float64, to every element.
func unary(f func(x float64) float64) op {
	return unaryOf(func(_ *ir.Attrs, x float64) float64 { return f(x) })
}

// unaryOf is unary for functions with attributes.
func unaryOf(f func(a *ir.Attrs, x float64) float64) op {
	return func(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		if in[0].Real == nil && in[0].Len() > 0 {
			return errNotReal
		}
		for i, v := range in[0].Real {
			out[0].Real[i] = float32(f(&n.Attrs, float64(v)))
		}
		return nil
	}
}

func ceil(x float64) float64    { return math.Ceil(x) }
func floor(x float64) float64   { return math.Floor(x) }
func exp(x float64) float64     { return math.Exp(x) }
func sqrt(x float64) float64    { return math.Sqrt(x) }
func tanh(x float64) float64    { return math.Tanh(x) }
func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func hardSwish(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) }

func elu(a *ir.Attrs, x float64) float64 {
	if x < 0 {
		return float64(a.Alpha) * math.Expm1(x)
	}
	return x
}

func hardSigmoid(a *ir.Attrs, x float64) float64 {
	return min(max(float64(a.Alpha)*x+float64(a.Beta), 0), 1)
}

func leakyRelu(a *ir.Attrs, x float64) float64 {
	if x < 0 {
		return float64(a.Alpha) * x
	}
	return x
}

// prelu is the rule for one element and its slope.
func prelu(x, slope float32) float32 {
	if x < 0 {
		return x * slope
	}
	return x
}

func relu(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i, v := range in[0].Int {
		out[0].Int[i] = max(v, 0)
	}
	limit(out[0].Real, in[0].Real, 0, float32(math.Inf(1)))
	return nil
}

func neg(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i, v := range in[0].Real {
		out[0].Real[i] = -v
	}
	for i, v := range in[0].Int {
		out[0].Int[i] = -v
	}
	return nil
}

// clip has its limits as optional inputs.
func clip(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	limits := [2]*ir.Tensor{}
	for i := range limits {
		if len(in) > 1+i && in[1+i] != nil {
			limits[i] = in[1+i]
			if limits[i].Len() != 1 || (limits[i].Real == nil) != (x.Real == nil) {
				return errors.New("limits are scalars of the input's type")
			}
		}
	}
	if x.Real == nil {
		for i, v := range x.Int {
			if limits[0] != nil {
				v = max(v, limits[0].Int[0])
			}
			if limits[1] != nil {
				v = min(v, limits[1].Int[0])
			}
			y.Int[i] = v
		}
		return nil
	}
	lo, hi := float32(math.Inf(-1)), float32(math.Inf(1))
	if limits[0] != nil {
		lo = limits[0].Real[0]
	}
	if limits[1] != nil {
		hi = limits[1].Real[0]
	}
	limit(y.Real, x.Real, lo, hi)
	return nil
}

// cast truncates reals toward zero and wraps integers to their width.
func cast(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	for i := range x.Len() {
		switch {
		case x.Real != nil && y.Real != nil:
			y.Real[i] = x.Real[i]
		case y.Real != nil:
			y.Real[i] = float32(x.Int[i])
		case x.Real != nil && y.Elem == ir.Bool:
			y.Int[i] = 0
			if x.Real[i] != 0 {
				y.Int[i] = 1
			}
		case x.Real != nil:
			v := float64(x.Real[i])
			if math.IsNaN(v) {
				v = 0
			}
			y.Int[i] = wrap(int64(min(max(v, math.MinInt64), math.MaxInt64-1023)), y.Elem)
		default:
			y.Int[i] = wrap(x.Int[i], y.Elem)
		}
	}
	return nil
}

// wrap reduces v to the range of an integer type.
func wrap(v int64, e ir.Elem) int64 {
	switch e {
	case ir.Bool:
		if v != 0 {
			return 1
		}
		return 0
	case ir.Int8:
		return int64(int8(v))
	case ir.Uint8:
		return int64(uint8(v))
	case ir.Int16:
		return int64(int16(v))
	case ir.Uint16:
		return int64(uint16(v))
	case ir.Int32:
		return int64(int32(v))
	case ir.Uint32:
		return int64(uint32(v))
	}
	return v
}
