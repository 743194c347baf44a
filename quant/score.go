package quant

import (
	"math"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// scratch holds what scoring a class's formats needs again and again.
type scratch struct {
	s     *state
	convs []*ir.Node  // that read the class, large ones with a part of their channels
	sums  []*patches  // of each
	real  [][]float32 // per convolution, its real sums at the sampled pixels
	power []float64   // their variance, summed over channels
	x, y  []float32
	q     []int8
	w     []float32
}

func (s *state) newScratch(c *class) *scratch {
	t := &scratch{s: s}
	for _, n := range c.convs {
		p := s.stats.sums[n]
		n = thin(n)
		t.convs, t.sums = append(t.convs, n), append(t.sums, p)
		m := n.In[1].Shape[0]
		y := make([]float32, m*p.n)
		sumPatches(y, p, n.In[1].Const.Real, n.Attrs.Group, p.x)
		t.real = append(t.real, y)
		power := 0.0
		for ch := range m {
			power += variance(y[ch*p.n : (ch+1)*p.n])
		}
		t.power = append(t.power, max(power, 1e-12))
	}
	return t
}

// judged is how many weights of a layer a format is judged by, about: more take
// minutes and tell nothing new.
const judged = 1 << 20

// thin returns a node of some of n's channels, evenly spaced, when it has many times
// more weights than it is judged by.
func thin(n *ir.Node) *ir.Node {
	w := n.In[1]
	step := w.Const.Len() / judged
	if step < 4 || n.Attrs.Group > 1 || w.Const.Int != nil {
		return n
	}
	k := w.Const.Len() / w.Shape[0]
	t := &ir.Tensor{Elem: w.Const.Elem, Shape: append([]int{0}, w.Shape[1:]...)}
	for c := 0; c < w.Shape[0]; c += step {
		t.Real = append(t.Real, w.Const.Real[c*k:(c+1)*k]...)
		t.Shape[0]++
	}
	v := *w
	v.Shape, v.Const = t.Shape, t
	c := *n
	c.In = append([]*ir.Value{n.In[0], &v}, n.In[2:]...)
	return &c
}

func variance(y []float32) float64 {
	var sum, sq float64
	for _, v := range y {
		sum += float64(v)
		sq += float64(float64(v) * float64(v))
	}
	n := float64(len(y))
	return max(sq/n-sum*sum/n/n, 0)
}

// unexplained is the variance that is left of y when the multiple of q that fits
// it best is taken off.
func unexplained(q, y []float32) float64 {
	var own, cov, meanQ, meanY float64
	for i, v := range q {
		meanQ += float64(v)
		meanY += float64(y[i])
	}
	n := float64(len(q))
	meanQ, meanY = meanQ/n, meanY/n
	power := 0.0
	for i, v := range q {
		d, t := float64(v)-meanQ, float64(y[i])-meanY
		own += float64(d * d)
		cov += float64(d * t)
		power += float64(t * t)
	}
	if cov > 0 {
		power -= cov * cov / own
	}
	return max(power, 0) / n
}

// sumPatches computes the sums of all channels at all samples: y[m][n] =
// w[m][k] * x[k][n] within each group.
func sumPatches(y []float32, p *patches, w []float32, groups int, x []float32) {
	m := len(y) / p.n
	mg, kg := m/groups, p.rows/groups
	for g := range groups {
		eval.Gemm(mg, p.n, kg, w[g*mg*kg:], kg, x[g*kg*p.n:], p.n, y[g*mg*p.n:], p.n, false)
	}
}

// score is the error of a format: at each convolution that reads it, the power
// of the sums' error, less its mean, which the bias takes off, over the
// power of the sums.
func (t *scratch) score(f *ir.Format) float64 {
	total := 0.0
	for i, n := range t.convs {
		p := t.sums[i]
		if !t.quantizeWeights(n, f) {
			return math.Inf(1)
		}
		t.x = sized(t.x, len(p.x))
		quantize32(t.x, p.x, f)
		m := n.In[1].Shape[0]
		t.y = sized(t.y, m*p.n)
		sumPatches(t.y, p, t.w, n.Attrs.Group, t.x)
		e := 0.0
		for ch := range m {
			e += unexplained(t.y[ch*p.n:(ch+1)*p.n], t.real[i][ch*p.n:(ch+1)*p.n])
		}
		total += e / t.power[i]
	}
	return total
}

// quantizeWeights fills t.w with the integers that n gets for levels f; false
// when the budget leaves nothing.
func (t *scratch) quantizeWeights(n *ir.Node, f *ir.Format) bool {
	w := n.In[1]
	t.w = sized(t.w, w.Const.Len())
	if w.Const.Int != nil && w.Format != nil {
		for i, v := range w.Const.Int {
			t.w[i] = float32(v)
		}
		return true
	}
	m := w.Shape[0]
	k := w.Const.Len() / m
	g := t.s.budget(n, 0, f)
	if !g.leaves() {
		return false
	}
	if cap(t.q) < k {
		t.q = make([]int8, k)
	}
	for c := range m {
		q := t.q[:k]
		quantizeRow(q, w.Const.Real[c*k:(c+1)*k], g, 0)
		for i, v := range q {
			t.w[c*k+i] = float32(v)
		}
	}
	return true
}

// scalesOf returns one scale a channel of weights that have their format.
func scalesOf(w *ir.Value) []float64 {
	scales := make([]float64, w.Shape[0])
	for c := range scales {
		scales[c] = w.Format.Scales[c%len(w.Format.Scales)]
	}
	return scales
}

func sized(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n)
	}
	return v[:n]
}
