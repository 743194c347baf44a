package eval

import (
	"fmt"
	"sync"

	"github.com/snug-nn/snug/ir"
)

// scratch is memory that operators reuse between images.
type scratch struct{ v []float32 }

func (s *scratch) floats(n int) []float32 {
	if cap(s.v) < n {
		s.v = make([]float32, n)
	}
	return s.v[:n]
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Node applies n to actual inputs, nil for an absent one, and returns its
// outputs. Shapes follow from these inputs, not from n's values. n is not
// changed, and the outputs share no memory with the inputs.
func Node(n *ir.Node, in []*ir.Tensor) ([]*ir.Tensor, error) {
	bound := *n
	bound.In = make([]*ir.Value, len(in))
	for i, t := range in {
		if t != nil {
			shape := t.Shape
			if shape == nil { // a scalar, which is not a shape that is unknown
				shape = []int{}
			}
			bound.In[i] = &ir.Value{Name: fmt.Sprintf("input %d", i), Elem: t.Elem, Shape: shape, Const: t}
		}
	}
	out, err := outputs(&bound, in)
	if err != nil {
		return nil, err
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if err := apply(&bound, in, out, s); err != nil {
		return nil, err
	}
	return out, nil
}

// maxOutput bounds the elements of one tensor: a file of a few bytes can ask
// for any size.
const maxOutput = 1 << 28

// outputs returns tensors for the outputs of n, and resolves its attributes.
// When it succeeds, apply can run n on these inputs.
func outputs(n *ir.Node, in []*ir.Tensor) ([]*ir.Tensor, error) {
	r := rowOf[n.Op]
	if r == nil {
		return nil, fmt.Errorf("operator %s cannot be run", n.Op)
	}
	shapes, err := ir.OutShapes(n)
	if err != nil {
		return nil, err
	}
	if err := r.check(in); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Op, err)
	}
	if v := n.Attrs.Value; v != nil && !holds(v) {
		return nil, fmt.Errorf("%s: value of type %s and shape %v does not hold its elements", n.Op, v.Elem, v.Shape)
	}
	elem := elemOf(n, in)
	if n.Attrs.Clamp != nil && !elem.IsReal() {
		return nil, fmt.Errorf("%s: limits a result of type %s by reals", n.Op, elem)
	}
	out := make([]*ir.Tensor, len(shapes))
	for i, s := range shapes {
		if ir.NumElements(s) > maxOutput {
			return nil, fmt.Errorf("%s: output %d of shape %v takes too much memory", n.Op, i, s)
		}
		out[i] = ir.NewTensor(elem, s)
	}
	return out, nil
}

// apply computes the outputs and limits them by a fused activation.
func apply(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	if err := rowOf[n.Op].f(n, in, out, s); err != nil {
		return fmt.Errorf("%s: %w", n.Op, err)
	}
	if c := n.Attrs.Clamp; c != nil && len(out) > 0 {
		for _, y := range out {
			limit(y.Real, y.Real, c[0], c[1])
		}
	}
	return nil
}

// limit clamps x into y; NaN stays. The comparisons are min and max, which are
// not branches: the sign of an activation cannot be predicted.
func limit(y, x []float32, lo, hi float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] = min(max(v, lo), hi)
	}
}
