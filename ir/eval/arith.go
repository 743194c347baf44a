package eval

import (
	"errors"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// walk calls f for every element of shape with the element of a tensor of
// shape in that is broadcast to it.
func walk(shape, in []int, f func(to, from int)) {
	strides := make([]int, len(shape))
	n := 1
	for i := len(in) - 1; i >= 0; i-- {
		if in[i] != 1 {
			strides[len(shape)-len(in)+i] = n
		}
		n *= in[i]
	}
	index := make([]int, len(shape))
	from := 0
	for to := range ir.NumElements(shape) {
		f(to, from)
		for i := len(shape) - 1; i >= 0; i-- {
			index[i]++
			from += strides[i]
			if index[i] < shape[i] {
				break
			}
			from -= strides[i] * shape[i]
			index[i] = 0
		}
	}
}

// arith folds f over any number of broadcast operands, all of one kind.
func arith(real func(a, b float32) float32, integer func(a, b int64) int64) op {
	return func(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		y := out[0]
		for _, t := range in {
			if (t.Real == nil) != (y.Real == nil) && t.Len() > 0 {
				return errors.New("operands differ in type")
			}
		}
		if y.Real != nil && real == nil || y.Real == nil && integer == nil {
			return errors.New("does not take this type")
		}
		for i, t := range in {
			switch {
			case i == 0 && y.Real != nil:
				walkOrCopy(y.Real, y.Shape, t.Real, t.Shape, func(_, v float32) float32 { return v })
			case i == 0:
				walkOrCopy(y.Int, y.Shape, t.Int, t.Shape, func(_, v int64) int64 { return v })
			case y.Real != nil:
				walkOrCopy(y.Real, y.Shape, t.Real, t.Shape, real)
			default:
				walkOrCopy(y.Int, y.Shape, t.Int, t.Shape, integer)
			}
		}
		return nil
	}
}

// walkOrCopy sets y = f(y, x) with x broadcast; equal shapes take the short way.
func walkOrCopy[T float32 | int64](y []T, shape []int, x []T, in []int, f func(a, b T) T) {
	if slices.Equal(shape, in) {
		for i, v := range x {
			y[i] = f(y[i], v)
		}
		return
	}
	walk(shape, in, func(to, from int) { y[to] = f(y[to], x[from]) })
}

func div(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	if out[0].Real == nil && slices.Contains(in[1].Int, 0) {
		return errors.New("divides by zero")
	}
	return arith(func(a, b float32) float32 { return a / b }, func(a, b int64) int64 { return a / b })(n, in, out, s)
}

// pow takes an exponent of another type.
func pow(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	base, exponent := in[0], in[1]
	at := func(t *ir.Tensor, i int) float64 {
		if t.Real != nil {
			return float64(t.Real[i])
		}
		return float64(t.Int[i])
	}
	y := out[0]
	values := make([]float64, y.Len())
	walk(y.Shape, base.Shape, func(to, from int) { values[to] = at(base, from) })
	walk(y.Shape, exponent.Shape, func(to, from int) { values[to] = math.Pow(values[to], at(exponent, from)) })
	for i, v := range values {
		if y.Real != nil {
			y.Real[i] = float32(v)
		} else {
			y.Int[i] = int64(v)
		}
	}
	return nil
}

// compare gives 1 or 0.
func compare(real func(a, b float32) bool, integer func(a, b int64) bool) op {
	return func(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		a, b, y := in[0], in[1], out[0]
		if (a.Real == nil) != (b.Real == nil) {
			return errors.New("operands differ in type")
		}
		left := make([]int, y.Len())
		walk(y.Shape, a.Shape, func(to, from int) { left[to] = from })
		walk(y.Shape, b.Shape, func(to, from int) {
			y.Int[to] = 0
			if a.Real != nil && real(a.Real[left[to]], b.Real[from]) || a.Real == nil && integer(a.Int[left[to]], b.Int[from]) {
				y.Int[to] = 1
			}
		})
		return nil
	}
}

func not(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i, v := range in[0].Int {
		out[0].Int[i] = 1 - min(v, 1)
	}
	return nil
}

func where(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	c, a, b, y := in[0], in[1], in[2], out[0]
	if (a.Real == nil) != (b.Real == nil) || c.Int == nil {
		return errors.New("operands differ in type")
	}
	choose := make([]bool, y.Len())
	walk(y.Shape, c.Shape, func(to, from int) { choose[to] = c.Int[from] != 0 })
	for _, side := range []struct {
		t    *ir.Tensor
		when bool
	}{{a, true}, {b, false}} {
		walk(y.Shape, side.t.Shape, func(to, from int) {
			if choose[to] != side.when {
				return
			}
			if y.Real != nil {
				y.Real[to] = side.t.Real[from]
			} else {
				y.Int[to] = side.t.Int[from]
			}
		})
	}
	return nil
}

func expand(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	walk(y.Shape, x.Shape, func(to, from int) {
		if y.Real != nil {
			y.Real[to] = x.Real[from]
		} else {
			y.Int[to] = x.Int[from]
		}
	})
	return nil
}
