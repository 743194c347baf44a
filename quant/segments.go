package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// runs are segments of a fixed number of products, each of which has to stay in the
// narrow register, from zero on and on both sides. A schedule of longest segments then
// has no more of them in one register, wherever they begin: each ends where one of
// these does, or later. (AXE, arXiv 2409.17092, keeps such a pair of budgets a tile.)
type runs struct {
	of       []int   // segment of each weight
	up, down []int64 // what a positive unit of each weight can add above zero and below
	half     int64   // sums of a segment stay in [-half, half-1]
}

// runsFor cuts the products of one row, which lie channel by channel, into segments in
// the order that kernels add them: by row, column and channel of a window of taps.
func runsFor(acc ir.Accum, levels []ir.Bound, taps int) *runs {
	if acc.Segment == 0 {
		return nil
	}
	r := &runs{half: int64(1) << (acc.Bits - 1)}
	channels := len(levels) / taps
	for i, b := range levels {
		b = straddle(b)
		r.of = append(r.of, (i%taps*channels+i/taps)/acc.Segment)
		r.up, r.down = append(r.up, b.Hi), append(r.down, -b.Lo)
	}
	return r
}

func (r *runs) ordered(perm []int) *runs {
	if r == nil {
		return nil
	}
	o := &runs{half: r.half}
	for _, at := range perm {
		o.of, o.up, o.down = append(o.of, r.of[at]), append(o.up, r.up[at]), append(o.down, r.down[at])
	}
	return o
}

// sides is what a unit of weight i of v's sign can add above zero and below.
func (r *runs) sides(i int, v float64) (up, down int64) {
	if v < 0 {
		return r.down[i], r.up[i]
	}
	return r.up[i], r.down[i]
}

// An account is what a row of weights spends of a budget: on its sum, and in each
// segment.
type account struct {
	of       *budget
	sum      float64
	up, down []float64
}

func (g *budget) account(q []float32) account {
	a := account{of: g}
	for i, v := range q {
		a.sum += float64(math.Abs(float64(v)) * float64(g.cost[i]))
	}
	if g.runs != nil {
		n := slices.Max(g.runs.of) + 1
		a.up, a.down = make([]float64, n), make([]float64, n)
		for i, v := range q {
			a.enter(i, float64(v))
		}
	}
	return a
}

// enter adds what v units of weight i spend to its segment.
func (a *account) enter(i int, v float64) {
	r, n := a.of.runs, math.Abs(v)
	up, down := r.sides(i, v)
	a.up[r.of[i]] += float64(n * float64(up))
	a.down[r.of[i]] += float64(n * float64(down))
}

// over is how much more than there is room for is spent, in all.
func (a *account) over() float64 {
	over := max(a.sum-float64(a.of.room), 0)
	for s := range a.up {
		over += max(a.up[s]-float64(a.of.runs.half-1), 0) + max(a.down[s]-float64(a.of.runs.half), 0)
	}
	return over
}

// part is what is spent as a part of the room, where that is the greatest.
func (a *account) part() float64 {
	most := a.sum / float64(a.of.room)
	for s := range a.up {
		most = max(most, a.up[s]/float64(a.of.runs.half-1), a.down[s]/float64(a.of.runs.half))
	}
	return most
}

// relief is what is saved where too much is spent when weight i, which is v, gets one
// unit nearer to zero.
func (a *account) relief(i int, v float64) int64 {
	saved := int64(0)
	if a.sum > float64(a.of.room) {
		saved += a.of.cost[i]
	}
	if r := a.of.runs; r != nil {
		up, down := r.sides(i, v)
		if a.up[r.of[i]] > float64(r.half-1) {
			saved += up
		}
		if a.down[r.of[i]] > float64(r.half) {
			saved += down
		}
	}
	return saved
}

// admits reports whether there is room for one more unit of v's sign at weight i, once
// weight back, which is w, has given up one; none does when back is negative.
func (a *account) admits(i int, v float64, back int, w float64) bool {
	if back >= 0 {
		a.drop(back, w)
		defer a.add(back, w)
	}
	a.add(i, v)
	fits := a.over() <= 0
	a.drop(i, v)
	return fits
}

// add spends a unit of weight i of v's sign.
func (a *account) add(i int, v float64) {
	a.sum += float64(a.of.cost[i])
	if a.of.runs != nil {
		a.enter(i, math.Copysign(1, v))
	}
}

// drop takes a unit of weight i, which is v, back.
func (a *account) drop(i int, v float64) {
	a.sum -= float64(a.of.cost[i])
	if r := a.of.runs; r != nil {
		up, down := r.sides(i, v)
		a.up[r.of[i]] -= float64(up)
		a.down[r.of[i]] -= float64(down)
	}
}
