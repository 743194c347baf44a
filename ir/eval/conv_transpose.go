package eval

import "github.com/snug-nn/snug/ir"

// convTranspose adds every input, times the weights, to the outputs that a convolution
// with the same window would have read there: it is that one's adjoint.
func convTranspose(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	x, w, y := in[0], in[1], out[0]
	g, err := windowOf(&n.Attrs, y.Shape, x.Shape)
	if err != nil {
		return err
	}
	groups, c, m := n.Attrs.Group, x.Shape[1], y.Shape[1]
	cg, mg := c/groups, m/groups
	from, to, taps := g.outSize(), g.inSize(), g.k[0]*g.k[1]*g.k[2]
	for b := range g.batch {
		for o := range m {
			fill(y.Real[(b*m+o)*to:][:to], in, o)
		}
		for i := range c {
			for o := range mg {
				g.scatter(y.Real[(b*m+i/cg*mg+o)*to:][:to], x.Real[(b*c+i)*from:][:from], w.Real[(i*mg+o)*taps:][:taps])
			}
		}
	}
	return nil
}

// scatter adds one channel of x, times the weights, to one of y.
func (w *window) scatter(y, x, weights []float32) {
	var at, tap [3]int
	for _, v := range x {
		for k, weight := range weights {
			tap[2], tap[1], tap[0] = k%w.k[2], k/w.k[2]%w.k[1], k/w.k[2]/w.k[1]
			to, inside := 0, true
			for i := range at {
				p := at[i]*w.s[i] - w.p[i] + tap[i]*w.d[i]
				inside = inside && p >= 0 && p < w.in[i]
				to = to*w.in[i] + p
			}
			if inside {
				y[to] += float32(v * weight)
			}
		}
		for i := 2; i >= 0; i-- {
			if at[i]++; at[i] < w.out[i] {
				break
			}
			at[i] = 0
		}
	}
}
