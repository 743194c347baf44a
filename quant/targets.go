package quant

import (
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
	"github.com/snug-nn/snug/ir/eval"
)

// A target is the real network's sums of one convolution at sampled outputs:
// what its integers are chosen to give again.
type target struct {
	at   *patches
	y    []float32 // one row a channel, one column a sample; no bias
	mean []float64 // that centre took off each row
	// beside is what the sum is added to and nothing between, nil when there is
	// no such tensor; other are its reals, in the order of y, and once the target is
	// compensated for them, those that its integers stand for.
	beside *ir.Value
	other  []float32
	low    float32 // what a clamp behind sum, bias and other holds from below
}

func newTarget(p *patches) *target {
	return &target{at: p, y: make([]float32, p.node.In[1].Shape[0]*p.n), low: float32(math.Inf(-1))}
}

// add computes the sums at image i, whose input is x. Calls for different images
// may run at once.
func (t *target) add(x []float32, i int) {
	p := t.at
	n, cols := p.perImage, make([]float32, p.rows*p.perImage)
	p.gather(cols, n, 0, x, i)
	w, groups := p.node.In[1].Const.Real, p.node.Attrs.Group
	mg, kg := p.node.In[1].Shape[0]/groups, p.rows/groups
	for g := range groups {
		eval.Gemm(mg, n, kg, w[g*mg*kg:], kg, cols[g*kg*n:], n, t.y[g*mg*p.n+i*n:], p.n, false)
	}
}

// besides finds the tensor that the output of each convolution is added to,
// where the sum has no other reader.
func besides(g *ir.Graph) map[*ir.Node]*ir.Value {
	users := g.Consumers()
	found := map[*ir.Node]*ir.Value{}
	for _, n := range g.Nodes {
		out := n.Out[0]
		if n.Op != "Conv" || n.Attrs.Clamp != nil || len(users[out]) != 1 || slices.Contains(g.Out, out) {
			continue
		}
		add := users[out][0]
		if add.Op != "Add" {
			continue
		}
		v := add.In[0]
		if v == out {
			v = add.In[1]
		}
		if v.Const == nil && slices.Equal(v.Shape, out.Shape) {
			found[n] = v
		}
	}
	return found
}

// eachSample calls f for every row of y and sample of image i: the element's
// place in y, and in the output of the convolution.
func (t *target) eachSample(i int, f func(at, element int)) {
	p := t.at
	out := p.node.Out[0].Shape
	for c := range len(t.y) / p.n {
		for k, pos := range p.positions[i*p.perImage : (i+1)*p.perImage] {
			f(c*p.n+i*p.perImage+k, c*out[2]*out[3]+pos)
		}
	}
}

// addBeside notes the reals of what the sums of image i are added to.
func (t *target) addBeside(x []float32, i int) {
	t.eachSample(i, func(at, element int) { t.other[at] = x[element] })
}

// compensate moves the target by the error of the integers that the sums are
// added to: a sum takes back what it can of the other branch's error.
func (t *target) compensate(values map[*ir.Value][][]int8) {
	images := values[t.beside]
	if t.beside == nil || images == nil {
		return
	}
	f := t.beside.Format
	for i, q := range images {
		t.eachSample(i, func(at, element int) {
			real := float32(f.Real(int64(q[element])))
			t.y[at] += t.other[at] - real
			t.other[at] = real
		})
	}
	mean := t.mean
	t.centre()
	for c := range mean {
		t.mean[c] += mean[c]
	}
	t.beside = nil
}

// clamp notes the clamp that follows, of the sum or of what it is added to.
func (t *target) clamp(users []*ir.Node) {
	c := t.at.node.Attrs.Clamp
	if t.beside != nil {
		c = users[0].Attrs.Clamp
	}
	if c != nil {
		t.low = c[0]
	}
}

// edge returns in the place of each element of y the least target that the clamp behind
// it lets through; nil when there is none.
func (t *target) edge() []float32 {
	if math.IsInf(float64(t.low), -1) {
		return nil
	}
	edge, bias := make([]float32, len(t.y)), t.at.node.In[2].Const.Real
	for i := range edge {
		c := i / t.at.n
		edge[i] = t.low - bias[c] - float32(t.mean[c])
		if t.other != nil {
			edge[i] -= t.other[i]
		}
	}
	return edge
}

// centre takes the mean off every row.
func (t *target) centre() {
	n := t.at.n
	t.mean = make([]float64, len(t.y)/n)
	for c := range t.mean {
		row, sum := t.y[c*n:(c+1)*n], 0.0
		for _, v := range row {
			sum += float64(v)
		}
		t.mean[c] = sum / float64(n)
		for j := range row {
			row[j] -= float32(t.mean[c])
		}
	}
}

// thin returns a target of about most samples of t, the same share of each
// image.
func (t *target) thin(most int) *target {
	p := t.at
	step := max(p.n/most, 1)
	if step == 1 {
		return t
	}
	thin := &patches{node: p.node, rows: p.rows, perImage: (p.perImage + step - 1) / step}
	var columns []int
	for i, pos := range p.positions {
		if i%p.perImage%step == 0 {
			thin.positions = append(thin.positions, pos)
			columns = append(columns, i)
		}
	}
	thin.n = len(columns)
	u := newTarget(thin)
	u.low = t.low
	if t.other != nil {
		u.other = make([]float32, len(u.y))
	}
	for c := range t.mean {
		for j, at := range columns {
			u.y[c*thin.n+j] = t.y[c*p.n+at]
			if t.other != nil {
				u.other[c*thin.n+j] = t.other[c*p.n+at]
			}
		}
	}
	u.centre()
	for c := range u.mean {
		u.mean[c] += t.mean[c]
	}
	return u
}
