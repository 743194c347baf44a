package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
)

// TestDescent holds a descent to what it promises, by sums computed anew: the error
// that it keeps book of is that of its row, no greater than where it began; the
// budget is kept; and no unit that there is room for would bring any more.
func TestDescent(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	for _, acc := range []ir.Accum{{Bits: 16}, {Bits: 10}, {Bits: 8}, {Bits: 10, Wide: 32, Segment: 7}, {Bits: 8, Wide: 16, Segment: 5}} {
		for _, k := range []int{1, 9, 40} {
			p := randomProduct(r, 4, k, 400, 7, acc)
			s := newSolver(p)
			c := s.round(allMultipliers)
			fell := 0.0
			for i := range p.m {
				q := slices.Clone(c.q[i*k : (i+1)*k])
				objective := func(q []float32) float64 { return ridgeError(s, i, q) }
				before := objective(q)
				d := s.newDescent(q, i, c.scales[i])
				d.run()
				after := objective(q)
				if kept := d.err(d.qb, d.qgq); math.Abs(kept-after) > 1e-3*math.Abs(after) {
					t.Fatalf("%s k %d: keeps book of %g, is %g", acc, k, kept, after)
				}
				fell += before - after
				if after > before+1e-4*math.Abs(before) {
					t.Errorf("%s k %d: error from %g to %g", acc, k, before, after)
				}
				if over := p.budget.over(q); over > 0 {
					t.Errorf("%s k %d: %g over the budget", acc, k, over)
				}
				for j := range q {
					for _, unit := range []float32{-1, 1} {
						q[j] += unit
						if math.Abs(float64(q[j])) <= float64(p.budget.cap) && p.budget.over(q) == 0 {
							if e := objective(q); e < after-1e-3*math.Abs(after) {
								t.Errorf("%s k %d: %+g at %d brings %g to %g", acc, k, unit, j, after, e)
							}
						}
						q[j] -= unit
					}
				}
			}
			if k == 40 && acc.Bits == 8 && !(fell > 0) {
				t.Errorf("%s k %d: nothing fell", acc, k)
			}
		}
	}
}

// ridgeError is the error of row i, q, at its best scale: the mean square of
// y - s q x over the samples plus the ridge on s q - w, less what is the same for all q.
func ridgeError(s *solver, i int, q []float32) float64 {
	p := s.p
	var along, power float64
	sums, mean := make([]float64, p.n), 0.0
	for n := range sums {
		for j, v := range q {
			sums[n] += float64(v) * float64(p.x[j*p.n+n])
		}
		mean += sums[n] / float64(p.n)
	}
	for n, v := range sums {
		along += (v - mean) * float64(p.y[i*p.n+n]) / float64(p.n)
		power += (v - mean) * (v - mean) / float64(p.n)
	}
	for j, v := range q {
		along += s.lambda * float64(v) * float64(p.w[i*p.k+j])
		power += s.lambda * float64(v) * float64(v)
	}
	if power == 0 {
		return 0
	}
	scale := max(along/power, p.floor[i])
	return scale*scale*power - 2*scale*along
}

// rowOf is a descent of q whose inputs are independent, with room for so many units.
func rowOf(q []float32, b []float64, room int64) *descent {
	k := len(q)
	d := &descent{q: q, g: make([]float32, k*k), b: b, gq: make([]float64, k)}
	g := budget{room: room, cost: make([]int64, k), cap: maxWeight}
	for j, v := range q {
		d.g[j*k+j], g.cost[j], d.gq[j] = 1, 1, float64(v)
		d.qb += float64(v) * b[j]
		d.qgq += float64(v) * float64(v)
	}
	d.spent = g.account(q)
	return d
}

// TestExchange holds that a unit takes another's room where only both together bring
// anything: two inputs, one unit of room, and that one on the lesser of them.
func TestExchange(t *testing.T) {
	d := rowOf([]float32{1, 0}, []float64{1, 3}, 1)
	d.run()
	if !slices.Equal(d.q, []float32{0, 1}) {
		t.Errorf("row %v, want the unit on the second weight", d.q)
	}
}

// TestRepair holds that units are taken off until the budget is kept, those that
// the error needs least.
func TestRepair(t *testing.T) {
	d := rowOf([]float32{2, 2}, []float64{8, 1}, 2)
	d.repair()
	if !slices.Equal(d.q, []float32{2, 0}) {
		t.Errorf("row %v, want the second weight's units gone", d.q)
	}
}
