package eval

import (
	"errors"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
)

// arith folds an operation over any number of broadcast operands of one kind.
func arith(real run[float32, float32], whole run[int64, int64]) op {
	return func(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		y := out[0]
		if y.Real == nil && whole == nil {
			return errors.New("does not take this type")
		}
		if len(in) == 1 {
			moveRun(y, 0, in[0], 0, y.Len())
			return nil
		}
		for i, b := range in[1:] {
			a := y
			if i == 0 {
				a = in[0]
			}
			if y.Real != nil {
				real.apply(y.Real, y.Shape, a.Real, a.Shape, b.Real, b.Shape)
			} else {
				whole.apply(y.Int, y.Shape, a.Int, a.Shape, b.Int, b.Shape)
			}
		}
		wrapAll(y)
		return nil
	}
}

// addReals is the run that networks spend time in.
func addReals(y, a, b []float32) {
	if len(a) != len(y) || len(b) != len(y) {
		runOf(func(a, b float32) float32 { return a + b })(y, a, b)
		return
	}
	b, y = b[:len(a)], y[:len(a)] // so that no bound is checked below
	for i, v := range a {
		y[i] = v + b[i]
	}
}

var divide = arith(runOf(func(a, b float32) float32 { return a / b }), runOf(func(a, b int64) int64 { return a / b }))

// div of integers truncates toward zero.
func div(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	if len(out[0].Int) > 0 && slices.Contains(in[1].Int, 0) {
		return errors.New("divides by zero")
	}
	return divide(n, in, out, s)
}

// prelu is the rule for one element and its slope.
func prelu(x, slope float32) float32 {
	if x < 0 {
		return x * slope
	}
	return x
}

// pow takes an exponent of another type; integers with integer exponents stay
// exact.
func pow(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	a, b, y := in[0], in[1], out[0]
	switch {
	case y.Real != nil:
		runOf(powReal).apply(y.Real, y.Shape, a.Real, a.Shape, reals(b), b.Shape)
	case !b.Elem.IsReal():
		runOf(powInt).apply(y.Int, y.Shape, a.Int, a.Shape, b.Int, b.Shape)
	default:
		eachRun(y.Shape, a.Shape, b.Shape, func(to, n, fromA, lenA, fromB, lenB int) {
			for i := range n {
				base, exponent := a.Int[fromA+min(i, lenA-1)], b.Real[fromB+min(i, lenB-1)]
				y.Int[to+i] = integerOf(elementary.Pow(float64(base), float64(exponent)))
			}
		})
	}
	wrapAll(y)
	return nil
}

func powReal(a, b float32) float32 { return float32(elementary.Pow(float64(a), float64(b))) }

// powInt wraps as multiplication does; what is no integer is truncated.
func powInt(a, b int64) int64 {
	if b < 0 {
		return integerOf(elementary.Pow(float64(a), float64(b)))
	}
	y := int64(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			y *= a
		}
		a *= a
	}
	return y
}

// reals returns the elements as float32.
func reals(t *ir.Tensor) []float32 {
	if t.Elem.IsReal() {
		return t.Real
	}
	out := make([]float32, len(t.Int))
	for i, v := range t.Int {
		out[i] = float32(v)
	}
	return out
}

// compare gives 1 or 0.
func compare(real func(a, b float32) bool, whole func(a, b int64) bool) op {
	realRun := runOf(func(a, b float32) int64 { return truth(real(a, b)) })
	wholeRun := runOf(func(a, b int64) int64 { return truth(whole(a, b)) })
	return func(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
		a, b, y := in[0], in[1], out[0]
		if a.Elem.IsReal() {
			realRun.apply(y.Int, y.Shape, a.Real, a.Shape, b.Real, b.Shape)
		} else {
			wholeRun.apply(y.Int, y.Shape, a.Int, a.Shape, b.Int, b.Shape)
		}
		return nil
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func not(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	for i, v := range in[0].Int {
		out[0].Int[i] = truth(v == 0)
	}
	return nil
}

// where writes each side to its places only, so that either may be broadcast.
func where(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	condition, y := in[0], out[0]
	choose := make([]bool, y.Len())
	walk(y.Shape, condition.Shape, func(to, from int) { choose[to] = condition.Int[from] != 0 })
	for i, side := range in[1:] {
		walk(y.Shape, side.Shape, func(to, from int) {
			if choose[to] == (i == 0) {
				move(y, to, side, from)
			}
		})
	}
	return nil
}

func expand(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	walk(out[0].Shape, in[0].Shape, func(to, from int) { move(out[0], to, in[0], from) })
	return nil
}
