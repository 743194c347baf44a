package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A phase is one axis of a transposed convolution: its output stride*q + r is the sum of
// the inputs q - dilation*j times taps r + stride*j, which is a convolution for each r
// (the sub-pixel form, arXiv 1609.07009).
type phase struct {
	stride, dilation int
	taps             int // for each r; those behind the kernel's end are zero
	begin, end       int // padding of the convolution
	cut              int // outputs that lie before the first one wanted
}

// phaseOf splits the axis of in inputs and out outputs.
func phaseOf(in, out, kernel, stride, dilation, pad int) phase {
	p := phase{stride: stride, dilation: dilation, taps: (kernel + stride - 1) / stride}
	reach := (p.taps - 1) * dilation
	skipped := min(pad/stride, reach) // q whose outputs are all cut
	p.begin, p.cut = reach-skipped, pad-skipped*stride
	p.end = max((p.cut+out+stride-1)/stride-(in+p.begin-reach), 0)
	return p
}

// longestStride bounds strides, in kernels: outputs that no weight reaches are zeros
// among the weights of the convolution, many times what the file holds.
const longestStride = 4

// outputs returns how many q the convolution has.
func (p *phase) outputs(in int) int { return in + p.begin + p.end - (p.taps-1)*p.dilation }

// convTranspose becomes a convolution whose channels are the phases of both axes;
// DepthToSpace makes them pixels, and a Slice cuts off what was padding.
func convTranspose(l *legalizer, n *ir.Node) error {
	x, w, y, a := n.In[0], n.In[1], n.Out[0], n.Attrs
	switch {
	case w.Const == nil:
		return errors.New("has weights that are not constant")
	case len(n.In) > 2 && n.In[2] != nil && n.In[2].Const == nil:
		return errors.New("has a bias that is not constant")
	case w.Format != nil && len(w.Format.Scales) > 1:
		return errors.New("has quantized weights of several scales, want one scale")
	case len(x.Shape) > 4:
		return errors.New("has more than two spatial dimensions")
	case slices.Max(a.Strides) > 1 && slices.Max(a.Dilations) > 1:
		return errors.New("has both strides and dilations")
	}
	for i, s := range a.Strides {
		if s > longestStride*a.Kernel[i] {
			return fmt.Errorf("has strides %v, more than %d times its kernel %v", a.Strides, longestStride, a.Kernel)
		}
	}
	in, out := x.Shape, y.Shape
	if len(in) == 3 { // a line is an image of one row
		in, out = []int{1, in[1], 1, in[2]}, []int{1, out[1], 1, out[2]}
		x = l.reshaped(x, in)
		a.Kernel, a.Strides, a.Dilations = []int{1, a.Kernel[0]}, []int{1, a.Strides[0]}, []int{1, a.Dilations[0]}
		a.Pads = []int{0, a.Pads[0]}
	}
	var p [2]phase
	for i := range p {
		p[i] = phaseOf(in[2+i], out[2+i], a.Kernel[i], a.Strides[i], a.Dilations[i], a.Pads[i])
	}
	mode := "DCR" // keeps pixels whole; groups keep their channels together instead
	if a.Group > 1 {
		mode = "CRD"
	}
	weights, bias := subPixel(n, a.Kernel, p, mode)
	phases := weights.Shape[0]
	h, wd := p[0].outputs(in[2]), p[1].outputs(in[3])
	v := l.chain(&ir.Node{Name: n.Name, Op: "Conv", In: []*ir.Value{x, weights, bias}, Attrs: ir.Attrs{
		Kernel: weights.Shape[2:], Strides: []int{1, 1}, Dilations: a.Dilations, Group: a.Group,
		Pads: []int{p[0].begin, p[1].begin, p[0].end, p[1].end}}}, 1, phases, h, wd)
	if b := a.Strides; b[0]*b[1] > 1 {
		v = l.chain(&ir.Node{Name: n.Name + ".pixels", Op: "DepthToSpace", In: []*ir.Value{v}, Attrs: ir.Attrs{Kernel: b, Mode: mode}},
			1, phases/(b[0]*b[1]), h*b[0], wd*b[1])
	}
	if !slices.Equal(v.Shape, out) {
		part := l.value(y.Name, out...)
		l.uses[part] = 1
		l.emitSlice(n.Name+".part", v, part, []int{0, 0, p[0].cut, p[1].cut}, []int{1, 1, 1, 1})
		v = part
	}
	if !slices.Equal(out, y.Shape) {
		l.reshapeTo(n.Name, v, y)
		return nil
	}
	l.replace(y, v)
	return nil
}

// chain emits n with a new output of a shape, for one reader.
func (l *legalizer) chain(n *ir.Node, shape ...int) *ir.Value {
	v := l.value(n.Name, shape...)
	l.uses[v] = 1
	n.Out = []*ir.Value{v}
	l.emit(n)
	return v
}

// subPixel returns the weights and the bias of the convolution: w[i][o][r + stride*j] of
// the transposed one is its weight of input i for output o's phase r, at the tap that
// reads j before its last.
func subPixel(n *ir.Node, kernel []int, p [2]phase, mode string) (weights, bias *ir.Value) {
	w, groups := n.In[1], n.Attrs.Group
	c, m := w.Shape[0]/groups, w.Shape[1]
	rows, cols := p[0].stride, p[1].stride
	shape := []int{groups * m * rows * cols, c, p[0].taps, p[1].taps}
	t := &ir.Tensor{Elem: w.Elem, Shape: shape, Real: make([]float32, ir.NumElements(shape))}
	if w.Const.Int != nil {
		t.Int = make([]int64, len(t.Real))
	}
	b := make([]float32, shape[0])
	for ch := range shape[0] {
		o, r := ch%(groups*m), ch/(groups*m)
		if mode == "CRD" {
			o, r = ch/(rows*cols), ch%(rows*cols)
		}
		if len(n.In) > 2 && n.In[2] != nil {
			b[ch] = n.In[2].Const.Real[o]
		}
		for i := range c {
			for tap := range p[0].taps * p[1].taps {
				y := r/cols + rows*(p[0].taps-1-tap/p[1].taps)
				x := r%cols + cols*(p[1].taps-1-tap%p[1].taps)
				if y >= kernel[0] || x >= kernel[1] {
					continue
				}
				to := (ch*c+i)*p[0].taps*p[1].taps + tap
				from := (((o/m*c+i)*m+o%m)*kernel[0]+y)*kernel[1] + x
				t.Real[to] = w.Const.Real[from]
				if t.Int != nil {
					t.Int[to] = w.Const.Int[from]
				}
			}
		}
	}
	weights = &ir.Value{Name: w.Name, Elem: w.Elem, Shape: shape, Const: t, Format: w.Format}
	return weights, constant(n.Name+".bias", []int{len(b)}, b)
}
