package quant

import (
	"math"
	"slices"
)

// multipliers are the scales that are tried for every row, in units of the one
// at which the unrounded weights just spend the budget. They reach above one,
// because rounding may overshoot: quick while formats are searched for, all of
// them in the end.
var (
	quickMultipliers = []float64{0.6, 0.8, 0.95, 1.02, 1.12, 1.3}
	oneMultiplier    = []float64{1}
	allMultipliers   = []float64{0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1, 1.03, 1.08, 1.15, 1.3}
)

const (
	// ridge is added to the second moments, as a part of the mean of their
	// diagonal; shortSample is how much more of it too few samples need.
	ridge       = 0.1
	shortSample = 5
	// leastMoment is the mean of the diagonal that the ridge is a part of, at
	// least: the variance of the error of a level. What is below it is no signal,
	// as behind a tensor that is constant, and the ridge holds the weights.
	leastMoment = 1.0 / 12
	// blockRows is how many rows are rounded at once.
	blockRows = 1024
	// finest is how much finer a scale may be than the one at which the greatest
	// weight just fits: that weight is clipped.
	finest = 0.9
)

// A solver rounds the rows of one product with feedback of errors. Columns
// stand in the order of perm, the one of most power last, which is rounded
// first.
type solver struct {
	p      *product
	g      []float32 // second moments of x plus the ridge, in the order of x
	perm   []int
	lambda float64   // the ridge
	lower  factor    // of g in the order of perm, with ones on its diagonal
	d      []float64 // the diagonal
	cross  []float32 // m x k: moments of y and x
	prior  []float32 // m x k: the real weights
	rhs    []float32 // m x k: cross + lambda * prior
	budget budget    // of a row in the order of perm
	best   []float32 // m x k: the real weights that are best for x as it is
	// descend: rows are improved unit by unit once they are rounded.
	descend bool
}

// solver prepares p. The target is the real network's sum on real inputs while
// x is what the integers before left of them: the best real weights take back
// what linear algebra can of that error (asymmetric calibration), and the ridge
// holds them near the network's own.
func newSolver(p *product) *solver {
	k := p.k
	s := &solver{p: p, g: secondMoments(p.x, k, p.n, p.top), perm: make([]int, k)}
	mean := 0.0
	for i := range k {
		s.perm[i] = i
		mean += float64(s.g[i*k+i])
	}
	mean = max(mean/float64(k), leastMoment)
	slices.SortStableFunc(s.perm, func(a, b int) int {
		switch da, db := s.g[a*k+a], s.g[b*k+b]; {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return 0
	})
	s.lambda = ridge * mean * (1 + shortSample*float64(k)/float64(p.n))
	for i := range k {
		s.g[i*k+i] += float32(s.lambda)
	}
	ordered := make([]float32, k*k)
	for i, pi := range s.perm {
		for j, pj := range s.perm[:i+1] {
			ordered[i*k+j] = s.g[pi*k+pj]
		}
	}
	s.lower = cholesky(ordered, k)
	s.prior = s.ordered(p.w)
	s.aim(p.y)
	if p.edge != nil {
		s.yield()
	}
	s.d = s.lower.unit()
	s.budget = p.budget.ordered(s.perm)
	return s
}

// aim makes y, rows of mean zero, the target.
func (s *solver) aim(y []float32) {
	p := s.p
	s.cross = s.ordered(crossMoments(y, p.m, p.x, p.k, p.n))
	s.rhs = make([]float32, len(s.cross))
	for i, v := range s.prior {
		s.rhs[i] = s.cross[i] + float32(float32(s.lambda)*v)
	}
	s.best = slices.Clone(s.rhs)
	s.lower.solve(s.best, p.m)
}

// ordered returns rows with their columns in the order of perm.
func (s *solver) ordered(w []float32) []float32 {
	out, k := make([]float32, len(w)), s.p.k
	for r := 0; r < len(w); r += k {
		for i, at := range s.perm {
			out[r+i] = w[r+at]
		}
	}
	return out
}

// round tries the multipliers on every row and keeps the feasible integers of
// least error, and descends from there where that is asked for; where none is
// feasible, the nearest ones are repaired.
func (s *solver) round(multipliers []float64) choice {
	p := s.p
	c := choice{q: make([]float32, p.m*p.k), scales: make([]float64, p.m)}
	step := max(blockRows/len(multipliers), 1)
	for from := 0; from < p.m; from += step {
		s.block(&c, from, min(from+step, p.m), multipliers)
	}
	return c
}

// block is round for some rows.
func (s *solver) block(c *choice, from, to int, multipliers []float64) {
	k := s.p.k
	var rows []int
	var scales []float64
	for i := from; i < to; i++ {
		last := 0.0
		for _, m := range multipliers {
			if scale := s.scale(i, m); scale != last && scale > 0 {
				rows, scales = append(rows, i), append(scales, scale)
				last = scale
			}
		}
	}
	w := make([]float32, len(rows)*k)
	for r, i := range rows {
		inverse := float32(1 / scales[r])
		for j, v := range s.best[i*k : (i+1)*k] {
			w[r*k+j] = v * inverse
		}
	}
	errs := s.lower.feedback(w, len(rows), s.d, float32(s.p.budget.cap))
	for r := 0; r < len(rows); {
		end := r
		for end < len(rows) && rows[end] == rows[r] {
			end++
		}
		s.keep(c, rows[r], w[r*k:end*k], scales[r:end], errs[r:end])
		r = end
	}
	for i := from; i < to; i++ {
		if c.scales[i] == 0 { // a row of zeros
			c.scales[i] = max(s.p.floor[i], 1e-6)
			if s.p.exact != nil {
				c.scales[i] = s.p.exact(i, c.scales[i])
			}
		}
	}
}

// scale returns the scale of row i for a multiplier; 0 for a row of zeros.
func (s *solver) scale(i int, multiplier float64) float64 {
	b := &s.budget
	need, top := b.need(s.best[i*s.p.k : (i+1)*s.p.k])
	if top == 0 || !b.leaves() {
		return 0
	}
	scale := max(need, top/float64(b.cap)) * multiplier
	scale = max(scale, finest*top/float64(b.cap), s.p.floor[i])
	if s.p.exact != nil {
		scale = s.p.exact(i, scale)
	}
	return scale
}

// keep gives row i the best of its candidates: q, one after the other, at
// scales, with errs the errors of feedback in units of the squared scale.
func (s *solver) keep(c *choice, i int, q []float32, scales, errs []float64) {
	k := s.p.k
	best, least := -1, math.Inf(1)
	shortest, excess := 0, math.Inf(1)
	for t := range scales {
		row := q[t*k : (t+1)*k]
		if over := s.budget.over(row); over > 0 {
			if over < excess {
				shortest, excess = t, over
			}
			continue
		}
		if e := s.err(i, row, scales[t], errs[t]); e < least {
			best, least = t, e
		}
	}
	out := c.q[i*k : (i+1)*k]
	t := best
	if best < 0 {
		t = shortest
	}
	for j, at := range s.perm {
		out[at] = q[t*k+j]
	}
	c.scales[i] = scales[t]
	if best >= 0 && !s.descend {
		return
	}
	d := s.newDescent(out, i, scales[t])
	d.repair()
	if s.descend {
		d.run()
	}
}

// err ranks candidates of row i by the power of the error of their sums, up to
// a constant of the row, after the scale has been fitted. With W the best
// weights, G = h + lambda I, B = rhs and w the row's own weights, the ridge's
// objective is a constant plus (W-sq) G (W-sq)', which feedback has summed; and
// q G q' follows from it, for W G = B. What the ridge added is taken off.
func (s *solver) err(i int, q []float32, scale, fed float64) float64 {
	k := s.p.k
	fed = float64(fed * (scale * scale))
	var qq, qb, qr, wb, apart float64
	for j, v := range q {
		v, b := float64(v), float64(s.rhs[i*k+j])
		qq += float64(v * v)
		qb += float64(v * b)
		qr += float64(v * float64(s.cross[i*k+j]))
		wb += float64(float64(s.best[i*k+j]) * b)
		d := float64(scale*v) - float64(s.prior[i*k+j])
		apart += float64(d * d)
	}
	e := fed - float64(s.lambda*apart)
	power := (fed-wb+float64(2*scale*qb))/float64(scale*scale) - float64(s.lambda*qq)
	if slope := qr - float64(scale*power); s.p.exact == nil && power > 0 && qr > 0 {
		e -= slope * slope / power
	}
	return e
}
