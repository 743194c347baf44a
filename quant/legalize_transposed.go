package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A phase is every stride-th output along one axis of a transposed convolution: the
// convolution of all inputs with every stride-th tap, from first on, in reverse (the
// sub-pixel form, arXiv 1609.07009). One that has no tap gets a zero.
type phase struct {
	first, taps int
	begin, end  int // padding; less than none leaves out inputs
}

// phasesOf returns those of an axis, whose outputs each has so many of.
func phasesOf(in, outputs, kernel, stride, dilation, pad int) []phase {
	all := make([]phase, stride)
	for i := range all {
		p := phase{first: (i + pad) % stride}
		p.taps = max((kernel-p.first+stride-1)/stride, 1)
		p.begin = (p.taps-1)*dilation - (i+pad)/stride
		if -p.begin >= in { // it lies behind all that inputs reach
			p = phase{first: kernel, taps: 1}
		}
		p.end = outputs - in - p.begin + (p.taps-1)*dilation
		all[i] = p
	}
	return all
}

// longestStride bounds strides, in kernels: a phase that no weight reaches is zeros,
// which the file does not hold. Phases are one convolution where they are more than
// mostConvs, or have fewer outputs than fill a kernel's vectors.
const (
	longestStride = 4
	mostConvs     = 64
	fewOutputs    = 8
)

// convTranspose becomes a convolution for each phase of both axes, and DepthToSpace
// makes their channels pixels.
func convTranspose(l *legalizer, n *ir.Node) error {
	if err := transposable(n); err != nil {
		return err
	}
	x, y, a := n.In[0], n.Out[0], n.Attrs
	in, out := x.Shape, y.Shape
	if len(in) == 3 { // a line is an image of one row
		in, out = []int{1, in[1], 1, in[2]}, []int{1, out[1], 1, out[2]}
		x = l.reshaped(x, in)
		a.Kernel, a.Strides, a.Dilations = []int{1, a.Kernel[0]}, []int{1, a.Strides[0]}, []int{1, a.Dilations[0]}
		a.Pads = []int{0, a.Pads[0]}
	}
	sh, sw := a.Strides[0], a.Strides[1]
	even := a.Kernel[0]%sh == 0 && a.Kernel[1]%sw == 0 && a.Pads[0]%sh == 0 && a.Pads[1]%sw == 0
	joint := a.Group == 1 && sh*sw > 1 && (even && n.In[1].Shape[1] < fewOutputs || sh*sw > mostConvs)
	if !joint && sh*sw > mostPhases {
		return fmt.Errorf("has strides %v: one element becomes more than %d", a.Strides, mostPhases)
	}
	cut := []int{0, 0, 0, 0} // outputs before those that are wanted, where joint phases would begin at different inputs
	if joint && !even {
		cut[2], cut[3] = a.Pads[0], a.Pads[1]
	}
	var axes [2][]phase
	var outputs [2]int
	for i := range axes {
		outputs[i] = (cut[2+i] + out[2+i] + a.Strides[i] - 1) / a.Strides[i]
		axes[i] = phasesOf(in[2+i], outputs[i], a.Kernel[i], a.Strides[i], a.Dilations[i], a.Pads[i]-cut[2+i])
	}
	var phases [][2]phase
	for _, r := range axes[0] {
		for _, c := range axes[1] {
			phases = append(phases, [2]phase{r, c})
		}
	}
	var parts []*ir.Value
	step := 1
	if joint {
		step = len(phases)
	}
	for some := range slices.Chunk(phases, step) {
		name := n.Name
		if step < len(phases) {
			name = fmt.Sprintf("%s.%d", n.Name, len(parts))
		}
		p := some[0] // has most taps
		weights, bias := subPixel(n, name, &a, some)
		parts = append(parts, l.chain(&ir.Node{Name: name, Op: "Conv", In: []*ir.Value{l.without(name, x, p), weights, bias}, Attrs: ir.Attrs{
			Kernel: weights.Shape[2:], Strides: []int{1, 1}, Dilations: a.Dilations, Group: a.Group,
			Pads: []int{max(p[0].begin, 0), max(p[1].begin, 0), max(p[0].end, 0), max(p[1].end, 0)}}},
			1, weights.Shape[0], outputs[0], outputs[1]))
	}
	l.uses[x] += len(parts) - 1
	v := l.pixels(n.Name, parts, a.Strides)
	if !slices.Equal(v.Shape, out) {
		part := l.value(y.Name, out...)
		l.uses[part] = 1
		l.emitSlice(n.Name+".part", v, part, cut, []int{1, 1, 1, 1})
		v = part
	}
	l.reshapeTo(n.Name, v, y)
	return nil
}

// transposable refuses what convTranspose cannot do.
func transposable(n *ir.Node) error {
	w, a := n.In[1], &n.Attrs
	switch {
	case w.Const == nil:
		return errors.New("has weights that are not constant")
	case len(n.In) > 2 && n.In[2] != nil && n.In[2].Const == nil:
		return errors.New("has a bias that is not constant")
	case w.Format != nil && len(w.Format.Scales) > 1:
		return errors.New("has quantized weights of several scales, want one scale")
	case len(w.Shape) > 4:
		return errors.New("has more than two spatial dimensions")
	case slices.Max(a.Strides) > 1 && slices.Max(a.Dilations) > 1:
		return errors.New("has both strides and dilations")
	}
	for i, s := range a.Strides {
		if s > longestStride*a.Kernel[i] {
			return fmt.Errorf("has strides %v, more than %d times its kernel %v", a.Strides, longestStride, a.Kernel)
		}
	}
	return nil
}

// without returns the part of x that a phase of rows and columns reads.
func (l *legalizer) without(name string, x *ir.Value, p [2]phase) *ir.Value {
	start, shape := []int{0, 0, 0, 0}, slices.Clone(x.Shape)
	for i := range p {
		start[2+i] = max(-p[i].begin, 0)
		shape[2+i] -= start[2+i] + max(-p[i].end, 0)
	}
	if slices.Equal(shape, x.Shape) {
		return x
	}
	part := l.value(name, shape...)
	l.uses[part] = 1
	l.emitSlice(name+".part", x, part, start, []int{1, 1, 1, 1})
	return part
}

// chain emits n with a new output of a shape, for one reader.
func (l *legalizer) chain(n *ir.Node, shape ...int) *ir.Value {
	v := l.value(n.Name, shape...)
	l.uses[v] = 1
	n.Out = []*ir.Value{v}
	l.emit(n)
	return v
}

// pixels makes the channels of parts, which are those of one pixel of a block after the
// other, pixels.
func (l *legalizer) pixels(name string, parts []*ir.Value, block []int) *ir.Value {
	v, shape := parts[0], slices.Clone(parts[0].Shape)
	if block[0]*block[1] == 1 {
		return v
	}
	if len(parts) > 1 {
		shape[1] *= len(parts)
		v = l.chain(&ir.Node{Name: name + ".phases", Op: "Concat", In: parts, Attrs: ir.Attrs{Axis: 1}}, shape...)
	}
	return l.chain(&ir.Node{Name: name + ".pixels", Op: "DepthToSpace", In: []*ir.Value{v}, Attrs: ir.Attrs{Kernel: block, Mode: "DCR"}},
		1, shape[1]/(block[0]*block[1]), shape[2]*block[0], shape[3]*block[1])
}

// subPixel returns weights and bias of the convolution that some phases are, one set of
// its channels each, whose attributes are a: w[i][o][first + stride*j] is its weight of input i for output o, at
// the tap that is j before the last.
func subPixel(n *ir.Node, name string, a *ir.Attrs, phases [][2]phase) (weights, bias *ir.Value) {
	w, groups := n.In[1], a.Group
	c, m := w.Shape[0]/groups, w.Shape[1]
	th, tw, kh, kw := phases[0][0].taps, phases[0][1].taps, a.Kernel[0], a.Kernel[1]
	shape := []int{len(phases) * groups * m, c, th, tw}
	t := &ir.Tensor{Elem: w.Elem, Shape: shape, Real: make([]float32, ir.NumElements(shape))}
	if w.Const.Int != nil {
		t.Int = make([]int64, len(t.Real))
	}
	b := make([]float32, shape[0])
	for ch := range shape[0] {
		o, p := ch%(groups*m), phases[ch/(groups*m)]
		if len(n.In) > 2 && n.In[2] != nil {
			b[ch] = n.In[2].Const.Real[o]
		}
		for i := range c {
			for tap := range th * tw {
				y, x := p[0].first+a.Strides[0]*(th-1-tap/tw), p[1].first+a.Strides[1]*(tw-1-tap%tw)
				if y >= kh || x >= kw {
					continue
				}
				to := (ch*c+i)*th*tw + tap
				from := (((o/m*c+i)*m+o%m)*kh+y)*kw + x
				t.Real[to] = w.Const.Real[from]
				if t.Int != nil {
					t.Int[to] = w.Const.Int[from]
				}
			}
		}
	}
	weights = &ir.Value{Name: name + ".weights", Elem: w.Elem, Shape: shape, Const: t, Format: w.Format}
	return weights, constant(name+".bias", []int{len(b)}, b)
}
