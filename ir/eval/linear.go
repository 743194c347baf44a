package eval

import "github.com/snug-nn/snug/ir"

// gemm is alpha*A*B + beta*C. A transposed operand is read in its order.
func gemm(n *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	y := out[0]
	m, c := y.Shape[0], y.Shape[1]
	a := matrix{in[0].Real, in[0].Shape[1], 1}
	b := matrix{in[1].Real, in[1].Shape[1], 1}
	k := in[0].Shape[1]
	if n.Attrs.TransA {
		a, k = a.transposed(), in[0].Shape[0]
	}
	if n.Attrs.TransB {
		b = b.transposed()
	}
	clear(y.Real) // it may hold an earlier image's product
	addProduct(m, c, k, a, b, y.Real, c)
	if n.Attrs.Alpha != 1 {
		for i := range y.Real {
			y.Real[i] *= n.Attrs.Alpha
		}
	}
	if len(in) > 2 && in[2] != nil {
		beta, bias := n.Attrs.Beta, in[2].Real
		walk(y.Shape, in[2].Shape, func(to, from int) { y.Real[to] += float32(beta * bias[from]) })
	}
	return nil
}

// matMul multiplies the last two axes; the ones before them are broadcast, and
// a vector is a row on the left, a column on the right.
func matMul(_ *ir.Node, in, out []*ir.Tensor, _ *scratch) error {
	a, b, y := in[0], in[1], out[0]
	sa, sb := a.Shape, b.Shape
	if len(sa) == 1 {
		sa = []int{1, sa[0]}
	}
	if len(sb) == 1 {
		sb = []int{sb[0], 1}
	}
	m, k, c := sa[len(sa)-2], sa[len(sa)-1], sb[len(sb)-1]
	batchA, batchB := sa[:len(sa)-2], sb[:len(sb)-2]
	batch, err := ir.Broadcast(batchA, batchB)
	if err != nil {
		return err
	}
	eachRun(batch, batchA, batchB, func(to, n, fromA, lenA, fromB, lenB int) {
		for i := range n {
			left, right := fromA+min(i, lenA-1), fromB+min(i, lenB-1)
			Gemm(m, c, k, a.Real[left*m*k:], k, b.Real[right*k*c:], c, y.Real[(to+i)*m*c:], c, false)
		}
	})
	return nil
}
