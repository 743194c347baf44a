package eval

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
)

// wholes has the limits and the width of each integer type, the widest first
// left out: those are what an int64 holds. A uint64 above 2^63-1 has no place.
var wholes = map[ir.Elem]struct {
	lo, hi int64
	bits   uint
}{
	ir.Int2: {-2, 1, 2}, ir.Uint2: {0, 3, 2}, ir.Int4: {-8, 7, 4}, ir.Uint4: {0, 15, 4},
	ir.Int8: {math.MinInt8, math.MaxInt8, 8}, ir.Uint8: {0, math.MaxUint8, 8},
	ir.Int16: {math.MinInt16, math.MaxInt16, 16}, ir.Uint16: {0, math.MaxUint16, 16},
	ir.Int32: {math.MinInt32, math.MaxInt32, 32}, ir.Uint32: {0, math.MaxUint32, 32},
}

// wrapTo reduces v to the range of an integer type, as its arithmetic does.
func wrapTo(v int64, e ir.Elem) int64 {
	if e == ir.Bool {
		return truth(v != 0)
	}
	w, ok := wholes[e]
	if !ok || v >= w.lo && v <= w.hi {
		return v
	}
	unused := 64 - w.bits
	if w.lo < 0 {
		return v << unused >> unused
	}
	return int64(uint64(v) << unused >> unused)
}

// wrapAll does it to all elements of an integer tensor.
func wrapAll(t *ir.Tensor) {
	if _, ok := wholes[t.Elem]; !ok && t.Elem != ir.Bool {
		return
	}
	for i, v := range t.Int {
		t.Int[i] = wrapTo(v, t.Elem)
	}
}

// integerOf truncates toward zero. What no int64 holds becomes the nearest,
// NaN zero: the conversion of the language differs between machines there.
func integerOf(v float64) int64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// cast truncates reals toward zero, wraps integers to their width and rounds
// to the real types that are narrower than float32.
func cast(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, y := in[0], out[0]
	_, narrow := wholes[y.Elem]
	if !narrow && !y.Elem.IsReal() && y.Elem != ir.Bool && y.Elem != ir.Int64 && y.Elem != ir.Uint64 {
		return fmt.Errorf("to type %q", y.Elem)
	}
	real := x.Elem.IsReal()
	for i := range x.Len() {
		switch {
		case real && y.Real != nil:
			y.Real[i] = roundTo(x.Real[i], y.Elem)
		case y.Real != nil:
			y.Real[i] = roundTo(float32(x.Int[i]), y.Elem)
		case real && y.Elem == ir.Bool:
			y.Int[i] = truth(x.Real[i] != 0)
		case real:
			y.Int[i] = wrapTo(integerOf(float64(x.Real[i])), y.Elem)
		default:
			y.Int[i] = wrapTo(x.Int[i], y.Elem)
		}
	}
	return nil
}

// roundTo returns the nearest value of a real type, ties to even.
func roundTo(v float32, e ir.Elem) float32 {
	switch {
	case v != v || e != ir.Float16 && e != ir.BFloat16:
		return v
	case e == ir.BFloat16: // the upper half of a float32
		bits := math.Float32bits(v)
		return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
	}
	// A half has 11 bits, and none below 2^-24.
	_, exp := math.Frexp(float64(v))
	unit := math.Ldexp(1, max(exp-11, -24))
	r := math.RoundToEven(float64(v)/unit) * unit
	if math.Abs(r) > 65504 { // the largest half
		r = math.Copysign(math.Inf(1), r)
	}
	return float32(r)
}
