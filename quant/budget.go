package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// maxWeight is the greatest magnitude of a weight: int8 without -128, so that
// products of a pair of operands are symmetric.
const maxWeight = 127

// A budget limits the weights of one output channel so that a sum of products
// over given levels is proven to stay in its accumulator.
type budget struct {
	room int64   // for sum|w| * cost
	cost []int64 // of a unit of each weight
	cap  int64   // of each magnitude
}

// budgetFor returns the budget of a rung for sums of products with inputs in the
// levels of each, that leave spare bits of the accumulator free. With P what is
// left, X = hi - lo and M = max(|lo|, |hi|) of each input:
//
//	type    k * max|w| * max M <= 2^(P-1) - 1   the operand types alone
//	l1      sum |w| * M        <= 2^(P-1) - 1   A2Q (arXiv 2308.13504, eq. 8)
//	window  sum |w| * X        <= 2^P - 1       the window, after a preload
//	clamp   the same, where channels have maxima of their own
//
// When sums are flushed, P is the wide register's, and one product has to fit
// the narrow one.
func budgetFor(rung string, acc ir.Accum, spare int, levels []ir.Bound) budget {
	p := acc.Total() - spare
	if p < 1 {
		return budget{}
	}
	half := int64(1)<<(p-1) - 1
	g := budget{room: math.MaxInt64, cap: maxWeight, cost: make([]int64, len(levels))}
	most := int64(1)
	for i, b := range levels {
		m := max(-b.Lo, b.Hi)
		most = max(most, m)
		switch rung {
		case "type":
		case "l1":
			g.cost[i] = m
		default:
			g.cost[i] = straddle(b).Width()
		}
	}
	switch rung {
	case "type":
		g.cap = min(g.cap, half/(most*int64(len(levels))))
	case "l1":
		g.room = half
	default:
		g.room = int64(1)<<p - 1
	}
	if c := g.cost[0]; c > 0 && !slices.ContainsFunc(g.cost, func(d int64) bool { return d != c }) {
		g.room -= g.room % c // what whole units can spend
	}
	if acc.Wide != 0 {
		g.cap = min(g.cap, (int64(1)<<(acc.Bits-1)-1)/most)
	}
	return g
}

// leaves reports whether g leaves any weight a unit.
func (g *budget) leaves() bool {
	return g.cap > 0 && slices.ContainsFunc(g.cost, func(c int64) bool { return c <= g.room })
}

// over is how much more than the room the integers of a row cost.
func (g *budget) over(q []float32) float64 {
	sum := 0.0
	for i, v := range q {
		sum += float64(math.Abs(float64(v)) * float64(g.cost[i]))
	}
	return sum - float64(g.room)
}

// quantizeRow rounds the real weights of one channel to integers q at the
// finest scale for which they keep the budget, and returns that scale. floor
// is a lower bound on it. A budget of zero gives zeros.
func quantizeRow(q []int8, w []float32, g budget, floor float64) float64 {
	sum, top := g.need(w)
	if top == 0 || !g.leaves() {
		clear(q)
		return max(floor, 1e-6)
	}
	// Rounding may overshoot the budget as well as fall short of it, so the
	// scale is searched for, not computed: hi always fits, lo is only tried.
	hi := max(sum/float64(g.room), top/(float64(g.cap)+0.499), floor)
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
	sum := 0.0
	for i, v := range w {
		a := math.Abs(float64(roundEven(v * inv)))
		if a > float64(g.cap) {
			return false
		}
		sum += float64(a * float64(g.cost[i]))
	}
	return !(sum > float64(g.room)) // what is no number is refused later
}

// need is what real weights would cost in units of one, and the greatest of their
// magnitudes.
func (g *budget) need(w []float32) (sum, top float64) {
	for i, v := range w {
		a := math.Abs(float64(v))
		sum += float64(a * float64(g.cost[i]))
		top = max(top, a)
	}
	return sum, top
}

// roundEven rounds to nearest, |v| < 2^22: adding 1.5 * 2^23 leaves no room
// for a fraction.
func roundEven(v float32) float32 {
	const magic = 3 << 22
	return float32(float32(v)+magic) - magic
}
