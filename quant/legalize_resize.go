package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// mostPhases bounds what one element becomes, of which a file holds nothing.
const mostPhases = 32 * 32

// resize takes the nearest element, or what lies between two.
func resize(l *legalizer, n *ir.Node) error {
	for _, v := range n.In[1:] {
		if v != nil && v.Const == nil {
			return errors.New("has sizes that are not constant")
		}
	}
	if n.Attrs.Mode == "linear" {
		return resizeLinear(l, n)
	}
	return resizeNearest(l, n)
}

// resizeNearest is a Slice where it leaves out elements, and a Resize of rows and columns
// where it repeats them.
func resizeNearest(l *legalizer, n *ir.Node) error {
	x, y := n.In[0], n.Out[0]
	places, err := ir.ResizePlaces(n)
	if err != nil {
		return err
	}
	rank := len(places)
	start, step, shape := make([]int, rank), make([]int, rank), make([]int, rank)
	cuts, repeats := false, false
	for i, at := range places {
		var times int
		var ok bool
		if times, start[i], step[i], ok = regular(at); !ok {
			return fmt.Errorf("from %v to %v does not repeat elements, or leave them out, evenly along axis %d", x.Shape, y.Shape, i)
		}
		if times > 1 && (i < 2 || rank > 4) {
			return fmt.Errorf("repeats along axis %d of %d, want rows or columns of an image", i, rank)
		}
		shape[i] = y.Shape[i] / times
		cuts = cuts || shape[i] != x.Shape[i]
		repeats = repeats || times > 1
	}
	if ir.NumElements(y.Shape) > mostPhases*ir.NumElements(shape) {
		return fmt.Errorf("from %v to %v: one element becomes more than %d", x.Shape, y.Shape, mostPhases)
	}
	switch {
	case !cuts && !repeats:
		l.replace(y, x)
		return nil
	case !repeats:
		l.emitSlice(n.Name, x, y, start, step)
		return nil
	case cuts:
		part := l.value(y.Name, shape...)
		l.uses[part] = 1
		l.emitSlice(n.Name+".part", x, part, start, step)
		x = part
	}
	image := y.Shape
	if rank == 3 { // a line is an image of one row
		x, image = l.reshaped(x, []int{1, shape[1], 1, shape[2]}), []int{1, y.Shape[1], 1, y.Shape[2]}
	}
	none := constant(n.Name+".none", []int{0}, []float32{}) // region and scales
	v := l.chain(&ir.Node{Name: n.Name, Op: "Resize", In: []*ir.Value{x, none, none, ints(n.Name+".sizes", image)},
		Attrs: ir.Attrs{Places: "asymmetric", Mode: "floor"}}, image...)
	l.reshapeTo(n.Name, v, y)
	return nil
}

// regular takes places apart: from start on, every step-th element, each times times.
func regular(places []ir.Place) (times, start, step int, ok bool) {
	at := func(i int) int { return places[i].At }
	times, step = 1, 1
	for times < len(places) && at(times) == at(0) {
		times++
	}
	if times < len(places) {
		step = at(times) - at(0)
	}
	for i := range places {
		if at(i) != at(0)+i/times*step {
			return 0, 0, 0, false
		}
	}
	return times, at(0), step, len(places)%times == 0
}

// resizeLinear is a depthwise convolution for each pixel that one becomes, which lies
// between it and some of its neighbours; an image has copies of its edge around it.
func resizeLinear(l *legalizer, n *ir.Node) error {
	x, y := n.In[0], n.Out[0]
	phases, err := ir.ResizePhases(n)
	if err != nil {
		return err
	}
	rank := len(phases)
	if rank < 3 || rank > 4 || len(phases[0])*len(phases[1]) > 1 {
		return fmt.Errorf("from %v to %v changes more than rows and columns of an image", x.Shape, y.Shape)
	}
	if slices.Equal(x.Shape, y.Shape) {
		l.replace(y, x)
		return nil
	}
	in, rows, cols := x.Shape, []float64{0}, phases[rank-1]
	if rank == 4 {
		rows = phases[2]
	} else { // a line is an image of one row
		in = []int{1, in[1], 1, in[2]}
		x = l.reshaped(x, in)
	}
	if len(rows)*len(cols) > mostPhases {
		return fmt.Errorf("from %v to %v: one element becomes more than %d", n.In[0].Shape, y.Shape, mostPhases)
	}
	c, kh, kw := in[1], reachOf(rows), reachOf(cols)
	pads := []int{0, 0, kh / 2, kw / 2, 0, 0, kh / 2, kw / 2}
	h, w := in[2], in[3]
	v := l.chain(&ir.Node{Name: n.Name + ".edge", Op: "Pad", In: []*ir.Value{x, ints(n.Name+".pads", pads)}, Attrs: ir.Attrs{Mode: "edge", Pads: pads}},
		1, c, h+kh-1, w+kw-1)
	var parts []*ir.Value
	for _, r := range rows {
		for _, t := range cols {
			name := fmt.Sprintf("%s.%d", n.Name, len(parts))
			kernel := constant(name+".weights", []int{c, 1, kh, kw}, slices.Repeat(between(r, t, kh, kw), c))
			bias := constant(name+".bias", []int{c}, make([]float32, c))
			parts = append(parts, l.chain(&ir.Node{Name: name, Op: "Conv", In: []*ir.Value{v, kernel, bias}, Attrs: ir.Attrs{
				Kernel: kernel.Shape[2:], Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: make([]int, 4), Group: c}}, 1, c, h, w))
		}
	}
	l.uses[v] = len(parts)
	v = l.pixels(n.Name, parts, []int{len(rows), len(cols)})
	l.reshapeTo(n.Name, v, y)
	return nil
}

// reachOf returns the window that phases look at: one element, or its neighbours too.
func reachOf(phases []float64) int {
	if len(phases) == 1 {
		return 1
	}
	return 3
}

// between returns the weights of a window for what is r rows and t columns behind its
// middle: |r| of it is that of the neighbour there.
func between(r, t float64, kh, kw int) []float32 {
	share := func(t float64, size, tap int) float64 { return max(0, 1-math.Abs(float64(tap-size/2)-t)) }
	w := make([]float32, kh*kw)
	for tap := range w {
		w[tap] = float32(share(r, kh, tap/kw) * share(t, kw, tap%kw))
	}
	return w
}

// spaceToDepth is a transpose of the blocks' rows and columns.
func spaceToDepth(l *legalizer, n *ir.Node) error {
	x, y, b := n.In[0], n.Out[0], n.Attrs.Kernel
	c, h, w := x.Shape[1], y.Shape[2], y.Shape[3]
	blocks := l.transposed(l.reshaped(x, []int{1, c, h, b[0], w, b[1]}), []int{0, 3, 5, 1, 2, 4})
	l.reshapeTo(n.Name, blocks, y)
	return nil
}
