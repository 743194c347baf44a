package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// conv makes every convolution two-dimensional.
func conv(l *legalizer, n *ir.Node) error {
	x, w := n.In[0], n.In[1]
	if w.Const == nil {
		return errors.New("has weights that are not constant")
	}
	if len(n.In) > 2 && n.In[2] != nil && n.In[2].Const == nil {
		return errors.New("has a bias that is not constant")
	}
	if !byOutput(w.Const, w.Format) {
		return errScales
	}
	switch len(x.Shape) {
	case 4:
		l.emit(l.withBias(n))
		return nil
	case 3:
		l.lift(n, func(c *ir.Node) {
			wt := *w.Const
			wt.Shape = []int{w.Shape[0], w.Shape[1], 1, w.Shape[2]}
			wv := *w
			wv.Shape, wv.Const = wt.Shape, &wt
			c.In[1] = &wv
			l.emit(l.withBias(c))
		})
		return nil
	}
	return fmt.Errorf("has %d spatial dimensions, want 1 or 2", len(x.Shape)-2)
}

// lift gives n, which works along one axis, a second one of size 1, between
// two reshapes; then emits it.
func (l *legalizer) lift(n *ir.Node, emit func(*ir.Node)) {
	x, out := n.In[0], n.Out[0]
	c := *n
	c.In = slices.Clone(n.In)
	c.In[0] = l.reshaped(x, []int{1, x.Shape[1], 1, x.Shape[2]})
	y := l.value(out.Name, 1, out.Shape[1], 1, out.Shape[2])
	l.uses[y] = 1
	c.Out = []*ir.Value{y}
	a := &c.Attrs
	a.Kernel = append([]int{1}, a.Kernel...)
	a.Strides = append([]int{1}, a.Strides...)
	a.Dilations = append([]int{1}, a.Dilations...)
	a.Pads = []int{0, a.Pads[0], 0, a.Pads[1]}
	emit(&c)
	l.reshapeTo(n.Name, y, out)
}

var errScales = errors.New("has weights with one scale for each input, want one for each output")

// byOutput reports whether the scales of a quantized network's weights, if they
// are, belong to the outputs, which are the first axis: they give back the reals.
func byOutput(w *ir.Tensor, f *ir.Format) bool {
	if f == nil || w.Int == nil || len(f.Scales) == 1 {
		return true
	}
	m := w.Shape[0]
	if len(f.Scales) != m {
		return false
	}
	k := w.Len() / m
	for i, q := range w.Int {
		if w.Real[i] != float32(q)*float32(f.Scales[i/k]) {
			return false
		}
	}
	return true
}

// withBias returns n with a bias, and with constants of its own: later rules
// scale them.
func (l *legalizer) withBias(n *ir.Node) *ir.Node {
	w := n.In[1]
	own := &ir.Value{Name: w.Name, Elem: w.Elem, Shape: w.Shape, Format: w.Format}
	own.Const = &ir.Tensor{Elem: w.Elem, Shape: w.Const.Shape, Real: slices.Clone(w.Const.Real), Int: w.Const.Int}
	bias := make([]float32, w.Shape[0])
	name := n.Name + ".bias"
	if len(n.In) > 2 && n.In[2] != nil {
		copy(bias, n.In[2].Const.Real)
		name = n.In[2].Name
	}
	n.In = []*ir.Value{n.In[0], own, constant(name, []int{len(bias)}, bias)}
	return n
}

// gemm becomes a 1x1 convolution.
func gemm(l *legalizer, n *ir.Node) error {
	a := &n.Attrs
	if n.In[1].Const == nil {
		return errors.New("has weights that are not constant")
	}
	if a.TransA {
		return errors.New("transposes its input")
	}
	w := n.In[1].Const
	k, m := w.Shape[0], w.Shape[1]
	if a.TransB {
		k, m = m, k
	}
	rows := rowsOf(w, k, m, a.TransB)
	for i := range rows.Real {
		rows.Real[i] *= a.Alpha
	}
	bias := make([]float32, m)
	if len(n.In) > 2 && n.In[2] != nil {
		c := n.In[2].Const
		if c == nil || c.Len() != 1 && c.Len() != m || c.Len() == m && len(c.Shape) > 0 && c.Shape[len(c.Shape)-1] != m {
			return errors.New("has a bias that is not one constant an output")
		}
		for i := range bias {
			bias[i] = c.Real[i%c.Len()] * a.Beta
		}
	}
	format := n.In[1].Format
	if a.Alpha != 1 {
		format, rows.Int = nil, nil
	}
	return l.dense(n, rows, format, bias)
}

// matMul is gemm with other conventions.
func matMul(l *legalizer, n *ir.Node) error {
	if n.In[0].Const != nil || n.In[1].Const == nil {
		return errors.New("multiplies two tensors that are not constant, or a constant from the left")
	}
	w := n.In[1].Const
	if len(w.Shape) != 2 {
		return fmt.Errorf("has weights of shape %v, want two dimensions", w.Shape)
	}
	k, m := w.Shape[0], w.Shape[1]
	return l.dense(n, rowsOf(w, k, m, false), n.In[1].Format, l.biasAfter(n, m))
}

// biasAfter takes over the bias of a product, which is an addition behind it,
// one constant for each of the m outputs; zeros when there is none. Folding it
// later would not do for several rows, whose outputs are their last axis.
func (l *legalizer) biasAfter(n *ir.Node, m int) []float32 {
	bias := make([]float32, m)
	y := n.Out[0]
	users := l.users[y]
	if len(users) != 1 || users[0].Op != "Add" || slices.Contains(l.s.g.Out, y) {
		return bias
	}
	add := users[0]
	c := add.In[0]
	if c == y {
		c = add.In[1]
	}
	if c.Const == nil || len(c.Const.Real) != m || len(c.Shape) == 0 || c.Shape[len(c.Shape)-1] != m || !slices.Equal(add.Out[0].Shape, y.Shape) {
		return bias
	}
	copy(bias, c.Const.Real)
	l.absorbed[add] = y
	return bias
}

// rowsOf returns the weights with one row an output.
func rowsOf(w *ir.Tensor, k, m int, transposed bool) *ir.Tensor {
	t := &ir.Tensor{Elem: w.Elem, Shape: []int{m, k}, Real: make([]float32, m*k)}
	if w.Int != nil {
		t.Int = make([]int64, m*k)
	}
	for i := range m {
		for j := range k {
			from := j*m + i
			if transposed {
				from = i*k + j
			}
			t.Real[i*k+j] = w.Real[from]
			if w.Int != nil {
				t.Int[i*k+j] = w.Int[from]
			}
		}
	}
	return t
}

// dense emits the convolution that a product with constant rows is. Fed by a
// flattened image it has that image's size as its window; several rows of
// input are pixels of an image one column wide.
func (l *legalizer) dense(n *ir.Node, w *ir.Tensor, format *ir.Format, bias []float32) error {
	x, out := n.In[0], n.Out[0]
	m, k := w.Shape[0], w.Shape[1]
	if !byOutput(w, format) {
		return errScales
	}
	count := ir.NumElements(x.Shape) / k
	attrs := ir.Attrs{Kernel: []int{1, 1}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}, Group: 1}
	var image *ir.Value
	yShape := []int{1, m, 1, count}
	switch src := l.source(x); {
	case count == 1 && len(src.Shape) == 4 && src.Shape[0] == 1:
		image = src
		attrs.Kernel = []int{src.Shape[2], src.Shape[3]}
	case count == 1:
		image = l.reshaped(x, []int{1, k, 1, 1})
	default:
		image = l.transposed(l.reshaped(x, []int{1, 1, count, k}), []int{0, 3, 1, 2})
	}
	if image == l.source(x) && image != x {
		l.uses[image]++
	}
	wv := &ir.Value{Name: n.In[1].Name, Elem: ir.Float32, Const: w, Format: format}
	w.Shape = []int{m, k / (attrs.Kernel[0] * attrs.Kernel[1]), attrs.Kernel[0], attrs.Kernel[1]}
	wv.Shape = w.Shape
	y := l.value(out.Name, yShape...)
	l.uses[y] = 1
	l.emit(&ir.Node{Name: n.Name, Op: "Conv", In: []*ir.Value{image, wv, constant(n.Name+".bias", []int{m}, bias)}, Out: []*ir.Value{y}, Attrs: attrs})
	if count > 1 {
		y = l.transposed(y, []int{0, 2, 3, 1})
		l.uses[y] = 1
	}
	l.reshapeTo(n.Name, y, out)
	return nil
}
