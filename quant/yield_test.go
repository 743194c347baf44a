package quant

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// clamped is a random product behind a Relu, whose edge is anywhere among the sums.
func clamped(r *rand.Rand, m, k, n int) *product {
	p := randomProduct(r, m, k, n, 15, ir.Accum{Bits: 10})
	p.edge = make([]float32, len(p.y))
	for i := range p.m {
		edge := p.y[i*n+r.IntN(n)]
		for j := range n {
			p.edge[i*n+j] = edge + float32(r.NormFloat64())
		}
	}
	return p
}

// errorBehind is the error of sums p, targets y and a clamp at edge, by its definition.
func errorBehind(p, y, edge float64) float64 {
	if y > edge {
		return (p - y) * (p - y)
	}
	e := slack * (p - y) * (p - y)
	if p > edge {
		e += (p - edge) * (p - edge)
	}
	return e
}

// ridged is what the real weights w of row i leave behind the clamp, and the ridge.
func ridged(s *solver, i int, w []float32) float64 {
	p := s.p
	sums, mean := make([]float64, p.n), 0.0
	for j := range sums {
		for l, v := range w {
			sums[j] += float64(v) * float64(p.x[l*p.n+j])
		}
		mean += sums[j] / float64(p.n)
	}
	e := 0.0
	for j, v := range sums {
		e += errorBehind(v-mean, float64(p.y[i*p.n+j]), float64(p.edge[i*p.n+j])) / float64(p.n)
	}
	for l, v := range w {
		d := float64(v) - float64(p.w[i*p.k+l])
		e += s.lambda * d * d
	}
	return e
}

// TestYield holds that targets which yield lead to weights of less error behind the
// clamp, down to near what gradient descent reaches, and that an edge below all sums
// changes nothing.
func TestYield(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for _, k := range []int{1, 9, 40} {
		p := clamped(r, 3, k, 300)
		met := *p
		met.edge = nil
		first, s := newSolver(&met), newSolver(p)
		unordered := func(row []float32) []float32 {
			w := make([]float32, k)
			for at, j := range s.perm {
				w[j] = row[at]
			}
			return w
		}
		for i := range p.m {
			from := ridged(s, i, unordered(first.best[i*k:(i+1)*k]))
			w := unordered(s.best[i*k : (i+1)*k])
			to, least := ridged(s, i, w), descended(s, i, w)
			if to > from || to-least > 0.3*(from-least) {
				t.Errorf("k %d, row %d: error from %g to %g, the least is %g", k, i, from, to, least)
			}
		}
		for i := range p.edge {
			p.edge[i] = -1e6
		}
		for i, v := range newSolver(p).best {
			if math.Abs(float64(v-first.best[i])) > 1e-3 {
				t.Errorf("k %d: an edge below all sums moves weight %d from %g to %g", k, i, first.best[i], v)
			}
		}
	}
}

// descended is the error of row i after many small steps down from w.
func descended(s *solver, i int, w []float32) float64 {
	w, k := slices.Clone(w), s.p.k
	least, step := ridged(s, i, w), float32(0.05)
	for range 120 {
		for l := range k {
			for _, d := range []float32{-step, step} {
				w[l] += d
				if e := ridged(s, i, w); e < least {
					least = e
				} else {
					w[l] -= d
				}
			}
		}
		step *= 0.95
	}
	return least
}

// TestFitBehind holds the error of a row's sums and their scale to the definition.
func TestFitBehind(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	for range 20 {
		p := clamped(r, 1, 9, 300)
		sums := make([]float32, p.n)
		q := make([]float32, p.k)
		for i := range q {
			q[i] = float32(math.Round(float64(p.w[i]) * 2))
		}
		eval.Gemm(1, p.n, p.k, q, p.k, p.x, p.n, sums, p.n, false)
		mean := 0.0
		for _, v := range sums {
			mean += float64(v) / float64(p.n)
		}
		scale, noise := p.fitBehind(0, sums, mean, 0.3)
		direct := func(scale float64) float64 {
			e := 0.0
			for j, v := range sums {
				e += errorBehind(scale*(float64(v)-mean), float64(p.y[j]), float64(p.edge[j]))
			}
			return e
		}
		if want := direct(scale); math.Abs(noise-want) > 1e-6*want {
			t.Errorf("notes %g, is %g", noise, want)
		}
		for _, other := range []float64{0.3, scale * 0.97, scale * 1.03} {
			if e := direct(other); e < noise*(1-1e-3) {
				t.Errorf("scale %g leaves %g, and %g leaves %g", scale, noise, other, e)
			}
		}
		c := choice{q: q, scales: []float64{0}}
		p.measure(&c)
		if own, left := p.fitBehind(0, sums, mean, c.scales[0]); math.Abs(own/c.scales[0]-1) > 1e-3 || math.Abs(left-c.noise) > 1e-3*left {
			t.Errorf("is measured with scale %g and error %g, and has %g and %g", c.scales[0], c.noise, own, left)
		}
		p.exact = func(int, float64) float64 { return 0.3 }
		if scale, noise := p.fitBehind(0, sums, mean, 0.3); scale != 0.3 || math.Abs(noise-direct(0.3)) > 1e-6*noise {
			t.Errorf("an exact scale became %g, its error %g and not %g", scale, noise, direct(0.3))
		}
	}
}

// TestEdges holds the edges of targets to what they mean: a target is as far above its
// edge as what the network has behind the clamp is above its bound; and what a target
// is compensated for moves its edge as well.
func TestEdges(t *testing.T) {
	b := branches()
	s := &state{g: b.g, o: &Options{Accum: ir.Accum{Bits: 10}, Rung: "window", Calib: noise{16}, Workers: 1}, ctx: context.Background(), recipe: recipes[2]}
	b.g.Out = []*ir.Value{b.v}
	if err := s.run(passes[:prepared]); err != nil {
		t.Fatal(err)
	}
	if err := ranges(s); err != nil {
		t.Fatal(err)
	}
	run, err := eval.NewRunner(s.g)
	if err != nil {
		t.Fatal(err)
	}
	users := s.g.Consumers()
	plain, added := 0, 0
	for _, n := range s.g.Nodes {
		whole := s.stats.targets[n]
		if whole == nil {
			continue
		}
		for _, tgt := range []*target{whole, whole.thin(100)} {
			edge := tgt.edge()
			v := n.Out[0]
			if tgt.beside != nil || tgt.other != nil {
				v = users[v][0].Out[0]
				added++
			} else {
				plain++
			}
			clamp := n.Attrs.Clamp
			if v != n.Out[0] {
				clamp = users[n.Out[0]][0].Attrs.Clamp
			}
			if clamp == nil {
				if edge != nil {
					t.Errorf("%s: edges, and no clamp", n.Name)
				}
				continue
			}
			products, ok := s.products(n, &ir.Format{Levels: ir.Bound{Hi: 3}, Scales: []float64{1}}, tgt, make([]float32, tgt.at.rows*tgt.at.n))
			if !ok {
				t.Fatalf("%s: no budget", n.Name)
			}
			var parts []float32
			for _, p := range products {
				parts = append(parts, p.edge...)
			}
			if !slices.Equal(parts, edge) {
				t.Errorf("%s: the edges of %d products are not the target's", n.Name, len(products))
			}
			for i := range s.stats.images {
				x := ir.NewTensor(ir.Float32, s.g.In[0].Shape)
				if err := s.o.Calib.Sample(i, x.Real); err != nil {
					t.Fatal(err)
				}
				if err := run.Run(x); err != nil {
					t.Fatal(err)
				}
				out := run.Tensor(v).Real
				tgt.eachSample(i, func(at, element int) {
					over := float64(tgt.y[at]) - float64(edge[at])
					if got := max(float64(clamp[0])+over, float64(clamp[0])); math.Abs(min(got, float64(clamp[1]))-float64(out[element])) > 1e-3 {
						t.Errorf("%s: image %d, element %d: %g behind the clamp, the network has %g", n.Name, i, element, got, out[element])
					}
				})
			}
		}
	}
	for _, n := range s.g.Nodes {
		tgt := s.stats.targets[n]
		if tgt == nil || tgt.beside == nil {
			continue
		}
		v := tgt.beside
		v.Format = &ir.Format{Levels: ir.Bound{Hi: 3}, Scales: []float64{0.5}}
		ints := make([][]int8, s.stats.images)
		for i := range ints {
			ints[i] = slices.Repeat([]int8{int8(i % 4)}, ir.NumElements(v.Shape))
		}
		y, edge := slices.Clone(tgt.y), tgt.edge()
		tgt.compensate(map[*ir.Value][][]int8{v: ints})
		moved := tgt.edge()
		for i := range y {
			if before, after := y[i]-edge[i], tgt.y[i]-moved[i]; abs32(before-after) > 1e-3 || slices.Equal(y, tgt.y) {
				t.Fatalf("%s: compensation takes a target from %g to %g over its edge", n.Name, before, after)
			}
		}
	}
	if plain == 0 || added == 0 {
		t.Errorf("%d targets of sums alone and %d of sums that are added to: want some of each", plain, added)
	}
}
