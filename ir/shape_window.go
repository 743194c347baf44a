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
	rank := len(in)
	if len(a.Kernel) != rank {
		return fmt.Errorf("kernel %v for %d spatial dimensions", a.Kernel, rank)
	}
	fill := func(v []int, size, value int) []int {
		if len(v) == 0 {
			return slices.Repeat([]int{value}, size)
		}
		return v
	}
	a.Strides = fill(a.Strides, rank, 1)
	a.Dilations = fill(a.Dilations, rank, 1)
	a.Pads = fill(a.Pads, 2*rank, 0)
	if len(a.Strides) != rank || len(a.Dilations) != rank || len(a.Pads) != 2*rank {
		return fmt.Errorf("strides %v, dilations %v, pads %v for %d spatial dimensions", a.Strides, a.Dilations, a.Pads, rank)
	}
	for _, list := range [][]int{a.Kernel, a.Strides, a.Dilations} {
		if slices.Min(list) < 1 || slices.Max(list) > maxWindow {
			return fmt.Errorf("kernel %v, strides %v, dilations %v: want 1 to %d", a.Kernel, a.Strides, a.Dilations, maxWindow)
		}
	}
	if slices.Min(a.Pads) < 0 || slices.Max(a.Pads) > maxWindow {
		return fmt.Errorf("pads %v: want 0 to %d", a.Pads, maxWindow)
	}
	pads, err := WindowPads(n, in)
	if err != nil {
		return err
	}
	a.Pads, a.AutoPad = pads, ""
	return nil
}

// WindowPads returns begins and ends of the padding of n, whose spatial axes
// have sizes in.
func WindowPads(n *Node, in []int) ([]int, error) {
	a := &n.Attrs
	rank := len(in)
	switch a.AutoPad {
	case "", "NOTSET":
		return slices.Clone(a.Pads), nil
	case "VALID":
		return make([]int, 2*rank), nil
	case "SAME_UPPER", "SAME_LOWER":
	default:
		return nil, fmt.Errorf("auto_pad %q", a.AutoPad)
	}
	pads := make([]int, 2*rank)
	for i, size := range in {
		out := (size + a.Strides[i] - 1) / a.Strides[i]
		total := max((out-1)*a.Strides[i]+(a.Kernel[i]-1)*a.Dilations[i]+1-size, 0)
		small := total / 2
		pads[i], pads[rank+i] = small, total-small
		if a.AutoPad == "SAME_LOWER" {
			pads[i], pads[rank+i] = total-small, small
		}
	}
	return pads, nil
}

func spatial(n *Node) ([]int, error) {
	s := n.In[0].Shape
	if len(s) < 3 {
		return nil, fmt.Errorf("input of shape %v has no spatial dimensions", s)
	}
	return s[2:], nil
}

// slide returns how many windows there are along axis i.
func slide(a *Attrs, in []int, i int, ceil bool) (int, error) {
	rank := len(in)
	reach := (a.Kernel[i]-1)*a.Dilations[i] + 1
	room := in[i] + a.Pads[i] + a.Pads[rank+i] - reach
	if room < 0 {
		return 0, fmt.Errorf("window of %d is larger than the input of %d with its padding", reach, in[i])
	}
	n := room/a.Strides[i] + 1
	if ceil && room%a.Strides[i] != 0 && n*a.Strides[i] < in[i]+a.Pads[i] { // the last starts inside
		n++
	}
	return n, nil
}

func convShape(n *Node) ([][]int, error) {
	in, err := spatial(n)
	if err != nil {
		return nil, err
	}
	x, w, a := n.In[0].Shape, n.In[1].Shape, &n.Attrs
	if len(w) != len(x) {
		return nil, fmt.Errorf("weights of shape %v for an input of shape %v", w, x)
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
	if a.Group < 1 || w[0]%a.Group != 0 || w[1] > maxElements/a.Group || w[1]*a.Group != x[1] || w[0] == 0 {
		return nil, fmt.Errorf("weights of shape %v in %d groups for %d channels", w, a.Group, x[1])
	}
	if has(n, 2) && !slices.Equal(n.In[2].Shape, []int{w[0]}) {
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
		if n.Attrs.Pads[i] >= (n.Attrs.Kernel[i]-1)*n.Attrs.Dilations[i]+1 && n.Attrs.Pads[i] > 0 {
			return nil, errors.New("a window lies in the padding alone")
		}
		d, err := slide(&n.Attrs, in, i, n.Attrs.CeilMode)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return one(out)
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
