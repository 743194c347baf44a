package eval

import (
	"errors"

	"github.com/snug-nn/snug/ir"
)

// gemm is alpha*A*B + beta*C; a transposed operand is copied first.
func gemm(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	a, b, y := in[0], in[1], out[0]
	if a.Real == nil || b.Real == nil {
		return errNotReal
	}
	m, c := y.Shape[0], y.Shape[1]
	k := a.Len() / max(m, 1)
	left, right := a.Real, b.Real
	if n.Attrs.TransA {
		left = transposed(left, k, m)
	}
	if n.Attrs.TransB {
		right = transposed(right, c, k)
	}
	Gemm(m, c, k, left, k, right, c, y.Real, c, false)
	if n.Attrs.Alpha != 1 {
		for i := range y.Real {
			y.Real[i] *= n.Attrs.Alpha
		}
	}
	if len(in) > 2 && in[2] != nil {
		if in[2].Real == nil {
			return errNotReal
		}
		beta := n.Attrs.Beta
		walk(y.Shape, in[2].Shape, func(to, from int) { y.Real[to] += float32(beta * in[2].Real[from]) })
	}
	return nil
}

// transposed returns the rows x cols matrix a with its axes exchanged.
func transposed(a []float32, rows, cols int) []float32 {
	t := make([]float32, len(a))
	for i := range rows {
		for j := range cols {
			t[j*rows+i] = a[i*cols+j]
		}
	}
	return t
}

func matMul(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	a, b, y := in[0], in[1], out[0]
	if a.Real == nil || b.Real == nil {
		return errNotReal
	}
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		return errors.New("an operand is a scalar")
	}
	sa, sb := a.Shape, b.Shape
	if len(sa) == 1 {
		sa = []int{1, sa[0]}
	}
	if len(sb) == 1 {
		sb = []int{sb[0], 1}
	}
	m, k, c := sa[len(sa)-2], sa[len(sa)-1], sb[len(sb)-1]
	batch, err := ir.Broadcast(sa[:len(sa)-2], sb[:len(sb)-2])
	if err != nil {
		return err
	}
	from := make([]int, ir.NumElements(batch))
	walk(batch, sa[:len(sa)-2], func(to, f int) { from[to] = f })
	walk(batch, sb[:len(sb)-2], func(to, f int) {
		Gemm(m, c, k, a.Real[from[to]*m*k:], k, b.Real[f*k*c:], c, y.Real[to*m*c:], c, false)
	})
	return nil
}
