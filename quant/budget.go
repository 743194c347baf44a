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
	runs *runs   // that segments are, nil where any will do
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
// the narrow one, or a whole segment where its length is asked for. Kernels add
// products by row, column and channel of a window of so many taps.
func budgetFor(rung string, acc ir.Accum, spare int, levels []ir.Bound, taps int) budget {
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
	g.runs = runsFor(acc, levels, taps)
	return g
}

// ordered is g for weights in the order of perm.
func (g *budget) ordered(perm []int) budget {
	o := budget{room: g.room, cap: g.cap, runs: g.runs.ordered(perm)}
	for _, at := range perm {
		o.cost = append(o.cost, g.cost[at])
	}
	return o
}

// over is how much more than there is room for the integers of a row cost.
func (g *budget) over(q []float32) float64 {
	a := g.account(q)
	return a.over()
}

// leaves reports whether g leaves any weight a unit.
func (g *budget) leaves() bool {
	return g.cap > 0 && slices.ContainsFunc(g.cost, func(c int64) bool { return c <= g.room })
}

// quantizeRow rounds the real weights of one channel to integers q at the
// finest scale for which they keep the budget, and returns that scale. floor
// is a lower bound on it. A budget of zero gives zeros.
func quantizeRow(q []int8, w []float32, g budget, floor float64) float64 {
	need, top := g.need(w)
	if top == 0 || !g.leaves() {
		clear(q)
		return max(floor, 1e-6)
	}
	// Rounding may overshoot the budget as well as fall short of it, so the
	// scale is searched for, not computed: hi always fits, lo is only tried.
	hi := max(need, top/(float64(g.cap)+0.499), floor)
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
	a, sum := g.account(nil), 0.0
	for i, v := range w {
		q := float64(roundEven(v * inv))
		n := math.Abs(q)
		if n > float64(g.cap) {
			return false
		}
		sum += float64(n * float64(g.cost[i]))
		if g.runs != nil {
			a.enter(i, q)
		}
	}
	a.sum = sum
	return !(a.over() > 0) // what is no number is refused later
}

// need is the scale at which real weights would just keep the budget, but for the cap,
// and the greatest of their magnitudes.
func (g *budget) need(w []float32) (scale, top float64) {
	for _, v := range w {
		top = max(top, math.Abs(float64(v)))
	}
	a := g.account(w)
	return a.part(), top
}

// roundEven rounds to nearest, |v| < 2^22: adding 1.5 * 2^23 leaves no room
// for a fraction.
func roundEven(v float32) float32 {
	const magic = 3 << 22
	return float32(float32(v)+magic) - magic
}
