package quant

import (
	"math"

	"github.com/snug-nn/snug/ir"
)

// maxWeight is the greatest magnitude of a weight: int8 without -128, so that
// products of a pair of operands are symmetric.
const maxWeight = 127

// A budget limits the weights of one output channel so that a sum of k products
// over given levels is proven to stay in its accumulator.
type budget struct {
	l1  int64 // sum of magnitudes
	cap int64 // each magnitude
}

// budgetFor returns the budget of a rung for sums that leave spare bits of the
// accumulator free. With P what is left, b the levels, X = hi - lo and
// M = max(|lo|, |hi|):
//
//	type    k * max|w| * M <= 2^(P-1) - 1   the operand types alone
//	l1      sum|w| * M     <= 2^(P-1) - 1   A2Q (arXiv 2308.13504, eq. 8)
//	window  sum|w| * X     <= 2^P - 1       the window, after a preload
//
// When sums are flushed, P is the wide register's, and one product has to fit
// the narrow one.
func budgetFor(rung string, acc ir.Accum, spare int, b ir.Bound, k int) budget {
	p := acc.Total() - spare
	if p < 1 {
		return budget{}
	}
	half := int64(1)<<(p-1) - 1
	m := max(-b.Lo, b.Hi, 1)
	g := budget{l1: math.MaxInt64, cap: maxWeight}
	switch rung {
	case "type":
		g.cap = min(g.cap, half/(m*int64(k)))
	case "l1":
		g.l1 = half / m
	default:
		g.l1 = (int64(1)<<p - 1) / max(b.Width(), 1)
	}
	if acc.Wide != 0 {
		g.cap = min(g.cap, (int64(1)<<(acc.Bits-1)-1)/m)
	}
	return g
}

// quantizeRow rounds the real weights of one channel to integers q at the
// finest scale for which they keep the budget, and returns that scale. floor
// is a lower bound on it. A budget of zero gives zeros.
func quantizeRow(q []int8, w []float32, g budget, floor float64) float64 {
	var sum, top float64
	for _, v := range w {
		a := math.Abs(float64(v))
		sum += a
		top = max(top, a)
	}
	if top == 0 || g.l1 < 1 || g.cap < 1 {
		clear(q)
		return max(floor, 1e-6)
	}
	// Rounding may overshoot the budget as well as fall short of it, so the
	// scale is searched for, not computed: hi always fits, lo is only tried.
	hi := max(sum/float64(g.l1), top/(float64(g.cap)+0.499), floor)
	for !fitsBudget(w, hi, g) {
		hi *= 1.05
	}
	lo := max(hi*0.5, top/(float64(g.cap)+0.499), floor)
	for range 12 {
		mid := (lo + hi) / 2
		if fitsBudget(w, mid, g) {
			hi = mid
		} else {
			lo = mid
		}
	}
	inv := float32(1 / hi)
	for i, v := range w {
		q[i] = int8(roundEven(v * inv))
	}
	return hi
}

func fitsBudget(w []float32, scale float64, g budget) bool {
	inv := float32(1 / scale)
	sum := float32(0)
	for _, v := range w {
		a := roundEven(v * inv)
		if a < 0 {
			a = -a
		}
		if a > float32(g.cap) {
			return false
		}
		sum += a
	}
	return int64(sum) <= g.l1
}

// roundEven rounds to nearest, |v| < 2^22: adding 1.5 * 2^23 leaves no room
// for a fraction.
func roundEven(v float32) float32 {
	const magic = 3 << 22
	return float32(float32(v)+magic) - magic
}
