package quant

import (
	"fmt"

	"github.com/snug-nn/snug/ir"
)

// prelu is a table when its slope is a number. With a slope for each channel it
// is the sum of two parts: what is above zero, and what is below times the
// slopes, a depthwise convolution of one tap.
func prelu(l *legalizer, n *ir.Node) error {
	x, slope, out := n.In[0], n.In[1], n.Out[0]
	if slope.Const == nil {
		return fmt.Errorf("has a slope that is not constant")
	}
	if slope.Const.Len() == 1 {
		return unary(l, n)
	}
	if !perChannel(slope.Shape, x.Shape) || len(x.Shape) < 2 {
		return fmt.Errorf("has slopes of shape %v, want one, or one for each of %d channels", slope.Shape, channelsOf(x.Shape))
	}
	part := func(name string, op ir.Op, limits ...*ir.Value) *ir.Value {
		y := l.value(n.Name+name, x.Shape...)
		l.uses[y] = 1
		l.emit(&ir.Node{Name: n.Name + name, Op: op, In: append([]*ir.Value{x}, limits...), Out: []*ir.Value{y}})
		return y
	}
	l.uses[x]++ // both parts read it
	above := part(".above", "Relu")
	below := part(".below", "Clip", nil, constant(n.Name+".zero", []int{}, []float32{0}))
	scaled := l.value(n.Name+".scaled", x.Shape...)
	l.uses[scaled] = 1
	err := l.affine(&ir.Node{Name: n.Name + ".slopes", Op: "Mul", Out: []*ir.Value{scaled}}, below, slope.Const.Real, make([]float32, slope.Const.Len()))
	if err != nil {
		return err
	}
	l.emit(&ir.Node{Name: n.Name, Op: "Add", In: []*ir.Value{above, l.resolve(scaled)}, Out: []*ir.Value{out}})
	return nil
}
