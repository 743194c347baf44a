package quant

import (
	"github.com/snug-nn/snug/ir/eval"
)

// A target is the real network's sums of one convolution at sampled outputs:
// what its integers are chosen to give again.
type target struct {
	at   *patches
	y    []float32 // one row a channel, one column a sample; no bias
	mean []float64 // that centre took off each row
}

func newTarget(p *patches) *target {
	return &target{at: p, y: make([]float32, p.node.In[1].Shape[0]*p.n)}
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
	for c := range t.mean {
		for j, at := range columns {
			u.y[c*thin.n+j] = t.y[c*p.n+at]
		}
	}
	u.centre()
	return u
}
