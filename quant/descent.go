package quant

import "math"

const (
	// partners is how many of the units that there is no room for are tried
	// against each unit that could be given up for them.
	partners = 6
	// longest bounds a descent, in changes a weight; leastFall is what a change
	// has to bring, as a part of the power of the sums.
	longest, leastFall = 4, 1e-6
)

// A descent changes the integers of one row by units as long as the error of its
// sums falls and the budget is kept: by one unit, or by one that takes the room of
// another. (Coordinate descent as in QuantEase, arXiv 2309.01885, from where feedback
// has led; the exchanges are what a budget needs.) With G the second moments plus the
// ridge and B the moments of inputs and sums, q at scale s has the error
// s^2 qGq' - 2s qB', up to a constant of the row.
type descent struct {
	q       []float32 // in the order of x
	g       []float32 // k x k
	b, gq   []float64 // B; qG
	qb, qgq float64
	scale   float64 // of q where fixed, else the best one from floor on is taken
	fixed   bool
	floor   float64
	spent   account
}

// newDescent starts from q, integers of row i.
func (s *solver) newDescent(q []float32, i int, scale float64) *descent {
	k := s.p.k
	d := &descent{q: q, g: s.g, b: make([]float64, k), gq: make([]float64, k), scale: scale,
		fixed: s.p.exact != nil, floor: s.p.floor[i], spent: s.p.budget.account(q)}
	for j, at := range s.perm {
		d.b[at] = float64(s.rhs[i*k+j])
	}
	for j, v := range q {
		if v == 0 {
			continue
		}
		for l, g := range d.g[j*k : (j+1)*k] {
			d.gq[l] += float64(float64(v) * float64(g))
		}
	}
	for j, v := range q {
		d.qb += float64(float64(v) * d.b[j])
		d.qgq += float64(float64(v) * d.gq[j])
	}
	return d
}

// err is the error of a row whose products with B and G these are.
func (d *descent) err(qb, qgq float64) float64 {
	s := d.scale
	if !d.fixed && qgq > 0 {
		s = max(qb/qgq, d.floor)
	}
	return float64(float64(s*s)*qgq) - float64(2*s*qb)
}

// A change adds a unit, 1 or -1, to one weight; err is what that leaves.
type change struct {
	at        int
	unit, err float64
}

func (d *descent) own(at int) float64 { return float64(d.g[at*len(d.q)+at]) }

// after is the error after one change.
func (d *descent) after(at int, unit float64) float64 {
	return d.err(d.qb+float64(unit*d.b[at]), d.qgq+float64(2*unit*d.gq[at])+d.own(at))
}

// afterBoth is the error after c and another change.
func (d *descent) afterBoth(c change, at int, unit float64) float64 {
	qb := d.qb + float64(c.unit*d.b[c.at]) + float64(unit*d.b[at])
	qgq := d.qgq + float64(2*c.unit*d.gq[c.at]) + d.own(c.at) + float64(2*unit*d.gq[at]) + d.own(at)
	return d.err(qb, qgq+float64(2*c.unit*unit*float64(d.g[c.at*len(d.q)+at])))
}

// take makes a change.
func (d *descent) take(at int, unit float64) {
	k := len(d.q)
	d.qb += float64(unit * d.b[at])
	d.qgq += float64(2*unit*d.gq[at]) + d.own(at)
	for j, g := range d.g[at*k : (at+1)*k] {
		d.gq[j] += float64(unit * float64(g))
	}
	if v := float64(d.q[at]); float64(v*unit) < 0 {
		d.spent.drop(at, v)
	} else {
		d.spent.add(at, unit)
	}
	d.q[at] += float32(unit)
}

// run descends until no change and no exchange that is tried brings anything.
func (d *descent) run() {
	for range longest * len(d.q) {
		now := d.err(d.qb, d.qgq)
		enough := now - float64(leastFall*math.Abs(now))
		best, blocked := d.single(enough)
		if best.at >= 0 {
			d.take(best.at, best.unit)
			continue
		}
		from, to := d.exchange(blocked, enough)
		if from < 0 {
			return
		}
		d.take(from, -math.Copysign(1, float64(d.q[from])))
		d.take(to.at, to.unit)
	}
}

// single returns the change of least error below enough that there is room for, at
// -1 when there is none, and the best of those that there is no room for.
func (d *descent) single(enough float64) (best change, blocked []change) {
	best = change{at: -1, err: enough}
	for at, v := range d.q {
		for _, unit := range [...]float64{-1, 1} {
			c := change{at, unit, d.after(at, unit)}
			if c.err >= enough || math.Abs(float64(v)+unit) > float64(d.spent.of.cap) {
				continue
			}
			if toZero := float64(v)*unit < 0; !toZero && !d.spent.admits(at, unit, -1, 0) {
				blocked = insert(blocked, c)
			} else if c.err < best.err {
				best = c
			}
		}
	}
	return best, blocked
}

// insert keeps the partners of least error, the least first.
func insert(all []change, c change) []change {
	all = append(all, c)
	for i := len(all) - 1; i > 0 && all[i].err < all[i-1].err; i-- {
		all[i], all[i-1] = all[i-1], all[i]
	}
	return all[:min(len(all), partners)]
}

// exchange returns the weight that gives up a unit and what takes its room, with
// the least error below enough; from -1 when nothing brings anything.
func (d *descent) exchange(blocked []change, enough float64) (from int, to change) {
	from = -1
	for _, c := range blocked {
		for at, v := range d.q {
			if v == 0 || at == c.at {
				continue
			}
			unit := -math.Copysign(1, float64(v))
			if e := d.afterBoth(c, at, unit); e < enough && d.spent.admits(c.at, c.unit, at, float64(v)) {
				from, to, enough = at, c, e
			}
		}
	}
	return from, to
}

// repair takes units off q until it keeps the budget: each time the one whose
// loss raises the error least for what it cost.
func (d *descent) repair() {
	for d.spent.over() > 0 {
		at, least := -1, math.Inf(1)
		now := d.err(d.qb, d.qgq)
		for j, v := range d.q {
			if v == 0 {
				continue
			}
			saved := d.spent.relief(j, float64(v))
			if saved == 0 {
				continue
			}
			e := d.after(j, -math.Copysign(1, float64(v))) - now
			if e > 0 {
				e /= float64(saved)
			}
			if e < least {
				at, least = j, e
			}
		}
		d.take(at, -math.Copysign(1, float64(d.q[at])))
	}
}
