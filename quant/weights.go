package quant

import (
	"fmt"
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// weights turns weights into integers, node by node in graph order, and runs
// the integers over the calibration set as it goes: the bias of a layer takes
// off the mean error that its own rounding and that of all layers before it
// leave.
func weights(s *state) error {
	r := &intRun{s: s, values: map[*ir.Value][][]int8{}, last: map[*ir.Value]*ir.Node{}}
	for _, n := range s.g.Nodes {
		for _, v := range n.In {
			r.last[v] = n
		}
	}
	if err := r.input(); err != nil {
		return err
	}
	for i, n := range s.g.Nodes {
		s.progress("weights", i+1, len(s.g.Nodes))
		var err error
		switch {
		case n.Op == "Conv":
			err = r.conv(n)
		default:
			if isUnary(n) {
				err = table(n)
			}
			if err == nil {
				err = r.other(n)
			}
		}
		if err != nil {
			return &ir.Error{Pass: "weights", Place: n.Name, Err: err}
		}
		for _, v := range n.In {
			if r.last[v] == n {
				delete(r.values, v)
			}
		}
	}
	return nil
}

// intRun holds the integers of the values that later nodes still read, for
// every calibration image.
type intRun struct {
	s      *state
	values map[*ir.Value][][]int8
	last   map[*ir.Value]*ir.Node
}

func (r *intRun) images() int { return r.s.o.Calib.Len() }

// input quantizes the calibration set.
func (r *intRun) input() error {
	in := r.s.g.In[0]
	out := make([][]int8, r.images())
	r.values[in] = out
	return r.s.parallel("", r.images(), func() (func(int) error, error) {
		x := make([]float32, ir.NumElements(in.Shape))
		return func(i int) error {
			if err := r.s.o.Calib.Sample(i, x); err != nil {
				return err
			}
			out[i] = Quantize(x, in.Format)
			return nil
		}, nil
	})
}

// Quantize rounds reals to the stored integers of format f.
func Quantize(x []float32, f *ir.Format) []int8 {
	q := make([]int8, len(x))
	inv := 1 / f.Scale()
	for i, v := range x {
		q[i] = int8(f.Levels.Clamp(int64(math.RoundToEven(float64(v)*inv)) + f.Zero))
	}
	return q
}

// units returns stored integers less the zero point, as reals.
func units(dst []float32, q []int8, zero int64) {
	for i, v := range q {
		dst[i] = float32(int64(v) - zero)
	}
}

// conv decides the integers of one convolution and runs it.
func (r *intRun) conv(n *ir.Node) error {
	in, out := n.In[0].Format, n.Out[0].Format
	given := n.In[1].Const.Int != nil && n.In[1].Format != nil // a quantized network's own integers
	if err := r.s.roundWeights(n, in, out); err != nil {
		return err
	}
	w := n.In[1]
	real := make([]float32, w.Const.Len())
	for i, q := range w.Const.Int {
		real[i] = float32(q)
	}
	r.bias(n, real, !given)
	s := n.Sum
	for c, scale := range w.Format.Scales {
		sc := scaleFor(scale*in.Scale()/out.Scale(), r.s.o.Pow2)
		s.Mul[c], s.Shift[c] = sc.Mul, sc.Shift
	}
	src := r.values[n.In[0]]
	dst := make([][]int8, r.images())
	r.values[n.Out[0]] = dst
	bare := *n // the sums alone, of integers
	bare.Attrs.Clamp = nil
	bare.In = []*ir.Value{n.In[0], w, nil}
	wt := &ir.Tensor{Elem: ir.Float32, Shape: w.Shape, Real: real}
	pixels := n.Out[0].Shape[2] * n.Out[0].Shape[3]
	err := r.s.parallel("", r.images(), func() (func(int) error, error) {
		x := ir.NewTensor(ir.Float32, n.In[0].Shape)
		return func(i int) error {
			units(x.Real, src[i], in.Zero)
			y, err := eval.Node(&bare, []*ir.Tensor{x, wt, nil})
			if err != nil {
				return err
			}
			q := make([]int8, len(y[0].Real))
			for j, v := range y[0].Real {
				c := j / pixels
				// Bias takes the zero point off; it is off in v already.
				t := int32(v) + s.Bias[c] + int32(in.Zero*s.Channels[c].Sum)
				q[j] = int8(out.Levels.Clamp(out.Zero + int64(ir.Requantize(t, s.Mul[c], s.Shift[c]))))
			}
			dst[i] = q
			return nil
		}, nil
	})
	if r.s.o.Pow2 {
		s.Mul = nil
	}
	return err
}

// roundWeights gives n.In[1] its integers and n its scales. Integers that the
// network came with are kept.
func (s *state) roundWeights(n *ir.Node, in, out *ir.Format) error {
	w, bias := n.In[1], n.In[2].Const.Real
	m := w.Shape[0]
	k := w.Const.Len() / m
	n.Sum = &ir.Sum{Acc: s.o.Accum, Rung: s.o.Rung, Spare: s.spare(n), K: k, Channels: make([]ir.Channel, m),
		Bias: make([]int32, m), Mul: make([]int32, m), Shift: make([]int8, m)}
	if w.Const.Int == nil || w.Format == nil {
		f := &ir.Format{Levels: ir.Bound{Lo: -maxWeight, Hi: maxWeight}, Scales: make([]float64, m)}
		w.Const.Int = make([]int64, w.Const.Len())
		g := budgetFor(s.o.Rung, s.o.Accum, n.Sum.Spare, in.Levels, k)
		if g.l1 < 1 || g.cap < 1 {
			return fmt.Errorf("levels %s leave no bit of %s for weights (rung %s, K = %d, %d bits spared): use a wider accumulator or another rung", in.Levels, s.o.Accum, s.o.Rung, k, n.Sum.Spare)
		}
		q := make([]int8, k)
		for c := range m {
			row := w.Const.Real[c*k : (c+1)*k]
			floor := math.Abs(float64(bias[c])) / in.Scale() / maxBias
			f.Scales[c] = s.channelScale(q, row, g, floor, in.Scale()/out.Scale())
			for i, v := range q {
				w.Const.Int[c*k+i] = int64(v)
			}
		}
		w.Format = f
	} else {
		w.Format.Scales = scalesOf(w)
		n.Sum.Spare = min(n.Sum.Spare, left(w.Const.Int, m, in.Levels, s.o.Accum))
	}
	for c := range m {
		for _, v := range w.Const.Int[c*k : (c+1)*k] {
			n.Sum.Channels[c].Sum += v
		}
	}
	return nil
}

// left returns how many bits of the accumulator the windows of all m rows of
// given integers leave free, which is all that such a network can spare.
func left(w []int64, m int, levels ir.Bound, acc ir.Accum) int {
	levels = straddle(levels)
	bits, k := 0, len(w)/m
	for c := range m {
		var window ir.Bound
		for _, q := range w[c*k : (c+1)*k] {
			window = window.Plus(levels.Product(q))
		}
		bits = max(bits, window.BitsFor())
	}
	return max(acc.Total()-bits, 0)
}

// maxBias bounds a bias in units of the sum, so that 32 bits hold sum and bias.
const maxBias = 1 << 28

// channelScale rounds one row. With power-of-two requantizers the scale is
// moved up to the next one that makes scale * ratio a power of two, and the row
// rounded again.
func (s *state) channelScale(q []int8, row []float32, g budget, floor, ratio float64) float64 {
	scale := quantizeRow(q, row, g, floor)
	if !s.o.Pow2 {
		return scale
	}
	for exact := math.Exp2(math.Ceil(math.Log2(scale*ratio)-1e-9)) / ratio; ; exact *= 2 {
		if fitsBudget(row, exact, g) || exact > scale*16 {
			for i, v := range row {
				q[i] = int8(roundEven(min(max(v/float32(exact), -float32(g.cap)), float32(g.cap))))
			}
			return exact
		}
	}
}

// scaleFor returns the requantizer of factor r; a power of two has no multiplier.
func scaleFor(r float64, pow2 bool) ir.Scale {
	if !pow2 {
		return ir.ScaleFor(r)
	}
	return ir.Scale{Shift: int8(min(max(-math.Round(math.Log2(r)), -31), 31))}
}

// maxGain bounds what a channel's scale is corrected by: more than that is
// noise of too few samples.
const maxGain = 1.25

// gain is the factor on a channel's scale that brings its integer sums nearest
// to the real ones, in the sense of least squares about the means. Rounding of
// weights and levels shrinks sums, and this takes it back at no cost: the
// factor is part of the requantizer.
func gain(real, integer []float32, unit float64) float64 {
	var sr, si, sri, sii float64
	for j, v := range integer {
		x := float64(v) * unit
		sr += float64(real[j])
		si += x
		sri += float64(real[j]) * x
		sii += x * x
	}
	k := float64(len(real))
	cov, power := sri-sr*si/k, sii-si*si/k
	if power <= 0 || cov <= 0 {
		return 1
	}
	return min(max(cov/power, 1/maxGain), maxGain)
}

// bias rounds the bias to units of the sum, corrected by the mean of the error
// of the integer sums at the sampled pixels, and notes the signal to noise
// ratio that is left. The integers of a quantized network mean what they mean:
// nothing of theirs is corrected.
func (r *intRun) bias(n *ir.Node, w []float32, correct bool) {
	p := r.s.stats.sums[n]
	m := n.In[1].Shape[0]
	realY, intY := make([]float32, m*p.n), make([]float32, m*p.n)
	sumPatches(realY, p, n.In[1].Const.Real, n.Attrs.Group, p.x)
	x := make([]float32, len(p.x))
	image := make([]float32, ir.NumElements(n.In[0].Shape))
	for i, q := range r.values[n.In[0]] {
		units(image, q, n.In[0].Format.Zero)
		p.gather(x, image, i)
	}
	sumPatches(intY, p, w, n.Attrs.Group, x)
	in := n.In[0].Format
	b := n.In[2].Const.Real
	signal, noise := 0.0, 0.0
	for c := range m {
		ry, iy := realY[c*p.n:(c+1)*p.n], intY[c*p.n:(c+1)*p.n]
		if correct && !r.s.o.Pow2 {
			n.In[1].Format.Scales[c] *= gain(ry, iy, in.Scale()*n.In[1].Format.Scales[c])
		}
		unit := in.Scale() * n.In[1].Format.Scales[c]
		mean := 0.0
		for j := range ry {
			mean += float64(ry[j]) - float64(iy[j])*unit
		}
		mean /= float64(p.n)
		shift := mean
		if !correct {
			shift = 0
		}
		q := math.Round((float64(b[c]) + shift) / unit)
		q = min(max(q, -maxBias), maxBias)
		left := mean - (q*unit - float64(b[c]))
		for j := range ry {
			d := float64(ry[j]) - float64(iy[j])*unit - mean + left
			noise += d * d
		}
		signal += variance(ry) * float64(p.n)
		n.Sum.Bias[c] = int32(q) - int32(in.Zero*n.Sum.Channels[c].Sum)
	}
	n.Sum.SNR = 10 * math.Log10(max(signal, 1e-30)/max(noise, 1e-30))
	p.x = nil // the largest thing that is kept of a layer
}

// table computes what an operator of one variable does to each stored integer.
func table(n *ir.Node) error {
	in, out := formatIn(n), n.Out[0].Format
	x := ir.NewTensor(ir.Float32, []int{256})
	for i := range x.Real {
		x.Real[i] = float32(in.Real(in.Levels.Clamp(int64(int8(i)))))
	}
	args := make([]*ir.Tensor, len(n.In))
	for i, v := range n.In {
		switch {
		case v == nil:
		case v.Const != nil:
			args[i] = &ir.Tensor{Elem: v.Const.Elem, Shape: nil, Real: v.Const.Real, Int: v.Const.Int}
		default:
			args[i] = x
		}
	}
	y, err := eval.Node(n, args)
	if err != nil {
		return err
	}
	n.Table = Quantize(y[0].Real, out)
	return nil
}

// formatIn returns the format of the variable input.
func formatIn(n *ir.Node) *ir.Format {
	for _, v := range n.In {
		if v != nil && v.Const == nil {
			return v.Format
		}
	}
	return nil
}

// other runs a node that sums no products: on the reals that its inputs'
// integers stand for, rounded to its output's format.
func (r *intRun) other(n *ir.Node) error {
	out := n.Out[0]
	dst := make([][]int8, r.images())
	r.values[out] = dst
	return r.s.parallel("", r.images(), func() (func(int) error, error) {
		args := make([]*ir.Tensor, len(n.In))
		for j, v := range n.In {
			if v != nil && v.Const != nil {
				args[j] = v.Const
			} else if v != nil {
				args[j] = ir.NewTensor(ir.Float32, v.Shape)
			}
		}
		return func(i int) error {
			for j, v := range n.In {
				if v == nil || v.Const != nil {
					continue
				}
				for k, q := range r.values[v][i] {
					args[j].Real[k] = float32(v.Format.Real(int64(q)))
				}
			}
			y, err := eval.Node(n, args)
			if err != nil {
				return err
			}
			dst[i] = Quantize(y[0].Real, out.Format)
			return nil
		}, nil
	})
}
