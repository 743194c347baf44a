package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// randomProduct has correlated inputs in [0, top], and sums with a little noise,
// as layers before leave it.
func randomProduct(r *rand.Rand, m, k, n int, top int64, acc ir.Accum) *product {
	p := &product{m: m, k: k, n: n, top: top, x: make([]float32, k*n), y: make([]float32, m*n), w: make([]float32, m*k), floor: make([]float64, m)}
	for j := range n {
		common := r.NormFloat64()
		for i := range k {
			v := float64(top) / 6 * (0.8*common + r.NormFloat64() + float64(i%3))
			p.x[i*n+j] = float32(math.RoundToEven(min(max(v, 0), float64(top))))
		}
	}
	for i := range p.w {
		p.w[i] = float32(r.NormFloat64() * math.Exp(r.NormFloat64()))
	}
	eval.Gemm(m, n, k, p.w, k, p.x, n, p.y, n, false)
	for i := range m {
		row, mean := p.y[i*n:(i+1)*n], float32(0)
		for j := range row {
			row[j] += float32(r.NormFloat64()) * float32(top) / 4
			mean += row[j] / float32(n)
		}
		for j := range row {
			row[j] -= mean
		}
	}
	p.budget = budgetFor("window", acc, 0, slices.Repeat([]ir.Bound{{Hi: top}}, k), 1)
	return p
}

// TestFeedback holds the error that feedback returns against its definition,
// and that it is never above that of rounding to nearest.
func TestFeedback(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, k := range []int{1, 5, 64, 65, 200} {
		p := randomProduct(r, 3, k, 4*k+20, 31, ir.Accum{Bits: 16})
		s := newSolver(p)
		full := func(i, j int) float64 { return float64(s.g[s.perm[i]*k+s.perm[j]]) }
		objective := func(row, q []float32) float64 {
			e := 0.0
			for i := range k {
				for j := range k {
					e += (float64(row[i]) - float64(q[i])) * (float64(row[j]) - float64(q[j])) * full(i, j)
				}
			}
			return e
		}
		w, q := make([]float32, len(s.best)), make([]float32, len(s.best))
		for i, v := range s.best {
			w[i] = v * 3
			q[i] = w[i]
		}
		errs := s.lower.feedback(q, p.m, s.d, 1000)
		fed, plain := 0.0, 0.0
		for i := range p.m {
			row := w[i*k : (i+1)*k]
			nearest := make([]float32, k)
			for j, v := range row {
				nearest[j] = roundEven(v)
			}
			want := objective(row, q[i*k:(i+1)*k])
			fed, plain = fed+want, plain+objective(row, nearest)
			if math.Abs(errs[i]-want) > 1e-3*want {
				t.Errorf("k %d row %d: error %g, want %g", k, i, errs[i], want)
			}
		}
		if fed > plain*(1+1e-6) {
			t.Errorf("k %d: error %g with feedback, %g to nearest", k, fed, plain)
		}
	}
}

// TestConstantInput holds that weights behind inputs that do not vary stay near
// the network's own: the noise of their sums says nothing about them.
func TestConstantInput(t *testing.T) {
	p := randomProduct(rand.New(rand.NewPCG(8, 1)), 3, 5, 64, 127, ir.Accum{Bits: 16})
	clear(p.x)
	for _, level := range []float32{0, 1, 127} {
		for j := range p.n {
			p.x[2*p.n+j] = level // one input is a constant other than zero
		}
		for i := range p.y {
			p.y[i] = 1e-5 // what float32 leaves of a mean
		}
		for i, v := range newSolver(p).best {
			if d := math.Abs(float64(v)); d > 20 {
				t.Errorf("level %g: weight %d became %g", level, i, v)
			}
		}
	}
}
