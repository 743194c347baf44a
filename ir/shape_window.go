package ir

import (
	"errors"
	"fmt"
	"slices"
)

// maxWindow bounds sizes, strides, dilations and pads of a window, so that
// sums of their products cannot overflow.
const maxWindow = 1 << 20

// window fills the attributes that a file may leave out and resolves automatic
// padding, for spatial axes of size in.
func window(n *Node, in []int) error {
	a := &n.Attrs
	if err := fillSteps(a, len(in)); err != nil {
		return err
	}
	pads, err := windowPads(a, in)
	if err != nil {
		return err
	}
	return a.setPads(pads, len(in))
}

// fillSteps gives strides and dilations their defaults and checks them and the kernel.
func fillSteps(a *Attrs, rank int) error {
	if len(a.Strides) == 0 {
		a.Strides = slices.Repeat([]int{1}, rank)
	}
	if len(a.Dilations) == 0 {
		a.Dilations = slices.Repeat([]int{1}, rank)
	}
	for _, list := range [][]int{a.Kernel, a.Strides, a.Dilations} {
		if len(list) != rank || slices.Min(list) < 1 || slices.Max(list) > maxWindow {
			return fmt.Errorf("kernel %v, strides %v, dilations %v: want %d numbers of 1 to %d each",
				a.Kernel, a.Strides, a.Dilations, rank, maxWindow)
		}
	}
	return nil
}

// filtered returns the sizes of the spatial axes of a node with weights. It takes from
// these what the file left out, and checks the rest.
func filtered(n *Node) ([]int, error) {
	x, w, a := n.In[0].Shape, n.In[1].Shape, &n.Attrs
	if len(w) != len(x) {
		return nil, fmt.Errorf("weights of shape %v for an input of shape %v", w, x)
	}
	in, err := spatial(n)
	if err != nil {
		return nil, err
	}
	if len(a.Kernel) == 0 {
		a.Kernel = slices.Clone(w[2:])
	}
	if a.Group == 0 {
		a.Group = 1
	}
	if !slices.Equal(a.Kernel, w[2:]) {
		return nil, fmt.Errorf("kernel %v for weights of shape %v", a.Kernel, w)
	}
	return in, nil
}

// setPads keeps pads that are within bounds. Automatic padding can exceed them too,
// with a large dilation.
func (a *Attrs) setPads(pads []int, rank int) error {
	if len(pads) != 2*rank || slices.Min(pads) < 0 || slices.Max(pads) > maxWindow {
		return fmt.Errorf("pads %v: want %d numbers of 0 to %d", pads, 2*rank, maxWindow)
	}
	a.Pads, a.AutoPad = pads, ""
	return nil
}

// windowPads returns begins and ends of the padding, for a window whose kernel,
// strides and dilations have been checked. Automatic padding makes
// ceil(in/stride) windows; an odd rest goes to the end with SAME_UPPER.
func windowPads(a *Attrs, in []int) ([]int, error) {
	rank := len(in)
	pads := make([]int, 2*rank)
	switch a.AutoPad {
	case "", "NOTSET":
		if len(a.Pads) == 0 {
			return pads, nil
		}
		return slices.Clone(a.Pads), nil
	case "VALID":
		return pads, nil
	case "SAME_UPPER", "SAME_LOWER":
	default:
		return nil, fmt.Errorf("auto_pad %q", a.AutoPad)
	}
	for i, size := range in {
		out := (size + a.Strides[i] - 1) / a.Strides[i]
		total := max((out-1)*a.Strides[i]+a.reach(i)-size, 0)
		pads[i], pads[rank+i] = total/2, total-total/2
		if a.AutoPad == "SAME_LOWER" {
			pads[i], pads[rank+i] = pads[rank+i], pads[i]
		}
	}
	return pads, nil
}

// reach returns how many elements a window spans along spatial axis i.
func (a *Attrs) reach(i int) int { return (a.Kernel[i]-1)*a.Dilations[i] + 1 }

// spatial returns the sizes of the spatial axes; none may be empty, as a window
// would have nothing to look at.
func spatial(n *Node) ([]int, error) {
	s := n.In[0].Shape
	if len(s) < 3 {
		return nil, fmt.Errorf("input of shape %v has no spatial dimensions", s)
	}
	if slices.Contains(s[2:], 0) {
		return nil, fmt.Errorf("input of shape %v has an empty spatial dimension", s)
	}
	return s[2:], nil
}

// slide returns how many windows there are along axis i: the room that one
// window leaves, over the stride, plus one. Rounding up lets the last window
// reach past the padding, so that it may even be larger than all of the input;
// but one that starts behind the input is dropped, as ONNX does.
func slide(a *Attrs, in []int, i int, ceil bool) (int, error) {
	begin, stride := a.Pads[i], a.Strides[i]
	room := in[i] + begin + a.Pads[len(in)+i] - a.reach(i)
	if ceil {
		room += stride - 1
	}
	if room < 0 {
		return 0, fmt.Errorf("window of %d is larger than the input of %d with its padding", a.reach(i), in[i])
	}
	n := room/stride + 1
	if ceil && (n-1)*stride >= in[i]+begin {
		n--
	}
	return n, nil
}

func convShape(n *Node) ([][]int, error) {
	in, err := filtered(n)
	if err != nil {
		return nil, err
	}
	x, w, a := n.In[0].Shape, n.In[1].Shape, &n.Attrs
	// The quotient instead of w[1]*Group, which can overflow.
	if a.Group < 1 || w[0] == 0 || w[1] == 0 || w[0]%a.Group != 0 || x[1]%a.Group != 0 || x[1]/a.Group != w[1] {
		return nil, fmt.Errorf("weights of shape %v in %d groups for %d channels", w, a.Group, x[1])
	}
	if has(n, 2) && !slices.Equal(n.In[2].Shape, w[:1]) {
		return nil, fmt.Errorf("bias of shape %v for %d channels", n.In[2].Shape, w[0])
	}
	if err := window(n, in); err != nil {
		return nil, err
	}
	out := []int{x[0], w[0]}
	for i := range in {
		d, err := slide(a, in, i, false)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return one(out)
}

// convTransposeShape is that of the input whose convolution has the shape of n's, plus
// what OutPads add. OutShape, or automatic padding, decides the padding instead, or what is
// to add.
func convTransposeShape(n *Node) ([][]int, error) {
	in, err := filtered(n)
	if err != nil {
		return nil, err
	}
	x, w, a := n.In[0].Shape, n.In[1].Shape, &n.Attrs
	if a.Group < 1 || w[1] == 0 || w[0] != x[1] || x[1]%a.Group != 0 || w[1] > maxElements/a.Group {
		return nil, fmt.Errorf("weights of shape %v in %d groups for %d channels", w, a.Group, x[1])
	}
	if has(n, 2) && !slices.Equal(n.In[2].Shape, []int{w[1] * a.Group}) {
		return nil, fmt.Errorf("bias of shape %v for %d channels", n.In[2].Shape, w[1]*a.Group)
	}
	rank := len(in)
	if err := fillSteps(a, rank); err != nil {
		return nil, err
	}
	if len(a.OutPads) == 0 {
		a.OutPads = make([]int, rank)
	}
	if len(a.OutPads) != rank || slices.Min(a.OutPads) < 0 || slices.Max(a.OutPads) > maxWindow {
		return nil, fmt.Errorf("output padding %v: want %d numbers of 0 to %d", a.OutPads, rank, maxWindow)
	}
	out := make([]int, rank) // without padding
	for i, d := range in {
		out[i] = (d-1)*a.Strides[i] + a.OutPads[i] + a.reach(i)
	}
	pads, err := transposedPads(a, in, out)
	if err != nil {
		return nil, err
	}
	if err := a.setPads(pads, rank); err != nil {
		return nil, err
	}
	a.OutPads, a.OutShape = make([]int, rank), nil
	for i := range out {
		a.OutPads[i] = out[i] - (in[i]-1)*a.Strides[i] - a.reach(i)
		if a.OutPads[i] >= max(a.Strides[i], a.Dilations[i]) {
			return nil, fmt.Errorf("output padding of %d at axis %d, want less than its stride or dilation", a.OutPads[i], i)
		}
		if out[i] -= pads[i] + pads[rank+i]; out[i] < 1 {
			return nil, fmt.Errorf("pads %v leave nothing", pads)
		}
	}
	return one(slices.Concat([]int{x[0], w[1] * a.Group}, out))
}

// transposedPads returns what is cut off at the begins and ends of out: an odd rest at
// the begin, but with SAME_UPPER at the end.
func transposedPads(a *Attrs, in, out []int) ([]int, error) {
	rank, want := len(in), a.OutShape
	switch same := a.AutoPad == "SAME_UPPER" || a.AutoPad == "SAME_LOWER"; {
	case len(want) == rank+2: // some files count batch and channels
		want = want[2:]
	case len(want) == rank:
	case len(want) > 0:
		return nil, fmt.Errorf("output shape %v for %d axes", want, rank)
	case !same:
		return windowPads(a, in)
	default:
		want = make([]int, rank)
		for i, d := range in {
			want[i] = d * a.Strides[i]
		}
	}
	pads := make([]int, 2*rank)
	for i := range want {
		if want[i] < 1 || want[i] > maxElements {
			return nil, fmt.Errorf("output shape %v", want)
		}
		total := max(out[i]-want[i], 0)
		out[i] = max(out[i], want[i])
		pads[i], pads[rank+i] = total-total/2, total/2
		if a.AutoPad == "SAME_UPPER" {
			pads[i], pads[rank+i] = pads[rank+i], pads[i]
		}
	}
	return pads, nil
}

func poolShape(n *Node) ([][]int, error) {
	in, err := spatial(n)
	if err != nil {
		return nil, err
	}
	if err := window(n, in); err != nil {
		return nil, err
	}
	out := slices.Clone(n.In[0].Shape[:2])
	for i := range in {
		d, err := slide(&n.Attrs, in, i, n.Attrs.CeilMode)
		if err != nil {
			return nil, err
		}
		if !touches(&n.Attrs, in[i], i, d) {
			return nil, errors.New("a window lies in the padding alone")
		}
		out = append(out, d)
	}
	return one(out)
}

// touches reports whether each of count windows along axis i, of the given
// size, has an element of the input: a pool over none has no value.
func touches(a *Attrs, size, i, count int) bool {
	begin, stride, dilation := a.Pads[i], a.Strides[i], a.Dilations[i]
	// The first window ends first, the last one starts last.
	if begin >= a.reach(i) || (count-1)*stride-begin >= size {
		return false
	}
	// Steps longer than the input can miss it: a window that starts gap elements
	// before it has its first step inside at gap rounded up to whole steps.
	for gap := begin; dilation > size && gap > max(begin-count*stride, 0); gap -= stride {
		if (gap+dilation-1)/dilation*dilation-gap >= size {
			return false
		}
	}
	return true
}

func globalPoolShape(n *Node) ([][]int, error) {
	if _, err := spatial(n); err != nil {
		return nil, err
	}
	out := slices.Clone(n.In[0].Shape)
	for i := range out[2:] {
		out[2+i] = 1
	}
	return one(out)
}
