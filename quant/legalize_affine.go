package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/snug-nn/snug/ir"
)

// batchNorm is an affine map of each channel.
func batchNorm(l *legalizer, n *ir.Node) error {
	for _, v := range n.In[1:] {
		if v.Const == nil {
			return errors.New("has parameters that are not constant")
		}
	}
	gamma, beta, mean, variance := n.In[1].Const.Real, n.In[2].Const.Real, n.In[3].Const.Real, n.In[4].Const.Real
	a, b := make([]float32, len(gamma)), make([]float32, len(gamma))
	for i := range a {
		s := float64(gamma[i]) / math.Sqrt(float64(variance[i])+float64(n.Attrs.Epsilon))
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("channel %d has variance %g", i, variance[i])
		}
		a[i], b[i] = float32(s), float32(float64(beta[i])-float64(s*float64(mean[i])))
	}
	return l.affine(n, n.In[0], a, b)
}

// affineOr is the rule of Add, Sub, Mul and Div: with a constant it is an affine
// map; otherwise the rule for two tensors applies.
func affineOr(tensors rule) rule {
	return func(l *legalizer, n *ir.Node) error {
		if y := l.absorbed[n]; y != nil {
			l.replace(n.Out[0], l.resolve(y))
			return nil
		}
		x, c, swapped := n.In[0], n.In[1], false
		if x.Const != nil {
			x, c, swapped = c, x, true
		}
		switch {
		case c.Const == nil && tensors == nil:
			return errors.New("of two tensors is not supported, only by a constant")
		case c.Const == nil:
			return tensors(l, n)
		case n.Op == "Div" && swapped:
			return errors.New("divides a constant by a tensor")
		}
		channels := channelsOf(x.Shape)
		if c.Const.Len() == 1 && !l.folds(x) && !(n.Op == "Sub" && swapped) {
			return unary(l, n)
		}
		if !perChannel(c.Const.Shape, x.Shape) || !slices.Equal(x.Shape, n.Out[0].Shape) {
			return fmt.Errorf("constant of shape %v is neither a scalar nor one value for each of %d channels", c.Const.Shape, channels)
		}
		a, b := make([]float32, channels), make([]float32, channels)
		for i := range a {
			v := c.Const.Real[i%c.Const.Len()]
			a[i] = 1
			switch n.Op {
			case "Add":
				b[i] = v
			case "Sub":
				b[i] = -v
				if swapped {
					a[i], b[i] = -1, v
				}
			case "Mul":
				a[i] = v
			case "Div":
				a[i] = 1 / v
			}
		}
		return l.affine(n, x, a, b)
	}
}

// channelsOf returns the size of the axis that weights are kept for.
func channelsOf(shape []int) int {
	if len(shape) < 2 {
		return shape[len(shape)-1]
	}
	return shape[1]
}

// perChannel reports whether a constant of shape c gives each channel of x
// one value.
func perChannel(c, x []int) bool {
	if ir.NumElements(c) == 1 {
		return true
	}
	axis := 1
	if len(x) < 2 {
		axis = 0
	}
	at := axis - (len(x) - len(c)) // the channel axis in c, aligned from the right
	return at >= 0 && c[at] == x[axis] && ir.NumElements(c) == x[axis]
}

// foldTargets returns the convolutions that an affine map of x can be folded into, and
// which channel of x each of theirs becomes; none when it cannot.
func (l *legalizer) foldTargets(x *ir.Value) ([]*ir.Node, func(channel int) int) {
	nodes, across := l.sole(x)
	channels, own := channelsOf(x.Shape), 0
	for _, p := range nodes {
		if p.Op != "Conv" || p.Attrs.Clamp != nil || own > 0 && p.Out[0].Shape[1] != own {
			return nil, nil
		}
		own = p.Out[0].Shape[1]
	}
	blocks, mode := 1, ""
	if across != nil {
		blocks, mode = across.Attrs.Kernel[0]*across.Attrs.Kernel[1], across.Attrs.Mode
	}
	switch {
	case len(nodes) == 0 || own*len(nodes) != channels*blocks || len(nodes) > 1 && (mode == "CRD" || own != channels):
		return nil, nil
	case mode == "CRD":
		return nodes, func(c int) int { return c / blocks }
	}
	return nodes, func(c int) int { return c % channels }
}

func (l *legalizer) folds(x *ir.Value) bool {
	nodes, _ := l.foldTargets(x)
	return len(nodes) > 0
}

// affine emits a*x + b by channel: folded into the convolution before it, or as
// a depthwise convolution of one tap.
func (l *legalizer) affine(n *ir.Node, x *ir.Value, a, b []float32) error {
	if nodes, channel := l.foldTargets(x); len(nodes) > 0 {
		for _, p := range nodes {
			fold(p, a, b, channel)
		}
		l.replace(n.Out[0], x)
		return nil
	}
	c := len(a)
	spatial := ir.NumElements(x.Shape) / c
	image := x
	if len(x.Shape) != 4 {
		image = l.reshaped(x, []int{1, c, 1, spatial})
	}
	y := l.value(n.Out[0].Name, image.Shape...)
	l.uses[y] = 1
	attrs := ir.Attrs{Kernel: []int{1, 1}, Strides: []int{1, 1}, Dilations: []int{1, 1}, Pads: []int{0, 0, 0, 0}, Group: c}
	l.emit(&ir.Node{Name: n.Name, Op: "Conv", Out: []*ir.Value{y}, Attrs: attrs,
		In: []*ir.Value{image, constant(n.Name+".scale", []int{c, 1, 1, 1}, a), constant(n.Name+".bias", []int{c}, b)}})
	l.reshapeTo(n.Name, y, n.Out[0])
	return nil
}

// fold multiplies each output of a convolution by a and adds b, of the channel that it
// becomes.
func fold(p *ir.Node, a, b []float32, channel func(int) int) {
	w, bias := p.In[1], p.In[2].Const.Real
	per := w.Const.Len() / len(bias)
	own := make([]float32, len(bias))
	for c := range bias {
		own[c] = a[channel(c)]
		for i := range w.Const.Real[c*per : (c+1)*per] {
			w.Const.Real[c*per+i] *= own[c]
		}
		bias[c] = float32(bias[c]*own[c]) + b[channel(c)]
	}
	if isGiven(w) {
		scaleGiven(w, own)
	}
}

// scaleGiven multiplies the channels of weights that came as integers by a: the
// integers stay, but for their sign. Where the negative of one is no int8, all are
// given up, and the reals are quantized anew.
func scaleGiven(w *ir.Value, a []float32) {
	per := w.Const.Len() / len(a)
	f := *w.Format
	f.Scales = make([]float64, len(a))
	whole := slices.Clone(w.Const.Int)
	for c, v := range a {
		old := w.Format.Scales[c%len(w.Format.Scales)]
		row := whole[c*per : (c+1)*per]
		f.Scales[c] = old * math.Abs(float64(v))
		if f.Scales[c] < minScale { // nothing but zeros, at any scale
			clear(row)
			f.Scales[c] = old
		}
		if v >= 0 {
			continue
		}
		for i, q := range row {
			if q == -128 {
				w.Const.Int, w.Format = nil, nil
				return
			}
			row[i] = -q
		}
	}
	w.Const.Int, w.Format = whole, &f
}

// sum adds the tensors two at a time, and all constants in one go.
func sum(l *legalizer, n *ir.Node) error {
	var vars []*ir.Value
	out := n.Out[0]
	offset := make([]float32, channelsOf(out.Shape))
	for _, v := range n.In {
		if v.Const == nil {
			vars = append(vars, v)
			continue
		}
		if !perChannel(v.Const.Shape, out.Shape) {
			return fmt.Errorf("constant of shape %v is neither a scalar nor one value for each of %d channels", v.Const.Shape, len(offset))
		}
		for i := range offset {
			offset[i] += v.Const.Real[i%v.Const.Len()]
		}
	}
	if len(vars) == len(n.In) {
		return addTensors(l, n)
	}
	x := vars[0]
	if len(vars) > 1 {
		x = l.value(out.Name, out.Shape...)
		l.uses[x] = 1
		if err := addTensors(l, &ir.Node{Name: n.Name + ".tensors", Op: "Add", In: vars, Out: []*ir.Value{x}}); err != nil {
			return err
		}
	}
	if !slices.Equal(x.Shape, out.Shape) {
		return fmt.Errorf("shape %v becomes %v", x.Shape, out.Shape)
	}
	return l.affine(n, x, slices.Repeat([]float32{1}, len(offset)), offset)
}

// addTensors is the sum of two or more tensors, two at a time.
func addTensors(l *legalizer, n *ir.Node) error {
	for _, v := range n.In {
		if !slices.Equal(v.Shape, n.Out[0].Shape) && !perChannelTensor(v.Shape, n.Out[0].Shape) {
			return fmt.Errorf("shapes %v and %v: an operand is the whole tensor or one value a channel", v.Shape, n.Out[0].Shape)
		}
	}
	if len(n.In) == 1 {
		return passThrough(l, n)
	}
	sum := n.In[0]
	for i, v := range n.In[1:] {
		out := n.Out[0]
		if i+2 < len(n.In) {
			out = l.value(n.Out[0].Name, out.Shape...)
			l.uses[out] = 1
		}
		name := n.Name
		if i > 0 {
			name = fmt.Sprintf("%s.%d", n.Name, i)
		}
		l.emit(&ir.Node{Name: name, Op: "Add", In: []*ir.Value{sum, v}, Out: []*ir.Value{out}})
		sum = out
	}
	return nil
}

// perChannelTensor reports whether a tensor of shape v is one value a channel
// of an image of shape out.
func perChannelTensor(v, out []int) bool {
	return len(v) == 4 && len(out) == 4 && v[1] == out[1] && v[2] == 1 && v[3] == 1
}
