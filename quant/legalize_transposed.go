package quant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// A phaseAxis is one axis of a transposed convolution, whose output stride*q + r is the
// sum of the inputs q - dilation*j times taps r + stride*j: for each phase r that is a
// convolution, of outputs q from skipped on (the sub-pixel form, arXiv 1609.07009).
type phaseAxis struct {
	kernel, stride, dilation int
	skipped                  int // q whose outputs are all cut off
	cut                      int // outputs of the others that lie before the first one wanted
	end                      int // padding behind the input
	outputs                  int // how many q there are
}

func newPhaseAxis(in, out, kernel, stride, dilation, pad int) phaseAxis {
	a := phaseAxis{kernel: kernel, stride: stride, dilation: dilation}
	a.skipped = min(pad/stride, (max(kernel/stride, 1)-1)*dilation) // as many as the shortest phase pads
	a.cut = pad - a.skipped*stride
	a.end = max((a.cut+out+stride-1)/stride-(in-a.skipped), 0)
	a.outputs = in - a.skipped + a.end
	return a
}

// taps returns how many the phase r has; one that has none gets a zero.
func (a *phaseAxis) taps(r int) int { return max((a.kernel-r+a.stride-1)/a.stride, 1) }

// begin returns the padding before the input for so many taps.
func (a *phaseAxis) begin(taps int) int { return (taps-1)*a.dilation - a.skipped }

// longestStride bounds strides, in kernels: a phase that no weight reaches is zeros,
// which the file does not hold. Phases are one convolution where they are more than
// mostConvs, or have fewer outputs than fill a kernel's vectors.
const (
	longestStride = 4
	mostConvs     = 64
	fewOutputs    = 8
)

// convTranspose becomes a convolution for each phase of both axes. DepthToSpace makes
// their channels pixels, and a Slice cuts off what was padding.
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
	var axes [2]phaseAxis
	for i := range axes {
		axes[i] = newPhaseAxis(in[2+i], out[2+i], a.Kernel[i], a.Strides[i], a.Dilations[i], a.Pads[i])
	}
	var phases [][2]int
	for r := range a.Strides[0] {
		for c := range a.Strides[1] {
			phases = append(phases, [2]int{r, c})
		}
	}
	even := a.Kernel[0]%a.Strides[0] == 0 && a.Kernel[1]%a.Strides[1] == 0
	if !even && a.Group > 1 && len(phases) > mostPhases {
		return fmt.Errorf("has strides %v, more than %d phases of groups", a.Strides, mostPhases)
	}
	step := 1
	if a.Group == 1 && (even && w.Shape[1] < fewOutputs || len(phases) > mostConvs) {
		step = len(phases)
	}
	var parts []*ir.Value
	for part := range slices.Chunk(phases, step) {
		name := n.Name
		if step < len(phases) {
			name = fmt.Sprintf("%s.%d", n.Name, len(parts))
		}
		weights, bias := subPixel(n, name, &axes, part)
		k := weights.Shape[2:]
		parts = append(parts, l.chain(&ir.Node{Name: name, Op: "Conv", In: []*ir.Value{x, weights, bias}, Attrs: ir.Attrs{
			Kernel: k, Strides: []int{1, 1}, Dilations: a.Dilations, Group: a.Group,
			Pads: []int{axes[0].begin(k[0]), axes[1].begin(k[1]), axes[0].end, axes[1].end}}},
			1, weights.Shape[0], axes[0].outputs, axes[1].outputs))
	}
	l.uses[x] += len(parts) - 1
	v := l.pixels(n.Name, parts, a.Strides)
	if !slices.Equal(v.Shape, out) {
		cut := l.value(y.Name, out...)
		l.uses[cut] = 1
		l.emitSlice(n.Name+".part", v, cut, []int{0, 0, axes[0].cut, axes[1].cut}, []int{1, 1, 1, 1})
		v = cut
	}
	l.reshapeTo(n.Name, v, y)
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
// its channels each: w[i][o][r + stride*j] is its weight of input i for output o, at the
// tap that is j before the last.
func subPixel(n *ir.Node, name string, axes *[2]phaseAxis, phases [][2]int) (weights, bias *ir.Value) {
	w, groups := n.In[1], n.Attrs.Group
	c, m := w.Shape[0]/groups, w.Shape[1]
	th, tw := axes[0].taps(phases[0][0]), axes[1].taps(phases[0][1]) // the first has most
	shape := []int{len(phases) * groups * m, c, th, tw}
	t := &ir.Tensor{Elem: w.Elem, Shape: shape, Real: make([]float32, ir.NumElements(shape))}
	if w.Const.Int != nil {
		t.Int = make([]int64, len(t.Real))
	}
	b := make([]float32, shape[0])
	for ch := range shape[0] {
		o, phase := ch%(groups*m), phases[ch/(groups*m)]
		if len(n.In) > 2 && n.In[2] != nil {
			b[ch] = n.In[2].Const.Real[o]
		}
		for i := range c {
			for tap := range th * tw {
				y := phase[0] + axes[0].stride*(th-1-tap/tw)
				x := phase[1] + axes[1].stride*(tw-1-tap%tw)
				if y >= axes[0].kernel || x >= axes[1].kernel {
					continue
				}
				to := (ch*c+i)*th*tw + tap
				from := (((o/m*c+i)*m+o%m)*axes[0].kernel+y)*axes[1].kernel + x
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
