package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

func averagePool(l *legalizer, n *ir.Node) error { return l.pool(n) }
func maxPool(l *legalizer, n *ir.Node) error     { return l.pool(n) }

// pool makes every pool two-dimensional.
func (l *legalizer) pool(n *ir.Node) error {
	switch len(n.In[0].Shape) {
	case 4:
		l.emit(n)
		return nil
	case 3:
		l.lift(n, l.emit)
		return nil
	}
	return fmt.Errorf("has %d spatial dimensions, want 1 or 2", len(n.In[0].Shape)-2)
}

// globalPool is a pool whose window is the image.
func globalPool(l *legalizer, n *ir.Node) error {
	op := ir.Op("AveragePool")
	if n.Op == "GlobalMaxPool" {
		op = "MaxPool"
	}
	x := n.In[0]
	switch len(x.Shape) {
	case 4:
		l.wholePool(n.Name, op, x, n.Out[0], x.Shape[2:])
	case 3:
		y := l.value(n.Out[0].Name, 1, x.Shape[1], 1, 1)
		l.uses[y] = 1
		l.wholePool(n.Name, op, l.reshaped(x, []int{1, x.Shape[1], 1, x.Shape[2]}), y, []int{1, x.Shape[2]})
		l.reshapeTo(n.Name, y, n.Out[0])
	default:
		return fmt.Errorf("has %d spatial dimensions, want 1 or 2", len(x.Shape)-2)
	}
	return nil
}

// wholePool emits a pool whose window spans image x along one or both axes.
func (l *legalizer) wholePool(name string, op ir.Op, x, y *ir.Value, window []int) {
	l.emit(&ir.Node{Name: name, Op: op, In: []*ir.Value{x}, Out: []*ir.Value{y}, Attrs: ir.Attrs{
		Kernel: window, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}}})
}

// reduceMean is a pool when it is over spatial axes of an image, or all of them
// when its channels are last.
func reduceMean(l *legalizer, n *ir.Node) error {
	x := n.In[0]
	rank := len(x.Shape)
	var axes []int
	if len(n.In) > 1 && n.In[1] != nil {
		if n.In[1].Const == nil {
			return errors.New("has axes that are not constant")
		}
		for _, a := range n.In[1].Const.Int {
			axes = append(axes, (int(a)+rank)%rank)
		}
	}
	slices.Sort(axes)
	image, down, across := x, true, true
	switch {
	case rank == 4 && slices.Equal(axes, []int{2, 3}):
	case rank == 4 && slices.Equal(axes, []int{2}):
		across = false
	case rank == 4 && slices.Equal(axes, []int{3}):
		down = false
	case rank == 4 && slices.Equal(axes, []int{1, 2}):
		image = l.transposed(x, []int{0, 3, 1, 2})
	case rank == 3 && slices.Equal(axes, []int{2}):
		image = l.reshaped(x, []int{1, x.Shape[1], 1, x.Shape[2]})
	case rank == 3 && slices.Equal(axes, []int{1}):
		image = l.transposed(l.reshaped(x, []int{1, 1, x.Shape[1], x.Shape[2]}), []int{0, 3, 1, 2})
	default:
		return fmt.Errorf("over axes %v of %d dimensions: want the spatial axes of an image", axes, rank)
	}
	window, left := []int{image.Shape[2], image.Shape[3]}, []int{1, 1}
	if !down {
		window[0], left[0] = 1, image.Shape[2]
	}
	if !across {
		window[1], left[1] = 1, image.Shape[3]
	}
	y := l.value(n.Out[0].Name, 1, image.Shape[1], left[0], left[1])
	l.uses[y] = 1
	l.wholePool(n.Name, "AveragePool", image, y, window)
	l.reshapeTo(n.Name, y, n.Out[0])
	return nil
}
