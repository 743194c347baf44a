package quant

import (
	"github.com/snug-nn/snug/ir/eval"
)

// A product is what the integers of one group of a convolution are chosen for:
// sums of m rows of weights over k inputs, at n sampled outputs.
type product struct {
	m, k, n int
	x       []float32 // k x n: levels less the zero point, of magnitude at most top
	top     int64
	y       []float32 // m x n: the real network's sums, each row of mean zero
	edge    []float32 // m x n: to a clamp all sums below it are alike; nil for none
	w       []float32 // m x k: real weights in units of a level, so that y is near w*x
	budget  budget
	floor   []float64 // the least scale of each row
	// exact returns the least scale from s on that a row may have; nil when
	// every scale will do, and the best is taken.
	exact func(row int, s float64) float64
}

// A choice is the integers of a product: w is near scales[i] * q[i].
type choice struct {
	q      []float32 // m x k
	scales []float64 // of each row, in units of a level
	noise  float64   // power of the error of the sums about their mean, all rows
	power  float64   // of the real sums
}

// nearest rounds every row at the finest scale that keeps the budget.
func (p *product) nearest() choice {
	c := choice{q: make([]float32, p.m*p.k), scales: make([]float64, p.m)}
	q := make([]int8, p.k)
	for i := range p.m {
		row := p.w[i*p.k : (i+1)*p.k]
		s := quantizeRow(q, row, p.budget, p.floor[i])
		if p.exact != nil {
			s = exactRow(q, row, p.budget, s, func(s float64) float64 { return p.exact(i, s) })
		}
		c.scales[i] = s
		for j, v := range q {
			c.q[i*p.k+j] = float32(v)
		}
	}
	return c
}

// own is what the real weights give for x as it is, each row of mean zero.
func (p *product) own() []float32 {
	y := make([]float32, p.m*p.n)
	eval.Gemm(p.m, p.n, p.k, p.w, p.k, p.x, p.n, y, p.n, false)
	for i := range p.m {
		row, sum := y[i*p.n:(i+1)*p.n], 0.0
		for _, v := range row {
			sum += float64(v)
		}
		for j := range row {
			row[j] -= float32(sum / float64(p.n))
		}
	}
	return y
}

// measure computes the integer sums of c at the samples, gives each row the
// scale that brings them nearest to the real ones unless scales are exact, and
// notes the error that is left, behind the clamp where there is one.
func (p *product) measure(c *choice) {
	sums := make([]float32, p.m*p.n)
	eval.Gemm(p.m, p.n, p.k, c.q, p.k, p.x, p.n, sums, p.n, false)
	c.noise, c.power = 0, 0
	for i := range p.m {
		y, s := p.y[i*p.n:(i+1)*p.n], sums[i*p.n:(i+1)*p.n]
		var mean, cov, own, power float64
		for _, v := range s {
			mean += float64(v)
		}
		mean /= float64(p.n)
		for j, v := range s {
			d, t := float64(v)-mean, float64(y[j])
			cov += float64(d * t)
			own += float64(d * d)
			power += float64(t * t)
		}
		if p.exact == nil && cov > 0 {
			c.scales[i] = max(cov/own, p.floor[i])
		}
		c.power += power
		if p.edge != nil {
			var noise float64
			c.scales[i], noise = p.fitBehind(i, s, mean, c.scales[i])
			c.noise += noise
			continue
		}
		scale := c.scales[i]
		c.noise += max(power-float64(2*scale*cov)+float64(scale*scale*own), 0)
	}
}
