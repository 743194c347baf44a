package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// resize keeps one that repeats the elements of an image's rows and columns; one that
// leaves out is a Slice.
func resize(l *legalizer, n *ir.Node) error {
	x, y := n.In[0], n.Out[0]
	for _, v := range n.In[1:] {
		if v != nil && v.Const == nil {
			return errors.New("has sizes that are not constant")
		}
	}
	places, err := ir.ResizePlaces(n)
	if err != nil {
		return err
	}
	rank := len(places)
	times, start, step := make([]int, rank), make([]int, rank), make([]int, rank)
	for i, at := range places {
		var ok bool
		if times[i], start[i], step[i], ok = regular(at); !ok {
			return fmt.Errorf("from %v to %v does not repeat elements, or leave them out, evenly along axis %d", x.Shape, y.Shape, i)
		}
	}
	all := slices.Equal(start, make([]int, rank)) && slices.Max(step) == 1
	for i, t := range times {
		if all = all && y.Shape[i] == x.Shape[i]*t; t > 1 && (i < 2 || rank > 4) {
			return fmt.Errorf("repeats along axis %d of %d, want rows or columns of an image", i, rank)
		}
	}
	whole := make([]int, rank) // before elements are repeated
	for i := range whole {
		whole[i] = y.Shape[i] / times[i]
	}
	if !all {
		if slices.Max(times) == 1 {
			l.emitSlice(n.Name, x, y, start, step)
			return nil
		}
		part := l.value(y.Name, whole...)
		l.uses[part] = 1
		l.emitSlice(n.Name+".part", x, part, start, step)
		x = part
	}
	switch {
	case slices.Max(times) == 1:
		l.replace(y, x)
	case rank == 3: // a line is an image of one row
		x = l.reshaped(x, []int{1, whole[1], 1, whole[2]})
		image := l.value(y.Name, 1, y.Shape[1], 1, y.Shape[2])
		l.uses[image] = 1
		l.emitResize(n.Name, x, image)
		l.reshapeTo(n.Name, image, y)
	default:
		l.emitResize(n.Name, x, y)
	}
	return nil
}

// emitResize writes the one whose element i is element i/times.
func (l *legalizer) emitResize(name string, x, y *ir.Value) {
	none := constant(name+".none", []int{0}, []float32{}) // of region and scales
	l.emit(&ir.Node{Name: name, Op: "Resize", In: []*ir.Value{x, none, none, ints(name+".sizes", y.Shape)}, Out: []*ir.Value{y},
		Attrs: ir.Attrs{Places: "asymmetric", Mode: "floor"}})
}

// regular takes places apart: from start on, every step-th element, each times times.
func regular(at []int) (times, start, step int, ok bool) {
	times, step = 1, 1
	for times < len(at) && at[times] == at[0] {
		times++
	}
	if times < len(at) {
		step = at[times] - at[0]
	}
	for i, p := range at {
		if p != at[0]+i/times*step {
			return 0, 0, 0, false
		}
	}
	return times, at[0], step, len(at)%times == 0
}

// spaceToDepth is a transpose of the blocks' rows and columns.
func spaceToDepth(l *legalizer, n *ir.Node) error {
	x, y, b := n.In[0], n.Out[0], n.Attrs.Kernel
	c, h, w := x.Shape[1], y.Shape[2], y.Shape[3]
	blocks := l.transposed(l.reshaped(x, []int{1, c, h, b[0], w, b[1]}), []int{0, 3, 5, 1, 2, 4})
	l.reshapeTo(n.Name, blocks, y)
	return nil
}
