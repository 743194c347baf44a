package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/elementary"
	"github.com/snug-nn/snug/ir/eval"
)

// conv decides the weights and biases of one convolution.
func (r *intRun) conv(n *ir.Node) error {
	given := isGiven(n.In[1])
	n.Sum = newSum(r.s, n)
	t := r.s.stats.targets[n]
	delete(r.s.stats.targets, n) // the largest thing that is kept of a layer
	t.compensate(r.values)
	x := r.levels(n, t.at)
	if given && r.s.o.Search == "layerwise" {
		return errors.New("--search layerwise: the network has integer weights of its own")
	}
	if given {
		f := *n.In[1].Format // of its own: others may have the same weights, and sums of another size
		f.Scales = scalesOf(n.In[1])
		n.In[1].Format = &f
		n.Sum.Spare = min(n.Sum.Spare, left(n, n.Sum.Acc))
	} else if err := r.round(n, t, x); err != nil {
		return err
	}
	r.bias(n, t, x, r.s.recipe.correct && !given)
	return nil
}

// isGiven reports whether w are integers that the network came with.
func isGiven(w *ir.Value) bool { return w.Const.Int != nil && w.Format != nil }

func newSum(s *state, n *ir.Node) *ir.Sum {
	m := n.In[1].Shape[0]
	return &ir.Sum{Acc: s.accum(n), Rung: s.o.Rung, Spare: s.spare(n), K: n.In[1].Const.Len() / m, Channels: make([]ir.Channel, m),
		Bias: make([]int32, m), Mul: make([]int32, m), Shift: make([]int8, m)}
}

// levels returns the integers of n's input, less the zero point, at patches.
func (r *intRun) levels(n *ir.Node, p *patches) []float32 {
	x := make([]float32, p.rows*p.n)
	image := make([]float32, ir.NumElements(n.In[0].Shape))
	for i, q := range r.values[n.In[0]] {
		units(image, q, n.In[0].Format.Zero)
		p.gather(x, p.n, i*p.perImage, image, i)
	}
	return x
}

// round gives the weights of n their integers and scales, for inputs x.
func (r *intRun) round(n *ir.Node, t *target, x []float32) error {
	s, w, in := r.s, n.In[1], n.In[0].Format
	if s.o.Search == "layerwise" {
		q, scale := fixedWeights(n, s.search.bits[n])
		w.Const.Int = make([]int64, len(q))
		for i, v := range q {
			w.Const.Int[i] = int64(v)
		}
		w.Format = &ir.Format{Levels: ir.Bound{Lo: -maxWeight, Hi: maxWeight}, Scales: slices.Repeat([]float64{scale}, w.Shape[0])}
		return nil
	}
	products, ok := s.products(n, in, t, x)
	if !ok {
		return fmt.Errorf("levels %s leave no bit of %s for weights (rung %s, K = %d, %d bits spared): use a wider accumulator or another rung", in.Levels, n.Sum.Acc, s.o.Rung, n.Sum.K, n.Sum.Spare)
	}
	w.Const.Int = make([]int64, w.Const.Len())
	w.Format = &ir.Format{Levels: ir.Bound{Lo: -maxWeight, Hi: maxWeight}, Scales: make([]float64, w.Shape[0])}
	return s.parallel("", len(products), func() (func(int) error, error) {
		return func(g int) error {
			p := products[g]
			c := s.choose(p, allMultipliers)
			for tries := 0; tries < 3 && s.raiseFloors(n, p, &c, g*p.m); tries++ {
				c = s.choose(p, allMultipliers)
			}
			for i, q := range c.q {
				w.Const.Int[g*p.m*p.k+i] = int64(q)
			}
			for i, scale := range c.scales {
				w.Format.Scales[g*p.m+i] = scale / in.Scale()
			}
			return nil
		}, nil
	})
}

// choose rounds the weights of one product as the effort asks for, and measures
// what is left.
func (s *state) choose(p *product, multipliers []float64) choice {
	var c choice
	if !s.recipe.feedback {
		c = p.nearest()
	} else {
		target := *p
		if !s.recipe.asymmetric {
			target.y, target.edge = p.own(), nil
		}
		if !s.recipe.scales {
			multipliers = oneMultiplier
		}
		solver := newSolver(&target)
		solver.descend = s.recipe.descent
		c = solver.round(multipliers)
	}
	p.measure(&c)
	return c
}

// products lists one product a group of n for levels x of format f; false when
// the budget leaves nothing.
func (s *state) products(n *ir.Node, f *ir.Format, t *target, x []float32) ([]*product, bool) {
	w, bias, groups := n.In[1], n.In[2].Const.Real, n.Attrs.Group
	m, k := w.Shape[0]/groups, w.Const.Len()/w.Shape[0]
	taps := n.Attrs.Kernel[0] * n.Attrs.Kernel[1]
	var edge []float32
	if s.recipe.yield {
		edge = t.edge()
	}
	all := make([]*product, groups)
	for g := range all {
		b := s.budget(n, g, f)
		if !b.leaves() {
			return nil, false
		}
		p := &product{m: m, k: k, n: t.at.n, budget: b, top: max(f.Zero-f.Levels.Lo, f.Levels.Hi-f.Zero),
			x: x[g*k*t.at.n:][:k*t.at.n], y: t.y[g*m*t.at.n:][:m*t.at.n], w: make([]float32, m*k), floor: make([]float64, m)}
		if edge != nil {
			p.edge = edge[g*m*t.at.n:][:m*t.at.n]
		}
		for i := range p.w {
			p.w[i] = float32(float64(w.Const.Real[g*m*k+i]) * f.Scale() * f.Step((g*k+i%k)/taps))
		}
		for i := range p.floor {
			p.floor[i] = math.Abs(float64(bias[g*m+i])) / maxBias(s.accum(n))
		}
		if s.o.Pow2 {
			out := n.Out[0].Format
			p.exact = func(row int, scale float64) float64 { return exactScale(scale, out.Scale()*out.Step(g*m+row)) }
		}
		all[g] = p
	}
	return all, true
}

// budget is what a row of group g of n may cost with inputs of format f.
func (s *state) budget(n *ir.Node, g int, f *ir.Format) budget {
	return budgetFor(s.o.Rung, s.accum(n), s.spare(n), n.InputLevels(g, f), n.Attrs.Kernel[0]*n.Attrs.Kernel[1])
}

// exactScale returns the least scale from s on that is a power of two of unit.
func exactScale(s, unit float64) float64 {
	return math.Ldexp(unit, int(math.Ceil(elementary.Log2(s/unit)-1e-9)))
}

// exactRow rounds a row at the least exact scale from s on that keeps the
// budget.
func exactRow(q []int8, row []float32, g budget, s float64, exact func(float64) float64) float64 {
	for s = exact(s); !fitsBudget(row, s, g); {
		s = exact(s * 1.5)
	}
	inv := float32(1 / s)
	for i, v := range row {
		q[i] = int8(roundEven(v * inv))
	}
	return s
}

// left returns how many bits of the accumulator the windows of n, whose integers
// are given, leave free, which is all that such a network can spare.
func left(n *ir.Node, acc ir.Accum) int {
	bits := 0
	for _, w := range windows(n) {
		bits = max(bits, w.BitsFor())
	}
	return max(acc.Total()-bits, 0)
}

// maxBias bounds a bias in units of the sum. 32 bits have to hold sum and bias;
// where sums have 16 bits, so should biases, which leaves them room for the
// preload of a window that is not in the middle.
func maxBias(acc ir.Accum) float64 {
	if acc.Short() {
		return 3 << 13
	}
	return 1 << 28
}

// bias rounds the bias to units of the sum, corrected by the mean of the error
// of the integer sums at the sampled pixels, and notes the signal to noise
// ratio that is left. The integers of a quantized network mean what they mean:
// nothing of theirs is corrected.
func (r *intRun) bias(n *ir.Node, t *target, x []float32, correct bool) {
	w, in, b := n.In[1], n.In[0].Format, n.In[2].Const.Real
	k := n.Sum.K
	real := make([]float32, len(w.Const.Int))
	for i, q := range w.Const.Int {
		real[i] = float32(q)
		n.Sum.Channels[i/k].Sum += q
	}
	samples := t.at.n
	y := make([]float32, len(t.y))
	sumPatches(y, t.at, real, n.Attrs.Group, x)
	signal, noise := 0.0, 0.0
	for c, scale := range w.Format.Scales {
		if isConstant(n, c) { // any unit will do that is small beside the finest level
			scale = n.Out[0].Format.Scale() / in.Scale() / (constantUnits * maxStep * maxStep)
			w.Format.Scales[c] = scale
		}
		want, got := t.y[c*samples:(c+1)*samples], y[c*samples:(c+1)*samples]
		if n.Sum.Rung == "observed" {
			n.Sum.Channels[c].Window = ir.Bound{Lo: int64(slices.Min(got)), Hi: int64(slices.Max(got))}
		}
		unit := in.Scale() * scale
		mean := t.mean[c]
		for _, v := range got {
			mean -= float64(v) * unit / float64(samples)
		}
		shift := mean
		if !correct {
			shift = 0
		}
		q := math.Round((float64(b[c]) + shift) / unit)
		q = min(max(q, -1<<28), 1<<28)
		rest := t.mean[c] + float64(b[c]) - float64(q*unit) // of the real sum, once the integers' bias is taken off
		for j := range want {
			d := float64(want[j]) - float64(float64(got[j])*unit) + rest
			noise += float64(d * d)
			signal += float64(float64(want[j]) * float64(want[j]))
		}
		n.Sum.Bias[c] = int32(q) - int32(in.Zero*n.Sum.Channels[c].Sum)
	}
	n.Sum.SNR = 10 * elementary.Log10(max(signal, 1e-30)/max(noise, 1e-30))
}

// constantUnits is how many units of a sum make a level of a channel that is
// constant: few enough that 16 bits hold the bias.
const constantUnits = 64

// isConstant reports whether no weight of channel c is left, so that its bias is
// its value.
func isConstant(n *ir.Node, c int) bool {
	k := n.Sum.K
	return !slices.ContainsFunc(n.In[1].Const.Int[c*k:(c+1)*k], func(q int64) bool { return q != 0 })
}

// requantizer sets the factors that take sums to the output's levels.
func (r *intRun) requantizer(n *ir.Node) {
	in, out, s := n.In[0].Format, n.Out[0].Format, n.Sum
	for c, scale := range n.In[1].Format.Scales {
		if isConstant(n, c) {
			unit := out.Scale() * out.Step(c) / in.Scale() / constantUnits
			s.Bias[c] = int32(math.Round(min(max(float64(s.Bias[c])*scale/unit, math.MinInt16), math.MaxInt16)))
			scale = unit
			n.In[1].Format.Scales[c] = scale
		}
		sc := scaleFor(scale*in.Scale()/(out.Scale()*out.Step(c)), r.s.o.Pow2)
		s.Mul[c], s.Shift[c] = sc.Mul, sc.Shift
	}
	if r.s.o.Pow2 {
		s.Mul = nil
	}
	halve(n)
}

// scaleFor returns the requantizer of factor r; a power of two has no multiplier.
func scaleFor(r float64, pow2 bool) ir.Scale {
	if !pow2 {
		return ir.ScaleFor(r)
	}
	return ir.Scale{Shift: int8(min(max(-math.Round(elementary.Log2(r)), -31), 31))}
}

// sums returns a function that computes the integer sums of image i, before
// bias and for inputs less their zero point.
func (r *intRun) sums(n *ir.Node) func(i int) ([]float32, error) {
	w := n.In[1]
	bare := *n // the sums alone, of integers
	bare.Attrs.Clamp = nil
	bare.In = []*ir.Value{n.In[0], w, nil}
	wt := &ir.Tensor{Elem: ir.Float32, Shape: w.Shape, Real: make([]float32, w.Const.Len())}
	for i, q := range w.Const.Int {
		wt.Real[i] = float32(q)
	}
	x := ir.NewTensor(ir.Float32, n.In[0].Shape)
	src := r.values[n.In[0]]
	return func(i int) ([]float32, error) {
		units(x.Real, src[i], n.In[0].Format.Zero)
		y, err := eval.Node(&bare, []*ir.Tensor{x, wt, nil})
		if err != nil {
			return nil, err
		}
		return y[0].Real, nil
	}
}

// reals returns what n computes before it is rounded to its output's levels.
func (r *intRun) reals(n *ir.Node) (realOf, error) {
	sums, in, s := r.sums(n), n.In[0].Format, n.Sum
	pixels := n.Out[0].Shape[2] * n.Out[0].Shape[3]
	lo, hi := float32(math.Inf(-1)), float32(math.Inf(1))
	if c := n.Attrs.Clamp; c != nil {
		lo, hi = c[0], c[1]
	}
	return func(i int) ([]float32, error) {
		y, err := sums(i)
		if err != nil {
			return nil, err
		}
		for j, v := range y {
			c := j / pixels
			t := float64(int64(v) + int64(s.Bias[c]) + in.Zero*s.Channels[c].Sum)
			y[j] = min(max(float32(t*in.Scale()*n.In[1].Format.Scales[c]), lo), hi)
		}
		return y, nil
	}, nil
}

// run computes the stored integers of n's output.
func (r *intRun) run(n *ir.Node) error {
	in, out, s := n.In[0].Format, n.Out[0].Format, n.Sum
	dst := make([][]int8, r.images())
	r.values[n.Out[0]] = dst
	pixels := n.Out[0].Shape[2] * n.Out[0].Shape[3]
	return r.s.parallel("", r.images(), func() (func(int) error, error) {
		sums := r.sums(n)
		return func(i int) error {
			y, err := sums(i)
			if err != nil {
				return err
			}
			q := make([]int8, len(y))
			for j, v := range y {
				c := j / pixels
				// Bias takes the zero point off; it is off in v already.
				q[j] = int8(out.Channel(c).Clamp(out.Zero + int64(s.Level(c, int32(v)+int32(in.Zero*s.Channels[c].Sum)))))
			}
			dst[i] = q
			return nil
		}, nil
	})
}
