package eval

import (
	"errors"
	"fmt"
	"sync"

	"github.com/snug-nn/snug/ir"
)

// scratch is memory that operators reuse between images.
type scratch struct{ cols []float32 }

func (s *scratch) floats(n int) []float32 {
	if cap(s.cols) < n {
		s.cols = make([]float32, n)
	}
	return s.cols[:n]
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

var errNotReal = errors.New("takes real numbers")

// Node applies n to actual inputs, nil for an absent one, and returns its
// outputs. Shapes follow from these inputs, not from n's values.
func Node(n *ir.Node, in []*ir.Tensor) ([]*ir.Tensor, error) {
	shadow := *n
	shadow.In = make([]*ir.Value, len(in))
	for i, t := range in {
		if t != nil {
			shadow.In[i] = &ir.Value{Name: fmt.Sprintf("input %d", i), Elem: t.Elem, Shape: t.Shape, Const: t}
		}
	}
	shapes, err := ir.OutShapes(&shadow)
	if err != nil {
		return nil, err
	}
	elem := elemOf(&shadow, in)
	out := make([]*ir.Tensor, len(shapes))
	for i, s := range shapes {
		out[i] = ir.NewTensor(elem, s)
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	return out, apply(&shadow, in, out, s)
}

// apply computes the outputs and limits the first by a fused activation.
func apply(n *ir.Node, in, out []*ir.Tensor, s *scratch) error {
	f := ops[n.Op]
	if f == nil {
		return fmt.Errorf("operator %s cannot be run", n.Op)
	}
	if err := f(n, in, out, s); err != nil {
		return fmt.Errorf("%s: %w", n.Op, err)
	}
	if c := n.Attrs.Clamp; c != nil {
		limit(out[0].Real, out[0].Real, c[0], c[1])
	}
	return nil
}

// limit clamps x into y; NaN stays.
func limit(y, x []float32, lo, hi float32) {
	for i, v := range x {
		if v < lo {
			v = lo
		}
		if v > hi {
			v = hi
		}
		y[i] = v
	}
}
