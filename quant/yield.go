package quant

import "github.com/snug-nn/snug/ir/eval"

const (
	// slack is what an error counts where a clamp cuts off the target and the sum
	// alike: it is nothing to what follows, but integers leave errors of their own
	// that may reach over the edge.
	slack = 0.5
	// yields is how often targets yield to the weights that they led to before.
	yields = 3
)

// yield moves targets that a clamp cuts off toward the sums that the best real
// weights give there: how far below a Relu's edge a sum lies matters little. Where a
// target is below the edge the error is slack*(sum-target)^2 and the square of what is
// over the edge; the new target is half its slope away from the sum, so that the best
// weights for it leave less of that error, whatever the samples: its curvature is
// below twice that of a square. (AdaRound, arXiv 2004.10568, section 3.3, takes the
// error behind the activation too, there by gradients.)
func (s *solver) yield() {
	p := s.p
	sums, w, y := make([]float32, len(p.y)), make([]float32, len(p.w)), make([]float32, len(p.y))
	for range yields {
		for at := 0; at < len(w); at += p.k {
			for i, j := range s.perm {
				w[at+j] = s.best[at+i]
			}
		}
		eval.Gemm(p.m, p.n, p.k, w, p.k, p.x, p.n, sums, p.n, false)
		for at := 0; at < len(y); at += p.n {
			yieldRow(y[at:at+p.n], p.y[at:at+p.n], p.edge[at:at+p.n], sums[at:at+p.n])
		}
		s.aim(y)
	}
}

// yieldRow sets dst to targets y that have yielded to sums. The bias gives these y's
// mean, which is zero, and so has dst.
func yieldRow(dst, y, edge, sums []float32) {
	off := 0.0
	for j, v := range sums {
		off += float64(y[j]) - float64(v)
	}
	shift, mean := float32(off/float64(len(y))), 0.0
	for j, t := range y {
		if t <= edge[j] {
			sum := sums[j] + shift
			t = sum - float32(slack*(sum-t)) - max(sum-edge[j], 0)
		}
		dst[j] = t
		mean += float64(t)
	}
	for j := range dst {
		dst[j] -= float32(mean / float64(len(dst)))
	}
}

// turns is how often the error behind a clamp is taken, the scale fitted in between:
// each time other sums are over the edge.
const turns = 4

// fitBehind returns a scale near the one at which the sums of row i, less their mean,
// have the least error behind the clamp, found from scale on, and the error at it. Exact
// scales stay.
func (p *product) fitBehind(i int, sums []float32, mean, scale float64) (_, noise float64) {
	y, edge := p.y[i*p.n:][:p.n], p.edge[i*p.n:][:p.n]
	for turn := range turns {
		noise = 0
		var cov, own float64 // of the sums that count and their targets
		for j, v := range sums {
			d, t, e := float64(v)-mean, float64(y[j]), float64(edge[j])
			sum, part := float64(scale*d), 1.0
			if t <= e {
				part = slack
				if over := sum - e; over > 0 {
					noise += float64(over * over)
					cov += float64(d * e)
					own += float64(d * d)
				}
			}
			noise += float64(part * (sum - t) * (sum - t))
			cov += float64(part * d * t)
			own += float64(part * d * d)
		}
		if p.exact == nil && cov > 0 && turn < turns-1 {
			scale = max(cov/own, p.floor[i])
		}
	}
	return scale, noise
}
